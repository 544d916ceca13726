"""Webhooks: what Clerk tells the app, verified, told on, and done once."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from flask import Blueprint
from flask import Response
from flask import request

from .core.config import ClerkConfig
from .core.errors import ClerkError
from .core.errors import ConfigurationError
from .core.message_log import MessageLogError
from .globals import EXTENSION
from .globals import current_clerk
from .guards import mark_apart
from .inbox import BusyError
from .inbox import ReplayedError
from .inbox import WebhookEvent

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState
    from standardwebhooks import Webhook

logger = logging.getLogger("flask_clerk")

#: Bytes. What Clerk sends is some kilobytes.
MAX_BODY_SIZE: Final = 1024 * 1024

_HEADERS: Final = ("id", "timestamp", "signature")
#: Standard Webhooks forbids dots in an id, since dots divide what is signed.
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_ENDED_SESSIONS: Final = ("session.revoked", "session.ended", "session.removed")


class RefusedError(ClerkError):
    """A message is not believed.

    :param status: The answer's.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def webhooks_blueprint(url: str) -> Blueprint:
    """Return a blueprint that receives webhooks at this URL.

    :raises ConfigurationError: If standardwebhooks is not installed; when the blueprint is
        registered, if there is no signing secret.
    """
    _load_library()
    blueprint = Blueprint("clerk_webhooks", __name__)
    blueprint.add_url_rule(url, "receive", receive, methods=["POST"])
    blueprint.record(_check_settings)
    return blueprint


def receive() -> Response:
    """Believe a message or refuse it, and let everybody act on it who has not done so yet.

    What fails is answered with 500, so that the sender tries again.
    """
    clerk = current_clerk()
    try:
        event, delivery = _verify(_read_body(), clerk.instance.config)
        has_all = clerk.inbox.take(event, delivery, end_access)
    except RefusedError as error:
        logger.warning("A webhook was refused: %s", error)
        return _answer(error.status, "Refused.")
    except ReplayedError:
        logger.warning("The webhook %s was refused: it is a replay.", event.id)
        return _answer(400, "Refused.")
    except BusyError:
        return _answer(503, "Another worker is at it.")
    except MessageLogError as error:
        # Access ends all the same, at least here; the rest waits for the sender's next try.
        end_access(event)
        logger.error("The webhook %s must be sent again: %s", event.id, error)
        return _answer(503, "Send it again.")
    return _answer(204) if has_all else _answer(500, "Send it again.")


mark_apart(receive)


def end_access(event: WebhookEvent) -> None:
    """Refuse the tokens of whoever Clerk has just ended."""
    revocations = current_clerk().instance.revocations
    key = event.data.get("id")
    if not isinstance(key, str) or not key:
        return
    if event.type in _ENDED_SESSIONS:
        revocations.revoke_session(key)
    is_banned = event.type == "user.updated" and event.data.get("banned") is True
    if event.type == "user.deleted" or is_banned:
        revocations.revoke_user(key)


def _read_body() -> bytes:
    """Return the raw body; a larger one than any that Clerk sends is not read to its end."""
    length = request.content_length
    if length is not None and length > MAX_BODY_SIZE:
        raise RefusedError("It is too large.", status=413)
    body = request.get_data() if length is not None else request.stream.read(MAX_BODY_SIZE + 1)
    if len(body) > MAX_BODY_SIZE:
        raise RefusedError("It is too large.", status=413)
    return body


def _verify(body: bytes, config: ClerkConfig) -> tuple[WebhookEvent, str]:
    """Return what a message tells, and the name of this delivery of it.

    :raises RefusedError: If it is not signed with one of the secrets, or not within five minutes.
    """
    headers = {f"webhook-{name}": _header(name) for name in _HEADERS}
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise RefusedError("It lacks a header, or one is malformed.")
    for webhook in _signers(config):
        try:
            document = webhook.verify(body, headers)
        except Exception as error:  # the library also fails where a signature is no base64
            failure = error
            continue
        return _event(message_id, document), f"{message_id}@{int(timestamp)}"
    raise RefusedError(str(failure)) from failure


def _event(message_id: str, document: Any) -> WebhookEvent:
    kind = document.get("type") if isinstance(document, dict) else None
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise RefusedError("Its body is no event.")
    return WebhookEvent(message_id, kind, data, document)


def _header(name: str) -> str:
    """Return a header under the name that Svix gives it, Clerk's sender, or the standard's."""
    return request.headers.get(f"svix-{name}") or request.headers.get(f"webhook-{name}") or ""


def _signers(config: ClerkConfig) -> list[Webhook]:
    if not config.webhook_signing_secret:
        raise ConfigurationError(
            "Set CLERK_WEBHOOK_SIGNING_SECRET, the signing secret of the endpoint in Clerk's "
            "dashboard."
        )
    return [_load_library()(secret) for secret in config.webhook_signing_secret]


def _load_library() -> type[Webhook]:
    try:
        from standardwebhooks import Webhook
    except ImportError as error:
        raise ConfigurationError(
            "Webhooks need standardwebhooks: pip install 'flask-clerk[webhooks]'."
        ) from error
    return Webhook


def _check_settings(state: BlueprintSetupState) -> None:
    """Find out when the app is put together, not with the first webhook."""
    clerk = state.app.extensions.get(EXTENSION)
    if clerk is not None:
        _signers(clerk.instance.config)


def _answer(status: int, text: str = "") -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")
