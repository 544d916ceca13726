"""``/v1/client/sessions/{id}/verify``: showing a first factor again, where an app asks for it."""

from __future__ import annotations

from flask import Response

from ... import errors
from ...model import Client
from ...model import Session
from ...verifications import LEVELS
from ..current import current_local
from . import form
from .answers import with_client
from .browser import require_client
from .origins import page_origin
from .routing import route

_VERIFY = "/v1/client/sessions/<session_id>/verify"


@route("POST", _VERIFY)
def start_reverification(session_id: str) -> Response:
    """Begin; nobody has a second factor here, so every level comes down to the first."""
    client, session = _live(session_id)
    if form.required("level") not in LEVELS:
        raise errors.param_invalid("level", f"level must be one of {', '.join(LEVELS)}.")
    return _answer(current_local().verifications.begin(session), client)


@route("POST", f"{_VERIFY}/prepare_first_factor")
def prepare_reverification(session_id: str) -> Response:
    """Send a code."""
    client, session = _live(session_id)
    prepared = current_local().verifications.prepare(
        session, form.required("strategy"), form.text("email_address_id")
    )
    return _answer(prepared, client)


@route("POST", f"{_VERIFY}/attempt_first_factor")
def attempt_reverification(session_id: str) -> Response:
    """Prove to be the user."""
    client, session = _live(session_id)
    verified = current_local().verifications.attempt(
        session,
        form.required("strategy"),
        password=form.text("password"),
        code=form.text("code"),
    )
    return _answer(verified, client)


def _live(session_id: str) -> tuple[Client, Session]:
    client = require_client()
    return client, current_local().sessions.get_live(session_id, client.id)


def _answer(session: Session, client: Client) -> Response:
    local = current_local()
    verification = session.reverification
    is_done = verification is not None and verification.is_verified
    shown = {
        "object": "session_verification",
        "id": session.id,
        "status": "complete" if is_done else "needs_first_factor",
        "level": "first_factor",
        "session": local.resources.session(session, origin=page_origin()),
        "first_factor_verification": local.resources.verification(verification),
        "second_factor_verification": None,
        "supported_first_factors": local.sign_ins.first_factors(local.users.get(session.user_id)),
        "supported_second_factors": None,
    }
    return with_client(shown, client)
