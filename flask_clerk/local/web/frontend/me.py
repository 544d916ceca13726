"""``/v1/me``: the signed-in user's own account."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Response
from flask import jsonify
from flask import request

from ... import errors
from ...model import Client
from ...model import Session
from ...model import User
from ..current import current_local
from . import form
from .answers import alone
from .answers import with_client
from .browser import current_session
from .browser import require_client
from .routing import route

_FIELDS: Final = ("first_name", "last_name", "username", "primary_email_address_id")


def signed_in() -> tuple[Client, Session, User]:
    """Return who asks.

    :raises LocalClerkError: ``signed_out``, ``authentication_invalid``.
    """
    client = require_client()
    session = current_session(client)
    return client, session, current_local().users.get(session.user_id)


@route("GET", "/v1/me")
def get_me() -> Response:
    """Return the user."""
    _, _, user = signed_in()
    return alone(current_local().resources.user(user))


@route("PATCH", "/v1/me")
def update_me() -> Response:
    """Change name, username, primary address or unsafe metadata, which is replaced whole."""
    client, _, user = signed_in()
    changes: dict[str, Any] = {name: form.text(name) for name in _FIELDS if name in request.form}
    metadata = form.json_object("unsafe_metadata")
    if metadata is not None:
        changes["unsafe_metadata"] = metadata
    return _answer(current_local().users.update(user.id, **changes), client)


@route("DELETE", "/v1/me")
def delete_me() -> Response:
    """Delete the user."""
    client, _, user = signed_in()
    current_local().users.delete(user.id)
    return with_client(current_local().resources.deleted("user", user.id), client)


@route("PATCH", "/v1/me/metadata")
def update_my_metadata() -> Response:
    """Merge into unsafe metadata, the one kind that users may write."""
    client, _, user = signed_in()
    change = form.json_object("unsafe_metadata")
    return _answer(current_local().users.merge_metadata(user.id, unsafe_metadata=change), client)


@route("POST", "/v1/me/change_password")
def change_password() -> Response:
    """Set another password; whoever has one must show it."""
    local = current_local()
    client, session, user = signed_in()
    _check_current_password(user)
    user = local.users.update(user.id, password=form.required("new_password"))
    if form.flag("sign_out_of_other_sessions"):
        local.sessions.revoke_all(user.id, but=session.id)
    return _answer(user, client)


@route("POST", "/v1/me/remove_password")
def remove_password() -> Response:
    """Go without a password."""
    client, _, user = signed_in()
    _check_current_password(user)
    return _answer(current_local().users.update(user.id, password_hash=None), client)


@route("GET", "/v1/me/sessions")
def list_sessions() -> Response:
    """Return the user's sessions, in a bare list."""
    _, _, user = signed_in()
    local = current_local()
    found = local.sessions.search(user_id=user.id)
    return jsonify([local.resources.session_with_activity(each) for each in found])


@route("GET", "/v1/me/sessions/active")
def list_active_sessions() -> Response:
    """Return the user's live sessions, in a bare list."""
    _, _, user = signed_in()
    local = current_local()
    found = [each for each in local.sessions.search(user_id=user.id) if each.is_live]
    return jsonify([local.resources.session_with_activity(each) for each in found])


@route("POST", "/v1/me/sessions/<session_id>/revoke")
def revoke_session(session_id: str) -> Response:
    """End one of the user's sessions, in whichever browser it is."""
    local = current_local()
    client, _, user = signed_in()
    if local.sessions.get(session_id).user_id != user.id:
        raise errors.session_not_found(session_id)
    revoked = local.sessions.revoke(session_id)
    return with_client(local.resources.session_with_activity(revoked), client)


def _check_current_password(user: User) -> None:
    if user.password_hash is None:
        return
    if not current_local().users.has_password(user, form.required("current_password")):
        raise errors.password_incorrect("current_password")


def _answer(user: User, client: Client) -> Response:
    return with_client(current_local().resources.user(user), client)
