"""What the shortcodes stand for, from a user as Clerk's Backend API shows one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import TypeAlias

from .render import RenderContext

Json: TypeAlias = "Mapping[str, Any]"

_AS_THEY_ARE = (
    "id", "external_id", "first_name", "last_name", "username", "has_image",
    "two_factor_enabled", "public_metadata", "unsafe_metadata", "private_metadata",
)  # fmt: skip
_TIMES = ("created_at", "updated_at", "last_sign_in_at")


def context_of(user: Json, membership: Json | None = None) -> RenderContext:
    """Return the facts of a session of this user.

    What is missing or malformed is null.

    :param user: As ``GET /users/{user_id}`` answers.
    :param membership: In the active organization, as
        ``GET /users/{user_id}/organization_memberships`` lists it.
    """
    return RenderContext(
        user=_user(user),
        org=_organization(membership) if membership else None,
        org_membership=_membership(membership) if membership else None,
        session={"actor": None, "reverification_id": None},
    )


def memberships_of(user: Json) -> list[Json]:
    """Return the memberships that a user's JSON carries."""
    return _objects(user.get("organization_memberships"))


def _user(user: Json) -> dict[str, Any]:
    email = _primary(user, "email_addresses", "primary_email_address_id")
    phone = _primary(user, "phone_numbers", "primary_phone_number_id")
    wallet = _primary(user, "web3_wallets", "primary_web3_wallet_id")
    names = (user.get("first_name"), user.get("last_name"))
    return {
        **{name: user.get(name) for name in _AS_THEY_ARE},
        **{name: _seconds(user.get(name)) for name in _TIMES},
        "full_name": " ".join(name for name in names if isinstance(name, str) and name) or None,
        "primary_email_address": email.get("email_address"),
        "primary_phone_address": phone.get("phone_number"),
        "primary_phone_number": phone.get("phone_number"),
        "primary_web3_wallet": wallet.get("web3_wallet"),
        "email_verified": _is_verified(email),
        "phone_number_verified": _is_verified(phone),
        "image_url": user.get("image_url") or None,
        "organizations": {
            _object(each.get("organization")).get("id"): each.get("role")
            for each in memberships_of(user)
        },
    }


def _organization(membership: Json) -> dict[str, Any]:
    organization = _object(membership.get("organization"))
    names = ("id", "name", "slug", "public_metadata")
    return {name: organization.get(name) for name in names} | {"role": membership.get("role")}


def _membership(membership: Json) -> dict[str, Any]:
    """Return the membership; the permissions that Clerk itself defines are in no token."""
    permissions = membership.get("permissions")
    listed = permissions if isinstance(permissions, list) else []
    return {
        "public_metadata": membership.get("public_metadata"),
        "permissions": [each for each in listed if not str(each).startswith("org:sys_")],
    }


def _primary(user: Json, several: str, primary: str) -> Json:
    wanted = user.get(primary)
    found = (each for each in _objects(user.get(several)) if wanted and each.get("id") == wanted)
    return next(found, {})


def _is_verified(identifier: Json) -> bool:
    return _object(identifier.get("verification")).get("status") == "verified"


def _seconds(milliseconds: object) -> int | None:
    return milliseconds // 1000 if type(milliseconds) is int else None


def _object(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Json]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, Mapping)]
