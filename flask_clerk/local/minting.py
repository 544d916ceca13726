"""Minting: from what the instance knows to the tokens that an app believes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from typing import Final

from ..core.tokens import CATEGORY_M2M
from ..core.tokens import CATEGORY_SESSION
from ..core.tokens import CATEGORY_TEMPLATE
from ..jwt_templates import SESSION_RESERVED_CLAIMS
from ..jwt_templates import RenderContext
from ..jwt_templates import Template
from ..jwt_templates import parse_claims
from ..jwt_templates import render_claims
from . import errors
from .model import JWTTemplate
from .model import Membership
from .model import Organization
from .model import Role
from .model import Session
from .model import User
from .permissions import pack
from .permissions import pack_plans
from .rendering import render_context
from .service import Service
from .signing import sign
from .signing import sign_with_own_key

#: Seconds by which ``nbf`` lies before ``iat`` in a session token.
_NOT_BEFORE: Final = 10


class Minting(Service):
    """The tokens of an instance."""

    def session_token(
        self, session: Session, *, origin: str | None = None, lifetime: int | None = None
    ) -> str:
        """Return a session token, version 2.

        :param session: A live one.
        :param origin: The origin of the page that asks, for ``azp``.
        :param lifetime: Seconds, instead of the settings'.
        """
        settings = self._clerk.settings
        custom = self.custom_claims(session, settings.session_token_claims)
        claims = self.session_claims(session, origin, lifetime or settings.token_lifetime)
        return sign(self._clerk.signing_key, CATEGORY_SESSION, {**custom, **claims})

    def custom_claims(self, session: Session, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a customised session token adds to the default claims.

        :param claims: With shortcodes, as the settings hold them.
        :raises TemplateError: If they are not fit for a session token.
        """
        if not claims:
            return {}
        parsed = parse_claims(claims, reserved=SESSION_RESERVED_CLAIMS)
        return render_claims(parsed, self.context(session))

    def session_claims(self, session: Session, origin: str | None, lifetime: int) -> dict[str, Any]:
        """Return the default claims of a session token, in alphabetical order."""
        times = self._times(lifetime, _NOT_BEFORE)
        user, organization, membership, role = self._facts(session)
        claims: dict[str, Any] = {
            **times,
            "azp": origin,
            "act": session.actor,
            "fva": session.factor_verification_age(self._now),
            "sid": session.id,
            "sts": session.status,
            "sub": session.user_id,
            "v": 2,
        }
        packed = pack(
            role.custom_permissions if role else (),
            organization.features if organization else (),
            user.features,
        )
        claims["fea"] = packed.fea
        claims["pla"] = pack_plans(
            organization.plans if organization else (), () if organization else user.plans
        )
        if organization is not None and membership is not None:
            claims["o"] = _present(
                {
                    "fpm": packed.fpm,
                    "id": organization.id,
                    "per": packed.per,
                    "rol": membership.role.removeprefix("org:"),
                    "slg": organization.slug,
                }
            )
        return dict(sorted(_present(claims).items()))

    def template_token(
        self,
        session: Session,
        name: str,
        *,
        origin: str | None = None,
        lifetime: int | None = None,
    ) -> str:
        """Return a token made from a JWT template.

        :param name: The template's name.
        :param lifetime: Seconds, instead of the template's.
        :raises LocalClerkError: ``resource_not_found`` for an unknown template.
        """
        found = self._clerk.templates.get(name)
        claims = self.template_claims(session, found.template, origin=origin, lifetime=lifetime)
        return self._sign_template(found, claims)

    def template_claims(
        self,
        session: Session,
        template: Template,
        *,
        origin: str | None = None,
        lifetime: int | None = None,
    ) -> dict[str, Any]:
        """Return the claims of a token made from a template, stored or not.

        :param lifetime: Seconds, instead of the template's.
        """
        times = self._times(lifetime or template.lifetime, template.allowed_clock_skew)
        return {
            **template.render(self.context(session)),
            **_present({"azp": origin}),
            **times,
            "sub": session.user_id,
        }

    def handshake_token(self, lines: list[str]) -> str:
        """Return a token that carries ``Set-Cookie`` lines; it has no times."""
        return sign(self._clerk.signing_key, CATEGORY_SESSION, {"handshake": lines})

    def m2m_token(
        self, machine_id: str, scopes: tuple[str, ...], claims: Mapping[str, Any], lifetime: int
    ) -> str:
        """Return a machine-to-machine token as a JWT.

        :param scopes: The machines that it is for.
        :param lifetime: Seconds.
        """
        own = {
            **claims,
            **self._times(lifetime, _NOT_BEFORE),
            "jti": f"mt_{secrets.token_hex(16)}",
            "sub": machine_id,
            "aud": list(scopes),
            "scopes": " ".join(scopes),
        }
        return sign(self._clerk.signing_key, CATEGORY_M2M, own)

    def context(self, session: Session) -> RenderContext:
        """Return what the shortcodes of templates stand for in this session."""
        user, organization, membership, role = self._facts(session)
        with self._read() as tx:
            organizations = {
                each.organization_id: each.role for each in tx.find(Membership, user_id=user.id)
            }
        return render_context(session, user, organization, membership, role, organizations)

    def _facts(
        self, session: Session
    ) -> tuple[User, Organization | None, Membership | None, Role | None]:
        with self._read() as tx:
            user = self._clerk.users.get(session.user_id)
            active = session.last_active_organization_id
            membership = self._clerk.organizations.membership(user.id, active) if active else None
            if membership is None:
                return user, None, None, None
            organization = tx.get(Organization, membership.organization_id)
            return user, organization, membership, tx.get(Role, membership.role)

    def _times(self, lifetime: int, not_before: int) -> dict[str, Any]:
        now = int(self._clerk.clock() + self._clerk.faults.token_clock_skew)
        return {
            "exp": now + lifetime,
            "iat": now,
            "iss": self._clerk.issuer,
            "jti": secrets.token_hex(10),
            "nbf": now - not_before,
        }

    def _sign_template(self, found: JWTTemplate, claims: Mapping[str, Any]) -> str:
        template = found.template
        if not template.custom_signing_key or not found.signing_key:
            return sign(self._clerk.signing_key, CATEGORY_TEMPLATE, claims)
        try:
            return sign_with_own_key(
                template.signing_algorithm, found.signing_key, found.id, CATEGORY_TEMPLATE, claims
            )
        except (ValueError, KeyError) as error:
            raise errors.param_invalid(
                "signing_key", f"The signing key does not fit {template.signing_algorithm}."
            ) from error


def _present(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}
