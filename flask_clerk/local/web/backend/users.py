"""Users: found, created, changed, deleted."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...model import User
from ..current import current_local
from .body import Body
from .query import Json
from .query import page
from .requests import takes_metadata_apart
from .user_search import after_cursor
from .user_search import matching_users

blueprint = Blueprint("users", __name__, url_prefix="/users")

METADATA: Final = ("public_metadata", "private_metadata", "unsafe_metadata")
_NAMES: Final = ("first_name", "last_name", "username", "external_id")
#: Taken without effect: there is no such policy, limit or screen here.
_WITHOUT_EFFECT: Final = (
    "locale", "skip_password_checks", "skip_legal_checks", "legal_accepted_at", "created_at",
    "delete_self_enabled", "create_organization_enabled", "create_organizations_limit",
    "bypass_client_trust",
)  # fmt: skip


def shown(user: User) -> Json:
    """Return a user as the Backend API shows it."""
    return current_local().resources.user(user, is_private=True)


@blueprint.get("")
def list_users() -> ResponseReturnValue:
    """Answer a page of the users that fit."""
    return [shown(user) for user in page(after_cursor(matching_users()))]


@blueprint.get("/count")
def count_users() -> ResponseReturnValue:
    """Answer how many users fit."""
    return {"object": "total_count", "total_count": len(matching_users())}


@blueprint.post("")
def create_user() -> ResponseReturnValue:
    """Create a user, with verified addresses."""
    body = Body(
        "email_address", "password", "banned", "skip_password_requirement",
        "skip_user_requirement", *_NAMES, *METADATA, *_WITHOUT_EFFECT,
    )  # fmt: skip
    is_banned = body.flag("banned")
    clerk = current_local()
    fields: dict[str, Any] = {name: body.text(name) or None for name in _NAMES}
    fields.update(body.mappings(*METADATA))
    user = clerk.users.create(
        email_addresses=body.texts("email_address"), password=body.text("password"), **fields
    )
    if is_banned:
        user = clerk.users.set_banned(user.id, True)
    return shown(user)


@blueprint.get("/<user_id>")
def get_user(user_id: str) -> ResponseReturnValue:
    """Answer a user."""
    return shown(current_local().users.get(user_id))


@blueprint.patch("/<user_id>")
def update_user(user_id: str) -> ResponseReturnValue:
    """Change a user; metadata only for callers from before it had endpoints of its own."""
    metadata = () if takes_metadata_apart() else METADATA
    body = Body(
        "password", "sign_out_of_other_sessions", "primary_email_address_id",
        "notify_primary_email_address_changed", *_NAMES, *metadata, *_WITHOUT_EFFECT,
    )  # fmt: skip
    changes: dict[str, Any] = {name: body.text(name) or None for name in _NAMES if name in body}
    signs_out = body.flag("sign_out_of_other_sessions")
    for name in ("password", "primary_email_address_id"):
        if body.text(name):
            changes[name] = body.text(name)
    clerk = current_local()
    user = clerk.users.update(user_id, **changes, **body.mappings(*metadata))
    if "password" in changes and signs_out:
        clerk.sessions.revoke_all(user_id)
    return shown(user)


@blueprint.delete("/<user_id>")
def delete_user(user_id: str) -> ResponseReturnValue:
    """Delete a user with all sessions and memberships."""
    clerk = current_local()
    user = clerk.users.delete(user_id)
    external = {"external_id": user.external_id} if user.external_id else {}
    return {**clerk.resources.deleted("user", user.id), **external}


@blueprint.patch("/<user_id>/metadata")
def merge_user_metadata(user_id: str) -> ResponseReturnValue:
    """Merge into a user's metadata, deeply."""
    metadata = Body(*METADATA).mappings(*METADATA)
    return shown(current_local().users.merge_metadata(user_id, **metadata))


@blueprint.put("/<user_id>/metadata")
def replace_user_metadata(user_id: str) -> ResponseReturnValue:
    """Replace the kinds of metadata that are given, and leave the others."""
    metadata = Body(*METADATA).mappings(*METADATA)
    return shown(current_local().users.update(user_id, **metadata))
