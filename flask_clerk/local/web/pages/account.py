"""The account: who one is, where one is signed in, and how to get out."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ... import errors
from ..current import current_local
from ..form import Form
from ..frontend.activity import activity
from .blueprint import blueprint
from .visitor import Visitor
from .visitor import accounts
from .visitor import known_client
from .visitor import settled
from .visitor import signed_in
from .way_back import forward
from .way_back import here
from .way_back import leave
from .way_back import target


@blueprint.get("/")
def index() -> Response:
    """Lead to the account."""
    return forward("account")


@blueprint.get("/account")
@settled
def account(visitor: Visitor) -> str:
    """Show the account."""
    names = {"first_name": visitor.user.first_name, "last_name": visitor.user.last_name}
    return _page(visitor, Form("profile", names))


@blueprint.post("/account")
@settled
def update_profile(visitor: Visitor) -> Response | tuple[str, int]:
    """Change the names."""
    form = Form.sent("profile", ("first_name", "last_name"))
    if current_local().settings.names_required:
        form.require(first_name="Enter your first name.", last_name="Enter your last name.")
    if not form.is_valid:
        return _page(visitor, form), form.status
    names = {field: value.strip() or None for field, value in form.values.items()}
    current_local().users.update(visitor.user.id, **names)
    return forward("account", done="saved")


@blueprint.get("/continue")
def go_on() -> Response:
    """Return to the app, which then learns who is signed in here now."""
    return leave(known_client())


@blueprint.post("/account/switch")
@signed_in
def switch_account(visitor: Visitor) -> Response:
    """Show another session of this client, and return to the app as its person."""
    session_id = request.form.get("session_id", "")
    session = current_local().sessions.select(session_id, visitor.client.id, activity=activity())
    return forward("tasks") if session.tasks else leave(visitor.client)


@blueprint.post("/account/sign-out")
@signed_in
def sign_out(visitor: Visitor) -> Response:
    """Sign out: here, everywhere, or everybody who is signed in at this browser."""
    sessions = current_local().sessions
    scope = request.form.get("scope", "here")
    if scope == "everywhere":
        sessions.revoke_all(visitor.user.id)
    elif scope == "browser":
        sessions.remove_all(visitor.client.id)
    else:
        sessions.remove(visitor.session.id)
    return leave(visitor.client)


@blueprint.post("/account/sessions/<session_id>/sign-out")
@settled
def sign_out_session(visitor: Visitor, session_id: str) -> Response:
    """Sign out on another device.

    :raises LocalClerkError: ``resource_not_found`` if it is somebody else's session.
    """
    sessions = current_local().sessions
    if sessions.get(session_id).user_id != visitor.user.id:
        raise errors.session_not_found(session_id)
    sessions.revoke(session_id)
    return forward("account", done="signed-out")


def _page(visitor: Visitor, form: Form) -> str:
    local = current_local()
    sessions = [each for each in local.sessions.search(user_id=visitor.user.id) if each.is_live]
    sessions.sort(key=lambda each: (each.id != visitor.session.id, -each.last_active_at))
    active = visitor.session.last_active_organization_id
    return render_template(
        "clerk_local/account.html",
        form=form,
        here=here,
        visitor=visitor,
        sessions=sessions,
        accounts=accounts(),
        organization=local.organizations.find(active) if active else None,
        memberships=local.organizations.of_user(visitor.user.id),
        settings=local.settings,
        app_url=target(),
    )
