"""Sessions: found, created, revoked, refreshed; and the tokens minted from them."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ... import errors
from ...model import Session
from ..current import current_local
from . import query
from .body import Body
from .query import Json

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")

#: Seconds (``CreateSessionToken``).
_MIN_LIFETIME: Final = 30
_MAX_LIFETIME: Final = 315_360_000
_STATUSES: Final = (
    "abandoned", "active", "ended", "expired", "pending", "removed", "replaced", "revoked",
)  # fmt: skip
_FORMATS: Final = ("token", "cookie")


@blueprint.get("")
def list_sessions() -> ResponseReturnValue:
    """Answer a page of the sessions that fit, newest first."""
    status = query.text("status")
    if status not in (None, *_STATUSES):
        raise errors.param_invalid("status", f"status must be one of {', '.join(_STATUSES)}.")
    found = current_local().sessions.search(
        client_id=query.text("client_id"), user_id=query.text("user_id"), status=status
    )
    return query.listed(found, _shown)


@blueprint.post("")
def create_session() -> ResponseReturnValue:
    """Sign a user in on a client of its own."""
    body = Body("user_id", "active_organization_id")
    session = current_local().sessions.create(
        body.required("user_id"), organization_id=body.text("active_organization_id")
    )
    return _shown(session)


@blueprint.get("/<session_id>")
def get_session(session_id: str) -> ResponseReturnValue:
    """Answer a session as it stands now."""
    return _shown(current_local().sessions.get(session_id))


@blueprint.post("/<session_id>/revoke")
def revoke_session(session_id: str) -> ResponseReturnValue:
    """End a session from outside."""
    return _shown(current_local().sessions.revoke(session_id))


@blueprint.post("/<session_id>/refresh")
def refresh_session(session_id: str) -> ResponseReturnValue:
    """Answer a new session token for an expired one: bare, or as ``Set-Cookie`` lines."""
    body = Body(
        "expired_token", "refresh_token", "request_origin", "request_headers",
        "request_originating_ip", "format",
    )  # fmt: skip
    asked = body.text("format") or _FORMATS[0]
    if asked not in _FORMATS:
        raise errors.param_invalid("format", f"format must be one of {', '.join(_FORMATS)}.")
    clerk = current_local()
    origin = body.required("request_origin")
    jwt = clerk.handshakes.refresh(
        session_id,
        expired_token=body.required("expired_token"),
        refresh_token=body.required("refresh_token"),
        request_origin=origin,
    )
    if asked == "token":
        return clerk.resources.token(jwt)
    policy = clerk.handshakes.policy(is_secure=origin.lower().startswith("https:"))
    lines = policy.renewed(jwt, is_suffixed=bool(query.flag("suffixed_cookies")))
    return {"object": "cookies", "cookies": lines}


@blueprint.post("/<session_id>/tokens")
def create_session_token(session_id: str) -> ResponseReturnValue:
    """Mint a session token."""
    lifetime = _lifetime()
    clerk = current_local()
    session = clerk.sessions.get_live(session_id)
    return clerk.resources.token(clerk.minting.session_token(session, lifetime=lifetime))


@blueprint.post("/<session_id>/tokens/<template_name>")
def create_template_token(session_id: str, template_name: str) -> ResponseReturnValue:
    """Mint a token from a JWT template."""
    lifetime = _lifetime()
    clerk = current_local()
    session = clerk.sessions.get_live(session_id)
    jwt = clerk.minting.template_token(session, template_name, lifetime=lifetime)
    return clerk.resources.token(jwt)


def _lifetime() -> int | None:
    return Body("expires_in_seconds").integer("expires_in_seconds", _MIN_LIFETIME, _MAX_LIFETIME)


def _shown(session: Session) -> Json:
    return current_local().resources.backend_session(session)
