"""``/v1/me/organization_…``: what the signed-in user belongs to, or could."""

from __future__ import annotations

from flask import Response
from flask import request

from ..current import current_local
from . import form
from .answers import alone
from .answers import with_client
from .me import signed_in
from .routing import route


@route("GET", "/v1/me/organization_memberships")
def list_my_memberships() -> Response:
    """Return the user's memberships; a page of them if ``paginated``."""
    _, _, user = signed_in()
    local = current_local()
    rows = [local.resources.membership(each) for each in local.organizations.of_user(user.id)]
    page = form.page_of(rows)
    return alone(page if request.args.get("paginated") == "true" else page["data"])


@route("DELETE", "/v1/me/organization_memberships/<organization_id>")
def leave_organization(organization_id: str) -> Response:
    """Leave an organization."""
    client, _, user = signed_in()
    local = current_local()
    membership = local.organizations.remove_member(organization_id, user.id)
    shown = local.resources.deleted("organization_membership", membership.id)
    return with_client(shown, client)


@route("GET", "/v1/me/organization_invitations", "list_my_invitations")
@route("GET", "/v1/me/organization_suggestions", "list_my_suggestions")
def list_nothing_to_join() -> Response:
    """Return an empty page: nobody is invited here, people are made members."""
    signed_in()
    return alone(form.page_of([]))
