"""What the app would answer to a request: by its own hook's parts, with nothing done for real."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import NoReturn
from typing import cast

from flask import request
from werkzeug.exceptions import HTTPException

from ..bound import AppClerk
from ..bound import Visit
from ..core.auth import Auth
from ..core.constants import RefreshReason
from ..core.context import AuthenticateContext
from ..core.errors import BackendAPIError
from ..core.errors import HandshakeError
from ..core.instance import Backend
from ..core.instance import Instance
from ..exceptions import Forbidden
from ..guards import Guard
from ..signals import authorization_denied
from .asked import Asked
from .wording import conditions_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

#: Calls that look without changing anything at Clerk.
_LOOKS: Final = ("fetch_jwks", "verify_machine_token")
#: The status of a request that reaches its view.
PASSES: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is told before its view is called.

    :param status: The HTTP status; 200 says that the view is called.
    :param why: Clerk's reason code, or what is lacking; empty where the view is called.
    :param note: What the app would have tried before, which was left undone here.
    """

    status: int
    why: str = ""
    note: str = ""


def bystander(clerk: AppClerk, *, is_offline: bool) -> AppClerk:
    """Return a double of the app's Clerk that judges alike, and redeems and renews nothing.

    :param is_offline: Whether signing keys are not fetched either.
    """
    instance = clerk.instance
    double = Instance(
        instance.config,
        lambda config: cast(Backend, _Bystander(lambda: instance.backend, is_offline)),
        clock=instance.clock,
        organization_of=instance.organization_of,
        open_revocations=lambda config, clock: instance.revocations,
    )
    return AppClerk(clerk.app, double, lambda: None, clerk.inbox)


def judged(app: Flask, clerk: AppClerk, asked: Asked) -> tuple[AuthenticateContext, Auth, Answer]:
    """Return what a request says, who it is found to be, and what it is told at its URL."""
    with app.test_request_context(asked.url, method=asked.method, headers=asked.headers):
        visit = clerk.visit_of(request)
        answer = _answer(visit)
        return visit.context, visit.auth, answer


def answers_of(app: Flask, clerk: AppClerk, asked: Asked) -> Iterator[tuple[Rule, str, Answer]]:
    """Yield each URL rule and method with what a request like this is told there.

    The variables of a rule stay open: the guard is the endpoint's, never the path's.
    """
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in methods_of(rule):
            here = replace(asked, method=method)
            with app.test_request_context(here.url, method=method, headers=here.headers):
                request.url_rule, request.routing_exception = rule, None
                answer = _answer(clerk.visit_of(request))
            yield rule, method, answer


def methods_of(rule: Rule) -> list[str]:
    """Return the methods that a view of the app's serves, ``HEAD`` only where ``GET`` is not."""
    methods = set(rule.methods or ())
    if getattr(rule, "provide_automatic_options", False):  # Flask's addition to the rule
        methods.discard("OPTIONS")
    if "GET" in methods:
        methods.discard("HEAD")
    return sorted(methods)


def _answer(visit: Visit) -> Answer:
    """Return what the current request is told, as the hook would tell it."""
    door = visit.door
    if door.is_apart:
        return Answer(PASSES)
    try:
        if visit.state.location is not None:
            return Answer(307, visit.state.reason or "handshake", _undone(visit))
        with authorization_denied.muted():
            visit.enforce(door.guards, door.view)
    except HandshakeError as error:
        return Answer(500, error.reason)
    except Forbidden:
        return Answer(403, f"needs {', '.join(_lacking(door.guards, visit))}")
    except HTTPException as error:
        status = error.code if error.response is None else error.response.status_code
        return Answer(status or 500, visit.auth.reason or "", _undone(visit))
    missing = request.routing_exception
    return Answer(PASSES) if missing is None else Answer(missing.code or 404, "no such endpoint")


def _undone(visit: Visit) -> str:
    if visit.context.handshake_nonce:
        return "The nonce of a handshake is good once, so it was not redeemed here."
    if RefreshReason.FETCH_ERROR in (visit.state.reason or ""):
        return "The app would first have the token renewed by the Backend API, with __refresh."
    return ""


def _lacking(guards: Iterable[Guard], visit: Visit) -> Iterator[str]:
    """Yield what the guard asks for that lets nobody like this in."""
    for guard in guards:
        try:
            guard.check(visit.auth)
        except Forbidden:
            yield from conditions_of(guard)
            return


class _Bystander:
    """The Backend API of an app, for those who only look."""

    def __init__(self, open_backend: Callable[[], Backend], is_offline: bool) -> None:
        self._open_backend = open_backend
        self._is_offline = is_offline

    def __getattr__(self, name: str) -> Any:
        if name in _LOOKS and not self._is_offline:
            return getattr(self._open_backend(), name)
        return self._refuse

    def _refuse(self, *arguments: Any, **named: Any) -> NoReturn:
        raise BackendAPIError("This was only looked at: nothing was asked of Clerk.")
