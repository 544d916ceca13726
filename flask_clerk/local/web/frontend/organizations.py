"""``/v1/organizations``: organizations, for their members."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Response

from ... import errors
from ...model import Client
from ...model import Membership
from ...model import Organization
from ..current import current_local
from . import form
from .answers import alone
from .answers import with_client
from .me import signed_in
from .routing import route

_ONE: Final = "/v1/organizations/<organization_id>"


def member_of(
    organization_id: str, permission: str | None = None
) -> tuple[Client, Organization, Membership]:
    """Return an organization that the caller belongs to.

    :param permission: What the caller must be allowed to do there.
    :raises LocalClerkError: ``organization_not_found_or_unauthorized``, ``resource_forbidden``.
    """
    client, _, user = signed_in()
    local = current_local()
    organization = local.organizations.find(organization_id)
    if organization is None:
        raise errors.organization_not_found()
    membership = local.organizations.membership(user.id, organization.id)
    if membership is None:
        raise errors.organization_not_found()
    if permission and permission not in local.organizations.role(membership.role).permissions:
        raise errors.forbidden()
    return client, organization, membership


@route("POST", "/v1/organizations")
def create_organization() -> Response:
    """Create an organization, with the caller as its admin."""
    client, _, user = signed_in()
    local = current_local()
    if not local.settings.organizations_enabled:
        raise errors.organizations_disabled()
    organization = local.organizations.create(
        form.required("name"), slug=form.text("slug"), created_by=user.id
    )
    return _answer(organization, client)


@route("GET", _ONE)
def get_organization(organization_id: str) -> Response:
    """Return an organization."""
    _, organization, _ = member_of(organization_id)
    return alone(current_local().resources.organization(organization))


@route("PATCH", _ONE)
def update_organization(organization_id: str) -> Response:
    """Change an organization's name or slug."""
    client, organization, _ = member_of(organization_id, "org:sys_profile:manage")
    given: dict[str, Any] = {name: form.text(name) for name in ("name", "slug")}
    changes = {name: value for name, value in given.items() if value is not None}
    return _answer(current_local().organizations.update(organization.id, **changes), client)


@route("DELETE", _ONE)
def delete_organization(organization_id: str) -> Response:
    """Delete an organization."""
    client, organization, _ = member_of(organization_id, "org:sys_profile:delete")
    if not organization.is_admin_delete_enabled:
        raise errors.forbidden()
    current_local().organizations.delete(organization.id)
    return with_client(current_local().resources.deleted("organization", organization.id), client)


@route("GET", f"{_ONE}/roles")
def list_roles(organization_id: str) -> Response:
    """Return the roles that members can have."""
    member_of(organization_id, "org:sys_memberships:read")
    local = current_local()
    return alone(form.page_of([local.resources.role(each) for each in local.organizations.roles()]))


@route("GET", f"{_ONE}/domains", "list_domains")
@route("GET", f"{_ONE}/invitations", "list_invitations")
@route("GET", f"{_ONE}/membership_requests", "list_membership_requests")
def list_nothing_of_organization(organization_id: str) -> Response:
    """Return an empty page: members are added, never invited, and domains are not verified."""
    member_of(organization_id)
    return alone(form.page_of([]))


def _answer(organization: Organization, client: Client) -> Response:
    return with_client(current_local().resources.organization(organization), client)
