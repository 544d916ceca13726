"""JWT templates."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...token_resources import jwt_template_json
from ..current import current_local
from .body import Body
from .query import listed

blueprint = Blueprint("jwt_templates", __name__, url_prefix="/jwt_templates")

_FIELDS: Final = (
    "name", "claims", "lifetime", "allowed_clock_skew", "custom_signing_key",
    "signing_algorithm", "signing_key",
)  # fmt: skip


@blueprint.get("")
def list_templates() -> ResponseReturnValue:
    """Answer a page of the templates."""
    return listed(current_local().templates.search(), jwt_template_json)


@blueprint.post("")
def create_template() -> ResponseReturnValue:
    """Create a template."""
    return jwt_template_json(current_local().templates.create(Body(*_FIELDS).values))


@blueprint.get("/<template_id>")
def get_template(template_id: str) -> ResponseReturnValue:
    """Answer a template."""
    return jwt_template_json(current_local().templates.get(template_id))


@blueprint.patch("/<template_id>")
def update_template(template_id: str) -> ResponseReturnValue:
    """Change a template."""
    values = Body(*_FIELDS).values
    return jwt_template_json(current_local().templates.update(template_id, values))


@blueprint.delete("/<template_id>")
def delete_template(template_id: str) -> ResponseReturnValue:
    """Delete a template."""
    clerk = current_local()
    template = clerk.templates.delete(template_id)
    return clerk.resources.deleted("jwt_template", template.id)
