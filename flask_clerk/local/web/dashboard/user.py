"""One user: names and metadata, each form with what is wrong next to its field."""

from __future__ import annotations

from flask import Response
from flask import render_template

from ...errors import LocalClerkError
from ...model import User
from ..current import current_local
from ..form import Form
from ..wording import pretty
from .blueprint import blueprint
from .blueprint import see

_PROFILE = ("first_name", "last_name", "username", "external_id")
_METADATA = ("public_metadata", "private_metadata", "unsafe_metadata")


@blueprint.get("/users/<user_id>")
def user(user_id: str) -> str:
    """Show a user."""
    return user_page(current_local().users.get(user_id))


@blueprint.post("/users/<user_id>/profile")
def update_user(user_id: str) -> Response | tuple[str, int]:
    """Change the names."""
    form = Form.sent("profile", _PROFILE)
    try:
        changes = {field: value.strip() or None for field, value in form.values.items()}
        current_local().users.update(user_id, **changes)
    except LocalClerkError as error:
        form.refuse(error)
        return user_page(current_local().users.get(user_id), form), form.status
    return see("user", "saved", user_id=user_id)


@blueprint.post("/users/<user_id>/metadata")
def update_metadata(user_id: str) -> Response | tuple[str, int]:
    """Replace the metadata."""
    local, form = current_local(), Form.sent("metadata", _METADATA)
    changes = {field: form.json_object(field) for field in _METADATA}
    if not form.is_valid:
        return user_page(local.users.get(user_id), form), form.status
    local.users.update(user_id, **changes)
    return see("user", "saved", user_id=user_id)


def user_page(user: User, form: Form | None = None, impersonation: str | None = None) -> str:
    """Return the page of a user.

    :param form: The form that was just refused, in place of what is stored.
    :param impersonation: The URL that signs somebody in as this user, seen only now.
    """
    local = current_local()
    forms = {
        "profile": Form("profile", {field: getattr(user, field) for field in _PROFILE}),
        "metadata": Form("metadata", {each: pretty(getattr(user, each)) for each in _METADATA}),
        "password": Form("password", {"password": ""}),
    }
    if form is not None:
        forms[form.name] = form
    memberships = local.organizations.of_user(user.id)
    return render_template(
        "clerk_local/dashboard/user.html",
        user=user,
        forms=forms,
        sessions=local.sessions.search(user_id=user.id),
        memberships=[(local.organizations.get(m.organization_id), m) for m in memberships],
        others=[each for each in local.users.search() if each.id != user.id],
        impersonation=impersonation,
    )
