"""What can be done to a user: password, ban, sessions, impersonation, deletion."""

from __future__ import annotations

from flask import Response
from flask import request
from flask import url_for

from ...errors import LocalClerkError
from ..current import current_local
from ..form import Form
from .blueprint import blueprint
from .blueprint import see
from .user import user_page


@blueprint.post("/users/<user_id>/password")
def set_password(user_id: str) -> Response | tuple[str, int]:
    """Set another password."""
    local, form = current_local(), Form.sent("password", ("password",))
    form.require(password="Enter the new password.")
    if form.is_valid:
        try:
            local.users.update(user_id, password=form["password"])
            return see("user", "password", user_id=user_id)
        except LocalClerkError as error:
            form.refuse(error)
    return user_page(local.users.get(user_id), form), form.status


@blueprint.post("/users/<user_id>/ban")
def ban_user(user_id: str) -> Response:
    """Ban a user, which ends every session."""
    current_local().users.set_banned(user_id, True)
    return see("user", "banned", user_id=user_id)


@blueprint.post("/users/<user_id>/unban")
def unban_user(user_id: str) -> Response:
    """Lift a ban."""
    current_local().users.set_banned(user_id, False)
    return see("user", "unbanned", user_id=user_id)


@blueprint.post("/users/<user_id>/sign-out")
def sign_out_user(user_id: str) -> Response:
    """Revoke every session of a user."""
    current_local().sessions.revoke_all(user_id)
    return see("user", "revoked", user_id=user_id)


@blueprint.post("/users/<user_id>/impersonate")
def impersonate(user_id: str) -> str:
    """Show, once, the link that signs somebody in as this user."""
    local = current_local()
    actor = local.users.get(request.form.get("actor", ""))
    issued = local.tickets.create_actor_token(user_id, {"sub": actor.id})
    link = url_for("clerk_local.pages.sign_in", __clerk_ticket=issued.token, _external=True)
    return user_page(local.users.get(user_id), impersonation=link)


@blueprint.post("/users/<user_id>/delete")
def delete_user(user_id: str) -> Response:
    """Delete a user with all sessions and memberships."""
    current_local().users.delete(user_id)
    return see("users", "deleted")
