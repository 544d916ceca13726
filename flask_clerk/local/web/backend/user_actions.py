"""What is done to a user, or asked of one: bans, passwords, memberships."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ... import errors
from ...errors import LocalClerkError
from ..current import current_local
from .body import Body
from .memberships import shown as membership_shown
from .query import paginated
from .users import shown

blueprint = Blueprint("user_actions", __name__, url_prefix="/users")

_MAX_BULK: Final = 50


@blueprint.post("/<user_id>/ban")
def ban_user(user_id: str) -> ResponseReturnValue:
    """Ban a user, which revokes every session."""
    return shown(current_local().users.set_banned(user_id, True))


@blueprint.post("/<user_id>/unban")
def unban_user(user_id: str) -> ResponseReturnValue:
    """Lift a ban."""
    return shown(current_local().users.set_banned(user_id, False))


@blueprint.post("/ban")
def ban_users() -> ResponseReturnValue:
    """Ban several users, or none if one is unknown."""
    return _set_banned(True)


@blueprint.post("/unban")
def unban_users() -> ResponseReturnValue:
    """Lift several bans, or none if one user is unknown."""
    return _set_banned(False)


@blueprint.post("/<user_id>/verify_password")
def verify_password(user_id: str) -> ResponseReturnValue:
    """Tell whether a password is the user's."""
    password = Body("password").required("password")
    users = current_local().users
    user = users.get(user_id)
    if user.password_hash is None:
        raise LocalClerkError(
            "no_password_set",
            400,
            "no password set",
            "This user does not have a password set for their account",
        )
    if not users.has_password(user, password):
        raise LocalClerkError(
            "incorrect_password",
            422,
            "incorrect password",
            "The provided password is not the one the user has set",
        )
    return {"verified": True}


@blueprint.post("/<user_id>/remove_password")
def remove_password(user_id: str) -> ResponseReturnValue:
    """Take a user's password away, and sign them out if asked to."""
    signs_out = Body("sign_out_of_other_sessions").flag("sign_out_of_other_sessions")
    clerk = current_local()
    user = clerk.users.get(user_id)
    if user.password_hash is not None:
        user = clerk.users.update(user_id, password_hash=None, password_last_updated_at=None)
    if signs_out:
        clerk.sessions.revoke_all(user_id)
    return shown(user)


@blueprint.get("/<user_id>/organization_memberships")
def list_memberships_of_user(user_id: str) -> ResponseReturnValue:
    """Answer a page of a user's memberships."""
    clerk = current_local()
    user = clerk.users.get(user_id)
    return paginated(clerk.organizations.of_user(user.id), membership_shown)


def _set_banned(is_banned: bool) -> ResponseReturnValue:
    user_ids = Body("user_ids").texts("user_ids")
    if not 1 <= len(user_ids) <= _MAX_BULK:
        raise errors.param_invalid("user_ids", f"user_ids must have 1 to {_MAX_BULK} ids.")
    clerk = current_local()
    with clerk.store.transaction():
        return [shown(clerk.users.set_banned(user_id, is_banned)) for user_id in user_ids]
