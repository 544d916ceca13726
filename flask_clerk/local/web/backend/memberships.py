"""Who belongs to an organization, and in which role."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask import request
from flask.typing import ResponseReturnValue

from ...model import Membership
from ..current import current_local
from . import query
from .body import Body
from .query import Json

blueprint = Blueprint("memberships", __name__)

_METADATA: Final = ("public_metadata", "private_metadata")
_OF: Final = "/organizations/<organization_id>/memberships"


def shown(membership: Membership) -> Json:
    """Return a membership as the Backend API shows it."""
    return current_local().resources.membership(membership, is_private=True)


@blueprint.get("/organization_memberships")
def list_all_memberships() -> ResponseReturnValue:
    """Answer a page of all memberships, newest first."""
    organizations = current_local().organizations
    found = [each for one in organizations.search() for each in organizations.members(one.id)]
    _, is_descending = query.order(("created_at",))
    found.sort(key=lambda each: each.created_at, reverse=is_descending)
    return query.paginated(found, shown)


@blueprint.get(_OF)
def list_memberships(organization_id: str) -> ResponseReturnValue:
    """Answer a page of an organization's memberships, newest first."""
    organizations = current_local().organizations
    found = _matching(organizations.members(organizations.get(organization_id).id))
    name, is_descending = query.order(
        ("created_at", "first_name", "last_name", "username", "email_address")
    )
    found.sort(key=lambda each: _sort_key(each, name), reverse=is_descending)
    return query.paginated(found, shown)


@blueprint.post(_OF)
def create_membership(organization_id: str) -> ResponseReturnValue:
    """Make a user a member."""
    body = Body("user_id", "role", *_METADATA)
    membership = current_local().organizations.add_member(
        organization_id,
        body.required("user_id"),
        body.required("role"),
        **body.mappings(*_METADATA),
    )
    return shown(membership)


@blueprint.patch(f"{_OF}/<user_id>")
def update_membership(organization_id: str, user_id: str) -> ResponseReturnValue:
    """Give a member another role."""
    role = Body("role").required("role")
    return shown(current_local().organizations.update_member(organization_id, user_id, role))


@blueprint.delete(f"{_OF}/<user_id>")
def delete_membership(organization_id: str, user_id: str) -> ResponseReturnValue:
    """End a membership, and answer what it was."""
    return shown(current_local().organizations.remove_member(organization_id, user_id))


@blueprint.patch(f"{_OF}/<user_id>/metadata")
def merge_membership_metadata(organization_id: str, user_id: str) -> ResponseReturnValue:
    """Merge into a membership's metadata, deeply."""
    metadata = Body(*_METADATA).mappings(*_METADATA)
    organizations = current_local().organizations
    return shown(organizations.merge_member_metadata(organization_id, user_id, **metadata))


def _matching(memberships: list[Membership]) -> list[Membership]:
    included, excluded = query.signed("user_id")
    roles = request.args.getlist("role")
    found = {
        user.id
        for user in current_local().users.search(
            query=query.text("query"),
            email_addresses=request.args.getlist("email_address"),
            usernames=request.args.getlist("username"),
        )
    }
    return [
        each
        for each in memberships
        if (not included or each.user_id in included)
        and each.user_id not in excluded
        and (not roles or each.role in roles)
        and each.user_id in found
    ]


def _sort_key(membership: Membership, name: str) -> tuple[bool, int | str]:
    if name == "created_at":
        return True, membership.created_at
    user = current_local().users.get(membership.user_id)
    value = user.identifier if name == "email_address" else getattr(user, name)
    return value is not None, value or ""
