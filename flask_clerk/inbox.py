"""Events that Clerk tells of, and who acts on them: everybody once, however often it tells."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from flask import current_app

from .core.message_log import MessageLog
from .signals import webhook_received

logger = logging.getLogger("flask_clerk")


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a webhook tells.

    :param id: Of the message, the same in every try to deliver it.
    :param type: Such as ``user.created``.
    :param data: What the event is about, as the Backend API has it.
    :param document: The whole body.
    """

    id: str
    type: str
    data: Mapping[str, Any] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)


Handler = Callable[[WebhookEvent], Any]
Handlers = Mapping[str, Sequence[Handler]]


class ReplayedError(Exception):
    """The very same delivery of a message has been dealt with before."""


class BusyError(Exception):
    """The message is being dealt with elsewhere."""


class Inbox:
    """One app's handlers, and the log of what they have done."""

    def __init__(self, handlers: Handlers, log: MessageLog) -> None:
        """Hold both.

        :param handlers: By event type; more may be added later.
        """
        self._handlers = handlers
        self._log = log

    def take(self, event: WebhookEvent, delivery: str, first: Handler) -> bool:
        """Let everybody act on an event who has not done so yet; whether all of them have now.

        :param delivery: What tells this delivery of the message from later ones of the same.
        :param first: Acts before the app's own handlers.
        :raises ReplayedError: If this delivery has been dealt with before.
        :raises BusyError: If the message is being dealt with elsewhere.
        :raises MessageLogError: If nobody can tell what has been done.
        """
        if self._log.is_done(delivery):
            raise ReplayedError
        if self._log.is_done(event.id):
            return True
        if not self._log.begin(event.id):
            raise BusyError
        try:
            acting = _named([(first, first), *self._acting_on(event)])
            outcomes = [self._has_acted(name, act, event) for name, act in acting]
            if all(outcomes):
                self._log.finish(event.id)
                self._log.finish(delivery)
            return all(outcomes)
        finally:
            self._log.give_up(event.id)

    def _acting_on(self, event: WebhookEvent) -> Iterator[tuple[Any, Handler]]:
        for handler in self._handlers.get(event.type, ()):
            yield handler, current_app.ensure_sync(handler)
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        for receiver in webhook_received.receivers_for(app):
            yield receiver, _receiving(current_app.ensure_sync(receiver), app)

    def _has_acted(self, name: str, act: Handler, event: WebhookEvent) -> bool:
        work = f"{event.id}:{name}"
        if self._log.is_done(work):
            return True
        try:
            act(event)
        except Exception:
            logger.exception("%s failed with the webhook %s (%s).", name, event.id, event.type)
            return False
        self._log.finish(work)
        return True


def _receiving(receiver: Callable[..., Any], app: Any) -> Handler:
    return lambda event: receiver(app, event=event)


def _named(acting: Iterable[tuple[Any, Handler]]) -> Iterator[tuple[str, Handler]]:
    """Name each by its function, which is the same in every worker; namesakes are counted."""
    seen: dict[str, int] = {}
    for function, act in acting:
        named = function if hasattr(function, "__qualname__") else type(function)
        name = f"{named.__module__}.{named.__qualname__}"
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}", act
