"""``/v1/organizations/{id}/memberships``: the members of an organization, for each other."""

from __future__ import annotations

from flask import Response
from flask import request

from ...model import Client
from ...model import Membership
from ..current import current_local
from . import form
from .answers import alone
from .answers import with_client
from .organizations import member_of
from .routing import route

_READ = "org:sys_memberships:read"
_MANAGE = "org:sys_memberships:manage"
_MEMBERS = "/v1/organizations/<organization_id>/memberships"


@route("GET", _MEMBERS)
def list_members(organization_id: str) -> Response:
    """Return members: those with one of the ``role[]`` asked for, and ``query`` in their name."""
    _, organization, _ = member_of(organization_id, _READ)
    local = current_local()
    roles = request.args.getlist("role[]") or request.args.getlist("role")
    query = request.args.get("query", "").lower()
    shown = [
        local.resources.membership(each) for each in local.organizations.members(organization.id)
    ]
    rows = [
        row
        for row in shown
        if (not roles or row["role"] in roles) and query in str(row["public_user_data"]).lower()
    ]
    return alone(form.page_of(rows))


@route("POST", _MEMBERS)
def add_member(organization_id: str) -> Response:
    """Make a user a member."""
    client, organization, _ = member_of(organization_id, _MANAGE)
    membership = current_local().organizations.add_member(
        organization.id, form.required("user_id"), form.required("role")
    )
    return _answer(membership, client)


@route("PATCH", f"{_MEMBERS}/<user_id>")
def update_member(organization_id: str, user_id: str) -> Response:
    """Give a member another role."""
    client, organization, _ = member_of(organization_id, _MANAGE)
    changed = current_local().organizations.update_member(
        organization.id, user_id, form.required("role")
    )
    return _answer(changed, client)


@route("DELETE", f"{_MEMBERS}/<user_id>")
def remove_member(organization_id: str, user_id: str) -> Response:
    """End a membership."""
    client, organization, _ = member_of(organization_id, _MANAGE)
    local = current_local()
    shown = local.resources.membership(local.organizations.remove_member(organization.id, user_id))
    return with_client(shown, client)


def _answer(membership: Membership, client: Client) -> Response:
    return with_client(current_local().resources.membership(membership), client)
