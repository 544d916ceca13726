"""What the shortcodes of JWT templates stand for."""

from __future__ import annotations

from collections.abc import Mapping

from ..jwt_templates import RenderContext
from .model import Membership
from .model import Organization
from .model import Role
from .model import Session
from .model import User


def render_context(
    session: Session | None,
    user: User,
    organization: Organization | None = None,
    membership: Membership | None = None,
    role: Role | None = None,
    organizations: Mapping[str, str] | None = None,
) -> RenderContext:
    """Return the facts under the names of Clerk's "JWT templates" page; times in seconds.

    :param organizations: The user's role in each organization, by its id.
    """
    return RenderContext(
        user=_user(user, organizations or {}),
        org=_organization(organization, membership),
        org_membership=_membership(membership, role),
        session={"actor": session.actor if session else None, "reverification_id": None},
    )


def _user(user: User, organizations: Mapping[str, str]) -> dict[str, object]:
    email = user.primary_email
    return {
        "id": user.id,
        "external_id": user.external_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name,
        "username": user.username,
        "created_at": user.created_at // 1000,
        "updated_at": user.updated_at // 1000,
        "last_sign_in_at": None if user.last_sign_in_at is None else user.last_sign_in_at // 1000,
        "primary_email_address": email.email_address if email else None,
        "primary_phone_address": None,
        "primary_phone_number": None,
        "primary_web3_wallet": None,
        "email_verified": bool(email and email.is_verified),
        "phone_number_verified": False,
        "image_url": user.image_url,
        "has_image": user.image_url is not None,
        "two_factor_enabled": False,
        "organizations": dict(organizations),
        "public_metadata": user.public_metadata,
        "unsafe_metadata": user.unsafe_metadata,
        "private_metadata": user.private_metadata,
    }


def _organization(
    organization: Organization | None, membership: Membership | None
) -> dict[str, object] | None:
    if organization is None:
        return None
    return {
        "id": organization.id,
        "name": organization.name,
        "slug": organization.slug,
        "role": membership.role if membership else None,
        "public_metadata": organization.public_metadata,
    }


def _membership(membership: Membership | None, role: Role | None) -> dict[str, object] | None:
    if membership is None:
        return None
    return {
        "public_metadata": membership.public_metadata,
        "permissions": list(role.custom_permissions) if role else [],
    }
