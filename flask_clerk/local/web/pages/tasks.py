"""Choosing an organization: a task of a pending session, and a choice of any other."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ...errors import LocalClerkError
from ...sessions import CHOOSE_ORGANIZATION
from ..current import current_local
from ..form import Form
from ..frontend.activity import activity
from .blueprint import blueprint
from .visitor import Visitor
from .visitor import signed_in
from .way_back import forward
from .way_back import here
from .way_back import leave


@blueprint.get("/sign-in/tasks")
@signed_in
def tasks(visitor: Visitor) -> str:
    """Show the organizations of the visitor, and let one be founded."""
    return _page(visitor, Form("organization", {"name": ""}))


@blueprint.get(f"/sign-in/tasks/{CHOOSE_ORGANIZATION}")
@blueprint.get("/sign-up/tasks")
@blueprint.get(f"/sign-up/tasks/{CHOOSE_ORGANIZATION}")
def same_tasks() -> Response:
    """Lead to the tasks from where Clerk's SDKs also look for them."""
    return forward("tasks")


@blueprint.post("/sign-in/tasks")
@signed_in
def choose(visitor: Visitor) -> Response | tuple[str, int]:
    """Make an organization active, or the personal account."""
    try:
        return _activate(visitor, request.form.get("organization_id"))
    except LocalClerkError as error:
        form = Form("organization", {"name": ""})
        form.refuse(error)
        return _page(visitor, form), form.status


@blueprint.post("/sign-in/tasks/organizations")
@signed_in
def found(visitor: Visitor) -> Response | tuple[str, int]:
    """Create an organization of the visitor's own and make it active."""
    form = Form.sent("organization", ("name",))
    form.require(name="Give your organization a name.")
    if form.is_valid:
        created = current_local().organizations.create(form["name"], created_by=visitor.user.id)
        return _activate(visitor, created.id)
    return _page(visitor, form), form.status


def _activate(visitor: Visitor, organization_id: str | None) -> Response:
    session = current_local().sessions.select(
        visitor.session.id,
        visitor.client.id,
        organization_id,
        switches_organization=True,
        activity=activity(),
    )
    return forward("tasks") if session.tasks else leave(visitor.client)


def _page(visitor: Visitor, form: Form) -> str:
    local = current_local()
    memberships = local.organizations.of_user(visitor.user.id)
    return render_template(
        "clerk_local/tasks.html",
        form=form,
        here=here,
        visitor=visitor,
        choices=[(local.organizations.get(each.organization_id), each) for each in memberships],
        is_forced=local.settings.force_organization_selection,
    )
