"""Conditions that nobody can meet, as far as that can be known without signing in.

Some follow from Clerk's rules alone, some from the URL, and some from what the instance has: its
customised session token, and, for a local Clerk, its organizations and roles.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Any
from typing import Final

import click

from ..bound import AppClerk
from ..core.tokens import JWT_TEMPLATE
from ..core.tokens import SESSION_TOKEN
from ..guards import ClaimCondition
from ..guards import Guard
from ..jwt_templates import SESSION_RESERVED_CLAIMS
from .templates.options import folder_of
from .wording import claim_condition
from .wording import conditions_of

#: In session tokens of either version, whatever is customised.
_STANDARD_CLAIMS: Final = SESSION_RESERVED_CLAIMS | {
    "org_id", "org_slug", "org_role", "org_permissions",
}  # fmt: skip
_SYSTEM: Final = "org:sys_"
_SCOPES: Final = ("o", "org", "organization", "u", "user")


@dataclass(frozen=True, slots=True)
class Supply:
    """What an instance can put into a session token; ``None`` where that is not known.

    :param claims: What the customised session token adds, with shortcodes as the values.
    :param roles: The keys of all roles.
    :param permissions: The keys of all permissions that a role grants.
    :param organizations: How many there are.
    """

    claims: Mapping[str, Any] | None = None
    roles: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    organizations: int | None = None


def supply_of(clerk: AppClerk) -> Supply:
    """Return what is known of the app's instance: all of a local one, else what its file says.

    :raises click.ClickException: If that file is wrong.
    """
    if not clerk.instance.config.local:
        return Supply(claims=_customisation())
    from ..local.web.current import current_local

    local = current_local()
    roles = local.organizations.roles()
    return Supply(
        claims=local.settings.session_token_claims,
        roles=frozenset(role.key for role in roles),
        permissions=frozenset(key for role in roles for key in role.custom_permissions),
        organizations=len(local.organizations.search()),
    )


def unmeetable(
    guards: Sequence[Guard], accepted: Collection[str], supply: Supply, *, is_personal: bool
) -> Iterator[str]:
    """Yield a sentence for each condition of an endpoint that nobody can meet.

    :param accepted: The token types that all of the guards let in.
    :param is_personal: Whether the URL activates the personal account.
    """
    if not accepted:
        yield "accepts_token: the guards have no token type in common."
    for guard in guards:
        yield from _of_token_types(guard, accepted)
        for name in ("role", "permission"):
            if name in guard.asked:
                yield from _of_organization(name, guard.asked[name], supply, is_personal)
        for name in ("feature", "plan"):
            if name in guard.asked:
                yield from _of_scope(name, guard.asked[name])
        if SESSION_TOKEN in accepted:
            for claim in guard.claims:
                yield from _of_claim(claim, supply.claims)
    roles = sorted({_key(guard.asked["role"]) for guard in guards if "role" in guard.asked})
    if len(roles) > 1:
        yield f"role {' and '.join(roles)}: a session has one role in its active organization."


def _of_token_types(guard: Guard, accepted: Collection[str]) -> Iterator[str]:
    """Yield what only a session can answer, where none is let in and scopes are not asked."""
    if not accepted or SESSION_TOKEN in accepted or guard.scopes:
        return
    of_session = replace(guard, claims=() if JWT_TEMPLATE in accepted else guard.claims)
    for condition in conditions_of(of_session):
        yield f"{condition}: {' or '.join(accepted)} cannot answer; ask for scopes."


def _of_organization(name: str, asked: Any, supply: Supply, is_personal: bool) -> Iterator[str]:
    what = f"{name} {asked}"
    if not isinstance(asked, str):
        yield f"{what}: nobody has it, since None is no {name}."
        return
    key = _key(asked)
    if is_personal:
        yield (
            f"{what}: CLERK_PERSONAL_ACCOUNT_PATTERNS activates the personal account here, and "
            f"only an organization gives a {name}."
        )
    if supply.organizations == 0:
        yield f"{what}: there is no organization, and only an organization gives a {name}."
    if name == "role":
        if supply.roles is not None and key not in supply.roles:
            yield f"{what}: the instance has the roles {', '.join(sorted(supply.roles))}."
    elif key.startswith(_SYSTEM):
        yield f"{what}: session tokens carry no system permissions; ask for one of your own."
    elif key.count(":") != 2:
        yield f"{what}: a permission is org:feature:permission, such as org:invoices:manage."
    elif supply.permissions is not None and key not in supply.permissions:
        yield f"{what}: no role grants it."


def _of_scope(name: str, asked: Any) -> Iterator[str]:
    if not isinstance(asked, str):
        yield f"{name} {asked}: nobody has it, since None is no {name}."
        return
    scope, colon, _ = asked.partition(":")
    if colon and scope not in _SCOPES:
        yield f"{name} {asked}: {scope} is no scope; write org:{name} or user:{name}."


def _of_claim(claim: ClaimCondition, supplied: Mapping[str, Any] | None) -> Iterator[str]:
    if supplied is None or any(_is_supplied(path, supplied) for path in claim.paths):
        return
    yield (
        f"{claim_condition(claim)}: session tokens do not carry it; add it to the customised "
        f"session token (clerk/session_token.json)."
    )


def _is_supplied(path: str, supplied: Mapping[str, Any]) -> bool:
    """Whether a claim may be there; what a shortcode stands for may have any members."""
    if path.partition(".")[0] in _STANDARD_CLAIMS or path in supplied:
        return True
    found: Any = supplied
    for name in path.split("."):
        if isinstance(found, str):
            return "{{" in found
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    return True


def _customisation() -> Mapping[str, Any] | None:
    """Return what the file beside the app says, if there is one.

    :raises click.ClickException: If it is wrong.
    """
    files = folder_of(None).files()
    file = next((each for each in files if each.is_session_token), None)
    if file is None:
        return None
    if error := file.checked():
        raise click.ClickException(str(error))
    return file.document


def _key(name: Any) -> str:
    """Return a role or permission as Clerk spells it, with ``org:``."""
    return name if not isinstance(name, str) or name.startswith("org:") else f"org:{name}"
