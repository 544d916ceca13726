"""The live preview: the very claims that a token would have, for a chosen person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ....core.constants import Cookies
from ....core.tokens import CATEGORY_SESSION
from ....core.tokens import CATEGORY_TEMPLATE
from ....jwt_templates import Template
from ....jwt_templates import claims_size
from ...model import Session
from ...signing import sign
from ..current import current_local
from ..wording import name_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What a token would be.

    :param claims: All of them, in the token's order.
    :param custom_size: Bytes of the claims that the developer added.
    :param cookie_size: Bytes of the token in its cookie.
    """

    claims: Mapping[str, Any]
    custom_size: int
    token: str = field(repr=False)

    @property
    def cookie_size(self) -> int:
        """Bytes of the ``__session`` cookie, had it this token."""
        return len(Cookies.SESSION) + 1 + len(self.token)


def people() -> list[tuple[str, str]]:
    """Return whom a preview can be for: every user, alone and in each organization."""
    local = current_local()
    choices = []
    for user in local.users.search(order_by="created_at"):
        choices.append((f"{user.id}:", name_of(user)))
        for membership in local.organizations.of_user(user.id):
            name = local.organizations.get(membership.organization_id).name
            choice = f"{user.id}:{membership.organization_id}"
            choices.append((choice, f"{name_of(user)} in {name}"))
    return choices


def preview_template(template: Template, person: str) -> Preview:
    """Return the token that a template makes, stored or not.

    :param person: One of :func:`people`.
    :raises LocalClerkError: ``resource_not_found`` if nobody is that.
    """
    local, session = current_local(), _session(person)
    claims = local.minting.template_claims(session, template)
    custom = template.render(local.minting.context(session))
    token = sign(local.signing_key, CATEGORY_TEMPLATE, claims)
    return Preview(claims, claims_size(custom), token)


def preview_session_token(claims: Mapping[str, Any], person: str) -> Preview:
    """Return the session token with these claims added.

    :raises TemplateError: If they are not fit for a session token.
    :raises LocalClerkError: ``resource_not_found`` if nobody is that.
    """
    local, session = current_local(), _session(person)
    custom = local.minting.custom_claims(session, claims)
    lifetime = local.settings.token_lifetime
    every = {**custom, **local.minting.session_claims(session, None, lifetime)}
    token = sign(local.signing_key, CATEGORY_SESSION, every)
    return Preview(every, claims_size(custom), token)


def _session(person: str) -> Session:
    """Return a session that the person could have; nobody is signed in by it."""
    user_id, _, organization_id = person.partition(":")
    return current_local().sessions.imagine(user_id, organization_id or None)
