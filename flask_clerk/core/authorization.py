"""``has()``: role, permission, feature, plan and reverification, closed by default.

The rules are those of Clerk's ``createCheckAuthorization``: at least one thing is asked, and
everything that is asked holds. What is malformed, on either side, is a *no*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import Protocol

from .tokens import is_finite
from .tokens import is_number

#: Stands for "not asked"; an explicit ``None`` is a question whose answer is no.
NOT_ASKED: Final[Any] = type("NotAsked", (), {"__repr__": lambda self: "NOT_ASKED"})()

#: Clerk's reverification presets.
REVERIFICATION_PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "strict_mfa": {"level": "multi_factor", "after_minutes": 10},
    "strict": {"level": "second_factor", "after_minutes": 10},
    "moderate": {"level": "second_factor", "after_minutes": 60},
    "lax": {"level": "second_factor", "after_minutes": 1440},
}

_LEVELS: Final = ("first_factor", "second_factor", "multi_factor")
_ORG_SCOPES: Final = ("o", "org", "organization")
_USER_SCOPES: Final = ("u", "user")
_NEVER: Final = -1


class Facts(Protocol):
    """What a session says about itself, as read from its claims."""

    @property
    def user_id(self) -> str | None: ...
    @property
    def org_id(self) -> str | None: ...
    @property
    def org_role(self) -> str | None: ...
    @property
    def org_permissions(self) -> list[Any] | None: ...
    @property
    def factor_verification_age(self) -> Any: ...
    @property
    def features(self) -> Any: ...
    @property
    def plans(self) -> Any: ...


def is_authorized(
    facts: Facts,
    *,
    role: Any = NOT_ASKED,
    permission: Any = NOT_ASKED,
    feature: Any = NOT_ASKED,
    plan: Any = NOT_ASKED,
    reverification: Any = NOT_ASKED,
) -> bool:
    """Whether something was asked and all that was asked holds for this session."""
    answers = [
        check(facts, asked)
        for check, asked in (
            (_has_role, role),
            (_has_permission, permission),
            (_has_feature, feature),
            (_has_plan, plan),
            (_is_verified, reverification),
        )
        if asked is not NOT_ASKED
    ]
    return bool(facts.user_id) and bool(answers) and all(answers)


def reverification_config(asked: Any) -> Mapping[str, Any] | None:
    """Return ``{"level": …, "after_minutes": …}`` for a preset or such a mapping, else ``None``."""
    if isinstance(asked, str):
        return REVERIFICATION_PRESETS.get(asked)
    if not isinstance(asked, Mapping) or asked.get("level") not in _LEVELS:
        return None
    minutes = asked.get("after_minutes")
    return asked if is_number(minutes) and minutes > 0 else None


def split_by_scope(claim: Any) -> tuple[list[str], list[str]]:
    """Return the organization's and the user's entries of a ``fea`` or ``pla`` claim.

    One entry without scope makes the whole claim worthless.
    """
    org: list[str] = []
    user: list[str] = []
    if not isinstance(claim, str) or not claim:
        return org, user
    for part in claim.split(","):
        scope, colon, name = part.strip().partition(":")
        if not colon:
            return [], []
        if scope in ("o", "ou", "uo"):
            org.append(name)
        if scope in ("u", "ou", "uo"):
            user.append(name)
    return org, user


def _has_role(facts: Facts, role: Any) -> bool:
    if not isinstance(role, str) or not facts.org_id or not facts.org_role:
        return False
    return _with_org(facts.org_role) == _with_org(role)


def _has_permission(facts: Facts, permission: Any) -> bool:
    if not isinstance(permission, str) or not facts.org_id or facts.org_permissions is None:
        return False
    return _with_org(permission) in facts.org_permissions


def _has_feature(facts: Facts, feature: Any) -> bool:
    return _is_listed(facts.features, feature)


def _has_plan(facts: Facts, plan: Any) -> bool:
    return _is_listed(facts.plans, plan)


def _is_listed(claim: Any, asked: Any) -> bool:
    if not isinstance(asked, str):
        return False
    org, user = split_by_scope(claim)
    scope, *names = asked.split(":")
    name = names[0] if names and names[0] else scope
    if not names:
        return name in org or name in user
    if scope in _ORG_SCOPES:
        return name in org
    return scope in _USER_SCOPES and name in user


def _is_verified(facts: Facts, asked: Any) -> bool:
    ages = facts.factor_verification_age
    config = reverification_config(asked)
    if config is None or not isinstance(ages, list) or len(ages) != 2:
        return False
    if not all(_is_age(age) for age in ages):
        return False
    is_fresh = [bool(age != _NEVER and age < config["after_minutes"]) for age in ages]
    if config["level"] == "first_factor" or ages[1] == _NEVER:
        return is_fresh[0]
    if config["level"] == "second_factor":
        return is_fresh[1]
    return all(is_fresh)


def _is_age(value: Any) -> bool:
    return is_finite(value) and (value == _NEVER or value >= 0)


def _with_org(name: str) -> str:
    return re.sub(r"\A(?:org:)*", "org:", name, count=1)
