"""The email addresses of users."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ..current import current_local
from .body import Body

blueprint = Blueprint("email_addresses", __name__, url_prefix="/email_addresses")


@blueprint.post("")
def create_email_address() -> ResponseReturnValue:
    """Give a user another address."""
    body = Body(
        "user_id", "email_address", "verified", "primary", "notify_primary_email_address_changed"
    )
    clerk = current_local()
    email = clerk.users.add_email(
        body.required("user_id"),
        body.required("email_address"),
        is_verified=body.flag("verified"),
        is_primary=body.flag("primary"),
    )
    return clerk.resources.email_address(email)


@blueprint.get("/<email_address_id>")
def get_email_address(email_address_id: str) -> ResponseReturnValue:
    """Answer an address."""
    return _answer(email_address_id)


@blueprint.patch("/<email_address_id>")
def update_email_address(email_address_id: str) -> ResponseReturnValue:
    """Mark an address as verified, or make it the primary one."""
    body = Body("verified", "primary", "notify_primary_email_address_changed")
    is_verified, is_primary = body.flag("verified"), body.flag("primary")
    users = current_local().users
    user = users.owner_of(email_address_id)
    if is_verified:
        users.mark_verified(user.id, email_address_id, "admin")
    if is_primary:
        users.update(user.id, primary_email_address_id=email_address_id)
    return _answer(email_address_id)


@blueprint.delete("/<email_address_id>")
def delete_email_address(email_address_id: str) -> ResponseReturnValue:
    """Take an address from its user."""
    clerk = current_local()
    clerk.users.remove_email(clerk.users.owner_of(email_address_id).id, email_address_id)
    return clerk.resources.deleted("email_address", email_address_id)


def _answer(email_address_id: str) -> ResponseReturnValue:
    clerk = current_local()
    user = clerk.users.owner_of(email_address_id)
    (email,) = (each for each in user.email_addresses if each.id == email_address_id)
    return clerk.resources.email_address(email)
