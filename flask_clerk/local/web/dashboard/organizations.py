"""Organizations: their names, features, members."""

from __future__ import annotations

import re

from flask import Response
from flask import render_template
from flask import request

from ...errors import LocalClerkError
from ...model import Organization
from ..current import current_local
from ..form import Form
from .blueprint import blueprint
from .blueprint import see

_DETAILS = ("name", "slug", "features", "plans")


@blueprint.get("/organizations")
def organizations() -> str:
    """List the organizations, newest first."""
    return _list(Form("organization", {"name": "", "slug": ""}))


@blueprint.post("/organizations")
def create_organization() -> Response | tuple[str, int]:
    """Create an organization, without members."""
    form = Form.sent("organization", ("name", "slug"))
    form.require(name="Give the organization a name.")
    if form.is_valid:
        try:
            created = current_local().organizations.create(
                form["name"], slug=form["slug"].strip() or None
            )
            return see("organization", "created", organization_id=created.id)
        except LocalClerkError as error:
            form.refuse(error)
    return _list(form), form.status


@blueprint.get("/organizations/<organization_id>")
def organization(organization_id: str) -> str:
    """Show an organization with its members."""
    return _page(current_local().organizations.get(organization_id))


@blueprint.post("/organizations/<organization_id>")
def update_organization(organization_id: str) -> Response | tuple[str, int]:
    """Change the name, slug, features and plans."""
    local, form = current_local(), Form.sent("details", _DETAILS)
    form.require(name="Give the organization a name.", slug="Give the organization a slug.")
    if form.is_valid:
        try:
            local.organizations.update(
                organization_id,
                name=form["name"].strip(),
                slug=form["slug"].strip(),
                features=words(form["features"]),
                plans=words(form["plans"]),
            )
            return see("organization", "saved", organization_id=organization_id)
        except LocalClerkError as error:
            form.refuse(error)
    return _page(local.organizations.get(organization_id), form), form.status


@blueprint.post("/organizations/<organization_id>/delete")
def delete_organization(organization_id: str) -> Response:
    """Delete an organization with its memberships."""
    current_local().organizations.delete(organization_id)
    return see("organizations", "deleted")


@blueprint.post("/organizations/<organization_id>/members")
def add_member(organization_id: str) -> Response | tuple[str, int]:
    """Make a user a member."""
    local, form = current_local(), Form.sent("member", ("user_id", "role"))
    try:
        local.organizations.add_member(organization_id, form["user_id"], form["role"])
    except LocalClerkError as error:
        form.refuse(error)
        return _page(local.organizations.get(organization_id), form), form.status
    return see("organization", "saved", organization_id=organization_id)


@blueprint.post("/organizations/<organization_id>/members/<user_id>")
def update_member(organization_id: str, user_id: str) -> Response:
    """Give a member another role, or end the membership."""
    organizations = current_local().organizations
    if request.form.get("do") == "remove":
        organizations.remove_member(organization_id, user_id)
        return see("organization", "removed", organization_id=organization_id)
    organizations.update_member(organization_id, user_id, request.form.get("role", ""))
    return see("organization", "saved", organization_id=organization_id)


def words(text: str) -> list[str]:
    """Return what is separated by spaces, commas or lines, each once."""
    return list(dict.fromkeys(filter(None, re.split(r"[\s,]+", text))))


def _list(form: Form) -> str:
    service = current_local().organizations
    found = service.search(request.args.get("query"))
    return render_template(
        "clerk_local/dashboard/organizations.html",
        form=form,
        query=request.args.get("query", ""),
        organizations=[(each, len(service.members(each.id))) for each in found],
    )


def _page(organization: Organization, form: Form | None = None) -> str:
    local = current_local()
    details = {
        "name": organization.name,
        "slug": organization.slug,
        "features": " ".join(organization.features),
        "plans": " ".join(organization.plans),
    }
    forms = {
        "details": Form("details", details),
        "member": Form("member", {"user_id": "", "role": "org:member"}),
    }
    if form is not None:
        forms[form.name] = form
    members = local.organizations.members(organization.id)
    belong = {membership.user_id for membership in members}
    return render_template(
        "clerk_local/dashboard/organization.html",
        organization=organization,
        forms=forms,
        members=[(local.users.get(each.user_id), each) for each in members],
        others=[user for user in local.users.search() if user.id not in belong],
        roles=local.organizations.roles(),
    )
