"""JWT templates and the customised session token, with a live preview."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import render_template
from flask import request

from ....jwt_templates import SHORTCODES
from ....jwt_templates import Template
from ....jwt_templates import TemplateError
from ...errors import LocalClerkError
from ..current import current_local
from ..form import Form
from ..wording import pretty
from .blueprint import blueprint
from .blueprint import see
from .preview import COOKIE_LIMIT
from .preview import CUSTOM_LIMIT
from .preview import Preview
from .preview import people
from .preview import preview_session_token
from .preview import preview_template

_FIELDS = ("name", "claims", "lifetime", "allowed_clock_skew", "person")
_EXAMPLE = {"role": "{{user.public_metadata.role || 'member'}}", "name": "{{user.full_name}}"}


@blueprint.get("/templates")
def templates() -> str:
    """List the templates."""
    return render_template(
        "clerk_local/dashboard/templates.html", templates=current_local().templates.search()
    )


@blueprint.get("/templates/new")
def new_template() -> str:
    """Begin a template with an example."""
    values = {"name": "", "claims": pretty(_EXAMPLE), "lifetime": "60", "allowed_clock_skew": "5"}
    return _page(Form("template", {**values, "person": ""}), None)


@blueprint.post("/templates/new")
def create_template() -> Response | str | tuple[str, int]:
    """Create a template, or preview it."""
    return _save(None)


@blueprint.get("/templates/<template_id>")
def template(template_id: str) -> str:
    """Show a template with its preview."""
    found = current_local().templates.get(template_id).template
    form = Form(
        "template",
        {
            "name": found.name,
            "claims": pretty(found.claims),
            "lifetime": str(found.lifetime),
            "allowed_clock_skew": str(found.allowed_clock_skew),
            "person": request.args.get("person"),
        },
    )
    return _page(form, template_id)


@blueprint.post("/templates/<template_id>")
def update_template(template_id: str) -> Response | str | tuple[str, int]:
    """Change a template, or preview the change."""
    return _save(current_local().templates.get(template_id).id)


@blueprint.post("/templates/<template_id>/delete")
def delete_template(template_id: str) -> Response:
    """Delete a template."""
    current_local().templates.delete(template_id)
    return see("templates", "deleted")


@blueprint.get("/session-token")
def session_token() -> str:
    """Show what is added to every session token."""
    claims = pretty(current_local().settings.session_token_claims)
    return _session_token_page(Form("session-token", {"claims": claims, "person": ""}))


@blueprint.post("/session-token")
def update_session_token() -> Response | str | tuple[str, int]:
    """Change what is added to every session token, or preview the change."""
    form = Form.sent("session-token", ("claims", "person"))
    claims = form.json_object("claims")
    if form.is_valid and request.form.get("do") != "preview":
        try:
            current_local().templates.customise_session_token(claims)
            return see("session_token", "saved")
        except LocalClerkError as error:
            form.refuse(error)
    page = _session_token_page(form)
    return page, form.status


def _save(template_id: str | None) -> Response | tuple[str, int]:
    templates, form = current_local().templates, Form.sent("template", _FIELDS)
    data = _definition(form)
    if form.is_valid and request.form.get("do") != "preview":
        try:
            if template_id is None:
                return see("template", "created", template_id=templates.create(data).id)
            templates.update(template_id, data)
            return see("template", "saved", template_id=template_id)
        except LocalClerkError as error:
            form.refuse(error)
    page = _page(form, template_id)
    return page, form.status


def _definition(form: Form) -> dict[str, Any]:
    form.require(
        name="Name the template.",
        lifetime="Enter a number of seconds.",
        allowed_clock_skew="Enter a number of seconds.",
    )
    return {
        "name": form["name"].strip(),
        "claims": form.json_object("claims"),
        "lifetime": form.whole_number("lifetime"),
        "allowed_clock_skew": form.whole_number("allowed_clock_skew"),
    }


def _page(form: Form, template_id: str | None) -> str:
    return _render("template", form, _preview_of(form), template_id=template_id)


def _session_token_page(form: Form) -> str:
    preview = None
    if form.is_valid:
        try:
            preview = preview_session_token(form.json_object("claims"), _person(form))
        except TemplateError as error:
            form.fail("claims", error.message)
        except LocalClerkError as error:
            form.refuse(error)
    return _render("session_token", form, preview)


def _preview_of(form: Form) -> Preview | None:
    """Return the preview of what was typed; a form with nothing typed yet needs no name."""
    data = _definition(Form(form.name, {**form.values, "name": form["name"] or "preview"}))
    if not form.is_valid:
        return None
    try:
        return preview_template(Template.from_json(data), _person(form))
    except TemplateError as error:
        form.fail(error.where if error.where in form.values else "claims", error.message)
    except LocalClerkError as error:
        form.refuse(error)
    return None


def _person(form: Form) -> str:
    """Return whom the preview is for; the first of all if nobody was chosen."""
    choices = people()
    if not form["person"] and choices:
        form.values["person"] = choices[0][0]
    return form["person"]


def _render(name: str, form: Form, preview: Preview | None, **values: object) -> str:
    return render_template(
        f"clerk_local/dashboard/{name}.html",
        form=form,
        preview=preview,
        people=people(),
        shortcodes=sorted(SHORTCODES),
        custom_limit=CUSTOM_LIMIT,
        cookie_limit=COOKIE_LIMIT,
        **values,
    )
