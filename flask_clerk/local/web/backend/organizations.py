"""Organizations: found by id or slug, created, changed, deleted."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...model import Organization
from ..current import current_local
from . import query
from .body import Body
from .query import Json
from .requests import takes_metadata_apart

blueprint = Blueprint("organizations", __name__, url_prefix="/organizations")

METADATA: Final = ("public_metadata", "private_metadata")
_MAX_MEMBERS: Final = 2**31 - 1
#: Taken without effect.
_WITHOUT_EFFECT: Final = ("created_at", "role_set_key")


@blueprint.get("")
def list_organizations() -> ResponseReturnValue:
    """Answer a page of the organizations that fit."""
    name, is_descending = query.order(("name", "created_at", "members_count"))
    found = _matching(current_local().organizations.search(query.text("query"))[::-1])
    found.sort(key=lambda each: _sort_key(each, name))
    return query.paginated(found[::-1] if is_descending else found, _shown)


@blueprint.post("")
def create_organization() -> ResponseReturnValue:
    """Create an organization."""
    body = Body(
        "name", "slug", "created_by", "max_allowed_memberships", *METADATA, *_WITHOUT_EFFECT
    )
    organization = current_local().organizations.create(
        body.required("name"),
        slug=body.text("slug") or None,
        created_by=body.text("created_by") or None,
        **_limits(body),
        **body.mappings(*METADATA),
    )
    return _shown(organization)


@blueprint.get("/<organization_id>")
def get_organization(organization_id: str) -> ResponseReturnValue:
    """Answer an organization, by id or slug."""
    return _shown(current_local().organizations.get(organization_id))


@blueprint.patch("/<organization_id>")
def update_organization(organization_id: str) -> ResponseReturnValue:
    """Change an organization; metadata only for callers from before it had its own endpoints."""
    metadata = () if takes_metadata_apart() else METADATA
    body = Body(
        "name", "slug", "max_allowed_memberships", "admin_delete_enabled",
        *metadata, *_WITHOUT_EFFECT,
    )  # fmt: skip
    changes: dict[str, Any] = {
        name: body.text(name) for name in ("name", "slug") if body.text(name)
    }
    if body.values.get("admin_delete_enabled") is not None:
        changes["is_admin_delete_enabled"] = body.flag("admin_delete_enabled")
    organization = current_local().organizations.update(
        organization_id, **changes, **_limits(body), **body.mappings(*metadata)
    )
    return _shown(organization)


@blueprint.delete("/<organization_id>")
def delete_organization(organization_id: str) -> ResponseReturnValue:
    """Delete an organization with its memberships."""
    clerk = current_local()
    organization = clerk.organizations.delete(organization_id)
    deleted = clerk.resources.deleted("organization", organization.id)
    return {**deleted, "slug": organization.slug}


@blueprint.patch("/<organization_id>/metadata")
def merge_organization_metadata(organization_id: str) -> ResponseReturnValue:
    """Merge into an organization's metadata, deeply."""
    metadata = Body(*METADATA).mappings(*METADATA)
    return _shown(current_local().organizations.merge_metadata(organization_id, **metadata))


@blueprint.put("/<organization_id>/metadata")
def replace_organization_metadata(organization_id: str) -> ResponseReturnValue:
    """Replace the kinds of metadata that are given, and leave the others."""
    metadata = Body(*METADATA).mappings(*METADATA)
    return _shown(current_local().organizations.update(organization_id, **metadata))


def _matching(organizations: list[Organization]) -> list[Organization]:
    included, excluded = query.signed("organization_id")
    with_users, without_users = query.signed("user_id")
    clerk = current_local()
    found = []
    for organization in organizations:
        members = {each.user_id for each in clerk.organizations.members(organization.id)}
        if (
            (not included or organization.id in included)
            and organization.id not in excluded
            and (not with_users or not members.isdisjoint(with_users))
            and members.isdisjoint(without_users)
        ):
            found.append(organization)
    return found


def _sort_key(organization: Organization, name: str) -> Any:
    if name == "members_count":
        return len(current_local().organizations.members(organization.id))
    return getattr(organization, name)


def _limits(body: Body) -> dict[str, int]:
    limit = body.integer("max_allowed_memberships", 0, _MAX_MEMBERS)
    return {} if limit is None else {"max_allowed_memberships": limit}


def _shown(organization: Organization) -> Json:
    return current_local().resources.organization(organization, is_private=True)
