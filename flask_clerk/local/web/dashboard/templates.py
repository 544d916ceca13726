"""JWT templates and the customised session token, with a live preview."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set
from typing import Any

from flask import Response
from flask import render_template
from flask import request

from ....jwt_templates import COOKIE_LIMIT
from ....jwt_templates import RECOMMENDED_SESSION_CLAIMS_SIZE
from ....jwt_templates import SESSION_RESERVED_CLAIMS
from ....jwt_templates import SHORTCODES
from ....jwt_templates import TEMPLATE_RESERVED_CLAIMS
from ....jwt_templates import Template
from ....jwt_templates import TemplateError
from ....jwt_templates import parse_claims
from ...errors import LocalClerkError
from ..current import current_local
from ..form import Form
from ..wording import pretty
from .blueprint import blueprint
from .blueprint import see
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
def create_template() -> Response | tuple[str, int]:
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
def update_template(template_id: str) -> Response | tuple[str, int]:
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
def update_session_token() -> Response | tuple[str, int]:
    """Change what is added to every session token, or preview the change."""
    form = Form.sent("session-token", ("claims", "person"))
    claims = _claims(form, SESSION_RESERVED_CLAIMS)
    if form.is_valid and request.form.get("do") != "preview":
        current_local().templates.customise_session_token(claims)
        return see("session_token", "saved")
    page = _session_token_page(form)
    return page, form.status


def _save(template_id: str | None) -> Response | tuple[str, int]:
    templates, form = current_local().templates, Form.sent("template", _FIELDS)
    is_preview = request.form.get("do") == "preview"
    if not is_preview:
        form.require(name="Name the template.")
    found = _template(form)
    if found is not None and form.is_valid and not is_preview:
        try:
            if template_id is None:
                created = templates.create(found.to_json())
                return see("template", "created", template_id=created.id)
            templates.update(template_id, found.to_json())
            return see("template", "saved", template_id=template_id)
        except LocalClerkError as error:
            form.refuse(error)
    page = _page(form, template_id)
    return page, form.status


def _template(form: Form) -> Template | None:
    """Return what was typed, under a name of its own while it has none."""
    claims = _claims(form, TEMPLATE_RESERVED_CLAIMS)
    numbers = dict.fromkeys(("lifetime", "allowed_clock_skew"), "Enter a number of seconds.")
    form.require(**numbers)
    values = {name: form.whole_number(name) for name in numbers}
    name = form["name"].strip() or "preview"
    if not form.is_valid:
        return None
    try:
        return Template.from_json({"name": name, "claims": claims, **values})
    except TemplateError as error:
        form.fail(error.where, error.message)
        return None


def _claims(form: Form, reserved: Set[str]) -> dict[str, Any]:
    """Return the claims that were typed, with whatever is wrong noted next to them."""
    claims = form.json_object("claims")
    try:
        parse_claims(claims, reserved=reserved)
    except TemplateError as error:
        form.fail("claims", error.message)
    return claims


def _page(form: Form, template_id: str | None) -> str:
    person, found = _person(form), _template(form)
    preview = _preview(form, lambda: preview_template(found, person)) if found else None
    return _render("template", form, preview, template_id=template_id)


def _session_token_page(form: Form) -> str:
    person, claims = _person(form), _claims(form, SESSION_RESERVED_CLAIMS)
    preview = _preview(form, lambda: preview_session_token(claims, person))
    return _render("session_token", form, preview)


def _preview(form: Form, make: Callable[[], Preview]) -> Preview | None:
    if not form.is_valid or not form["person"]:
        return None
    try:
        return make()
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
        custom_limit=RECOMMENDED_SESSION_CLAIMS_SIZE,
        cookie_limit=COOKIE_LIMIT,
        **values,
    )
