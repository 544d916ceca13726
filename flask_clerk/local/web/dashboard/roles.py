"""Roles and the permissions that they grant."""

from __future__ import annotations

from flask import Response
from flask import render_template

from ...errors import LocalClerkError
from ..current import current_local
from ..form import Form
from .blueprint import blueprint
from .blueprint import see
from .organizations import words

_FIELDS = ("key", "name", "permissions")


@blueprint.get("/roles")
def roles() -> str:
    """List the roles, each with its permissions to be edited."""
    return _page()


@blueprint.post("/roles")
def put_role() -> Response | tuple[str, int]:
    """Create a role or change one; tokens minted from now on say so."""
    local, sent = current_local(), Form.sent("role", _FIELDS)
    exists = any(role.key == sent["key"] for role in local.organizations.roles())
    form = Form(_form_name(sent["key"]) if exists else "new", sent.values)
    form.require(key="Name the role, such as org:accountant.")
    if form.is_valid:
        try:
            local.organizations.put_role(
                form["key"].strip(),
                name=form["name"].strip() or None,
                permissions=words(form["permissions"]),
            )
            return see("roles", "saved")
        except LocalClerkError as error:
            form.refuse(error)
    return _page(form), form.status


def _page(refused: Form | None = None) -> str:
    roles = current_local().organizations.roles()
    forms = [
        Form(
            _form_name(role.key),
            {"key": role.key, "name": role.name, "permissions": "\n".join(role.permissions)},
        )
        for role in roles
    ]
    new = Form("new", dict.fromkeys(_FIELDS))
    if refused is not None:
        forms = [refused if form.name == refused.name else form for form in forms]
        new = refused if refused.name == new.name else new
    return render_template(
        "clerk_local/dashboard/roles.html", roles=list(zip(roles, forms, strict=True)), new=new
    )


def _form_name(key: str) -> str:
    return key.replace(":", "-")
