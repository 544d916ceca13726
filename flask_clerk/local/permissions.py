"""Packing features and permissions into a version 2 session token.

The inverse of what ``flask_clerk.core.auth`` reads ("Session tokens", "Decode o.fpm manually").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packed:
    """The three claims.

    :param fea: Features with their scope, or ``None`` when there are none.
    :param per: The names of the permissions, or ``None`` when there are none.
    :param fpm: One number for each organization feature, whose bits index ``per``.
    """

    fea: str | None
    per: str | None
    fpm: str | None


def pack(
    permissions: Iterable[str] = (),
    organization_features: Iterable[str] = (),
    user_features: Iterable[str] = (),
) -> Packed:
    """Return the claims for what a user may do.

    A permission counts only with its feature listed, so the features of all permissions are.

    :param permissions: Such as ``org:invoices:manage``.
    """
    granted = {_split(permission) for permission in permissions}
    org = {*organization_features, *(feature for feature, _ in granted)}
    user = set(user_features)
    features = sorted(org | user)
    names = sorted({name for _, name in granted})
    numbers = [
        sum(1 << bit for bit, name in enumerate(names) if (feature, name) in granted)
        for feature in features
        if feature in org
    ]
    return Packed(
        ",".join(f"{_scope(each in org, each in user)}:{each}" for each in features) or None,
        ",".join(names) or None,
        ",".join(map(str, numbers)) if names else None,
    )


def pack_plans(organization_plans: Iterable[str], user_plans: Iterable[str]) -> str | None:
    """Return the ``pla`` claim, or ``None`` when there is no plan."""
    parts = [f"o:{plan}" for plan in organization_plans] + [f"u:{plan}" for plan in user_plans]
    return ",".join(parts) or None


def _split(permission: str) -> tuple[str, str]:
    feature, _, name = permission.removeprefix("org:").partition(":")
    return feature, name


def _scope(is_org: bool, is_user: bool) -> str:
    return "ou" if is_org and is_user else "o" if is_org else "u"
