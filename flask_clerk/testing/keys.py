"""A key pair that stands for Clerk, and the tokens that it signs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from ..core.instance import wall_clock
from ..core.keys import PRODUCTION
from ..core.keys import PublishableKey
from ..core.tokens import CATEGORY_M2M
from ..core.tokens import CATEGORY_SESSION
from ..core.tokens import CATEGORY_TEMPLATE
from ..local.permissions import pack

_REGISTRY = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
_KID = "ins_testing"


class ClerkKeys:
    """The keys of a Clerk instance that exists in tests only.

    Tokens signed with them are real: the app verifies them by the same path as Clerk's own.
    """

    def __init__(self, clock: Callable[[], float] = wall_clock) -> None:
        """Make a new RSA key pair, which takes a moment; one for a whole test run is enough.

        :param clock: Returns Unix seconds; tokens are issued by it.
        """
        self.clock = clock
        self.key = RSAKey.generate_key(2048, private=True)
        #: What Clerk would answer about the API keys that were made.
        self.api_keys: dict[str, dict[str, Any]] = {}
        self.publishable_key = PublishableKey.build("clerk.testing.example", PRODUCTION)

    def __repr__(self) -> str:
        return f"<ClerkKeys of {self.publishable_key.frontend_api}>"

    @property
    def public_pem(self) -> str:
        """The public key, as ``CLERK_JWT_KEY`` takes it."""
        pem: bytes = self.key.as_pem(private=False)
        return pem.decode("ascii")

    @property
    def settings(self) -> dict[str, str]:
        """The keys as settings, for ``app.config`` or the environment."""
        return {
            "CLERK_JWT_KEY": self.public_pem,
            "CLERK_PUBLISHABLE_KEY": self.publishable_key.value,
        }

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """Return a JWT of exactly these claims.

        :param header: Header parameters instead of, or besides, a session token's; ``None`` leaves
            one out.
        """
        parameters = {"alg": "RS256", "cat": CATEGORY_SESSION, "kid": _KID, "typ": "JWT"}
        merged = {**parameters, **(header or {})}
        merged = {name: value for name, value in merged.items() if value is not None}
        token: str = jwt.encode(merged, dict(claims), self.key, registry=_REGISTRY)
        return token

    def session_token(
        self,
        user_id: str = "user_testing",
        *,
        session_id: str = "sess_testing",
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
        org_id: str | None = None,
        org_slug: str | None = None,
        org_role: str | None = None,
        org_permissions: Iterable[str] = (),
    ) -> str:
        """Return a session token of version 2.

        :param claims: Claims besides or instead of the usual ones; ``None`` leaves one out.
        :param org_id: The active organization; its slug, the role and the permissions follow.
        :param org_permissions: Such as ``org:invoices:manage``.
        :param expires_in: Seconds from now; below zero for an expired token.
        """
        usual = {
            "azp": "http://localhost",
            "fva": [0, -1],
            "sid": session_id,
            "sts": "active",
            "sub": user_id,
            "v": 2,
            **_organization_claims(org_id, org_slug, org_role, org_permissions),
        }
        return self._token({**usual, **(claims or {})}, expires_in)

    def template_token(
        self,
        claims: Mapping[str, Any] | None = None,
        *,
        user_id: str = "user_testing",
        expires_in: int = 60,
    ) -> str:
        """Return a token made from a JWT template.

        :param claims: What the template makes; ``None`` leaves one of the usual ones out.
        :param expires_in: Seconds from now; below zero for an expired token.
        """
        usual = {"azp": "http://localhost", "sub": user_id}
        return self._token({**usual, **(claims or {})}, expires_in, cat=CATEGORY_TEMPLATE)

    def m2m_token(
        self,
        machine_id: str = "mch_testing",
        *,
        scopes: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
    ) -> str:
        """Return a machine-to-machine token, as a JWT.

        :param scopes: The machines that it is for.
        :param claims: Those of the calling machine's own, or instead of the usual ones.
        :param expires_in: Seconds from now; below zero for an expired token.
        """
        machines = list(scopes)
        usual = {"aud": machines, "scopes": " ".join(machines), "sub": machine_id}
        return self._token({**usual, **(claims or {})}, expires_in, cat=CATEGORY_M2M)

    def oauth_token(
        self,
        user_id: str = "user_testing",
        *,
        client_id: str = "client_testing",
        scopes: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
    ) -> str:
        """Return an OAuth access token, as a JWT (RFC 9068).

        :param client_id: The OAuth application.
        :param claims: Claims besides or instead of the usual ones, such as ``aud``.
        :param expires_in: Seconds from now; below zero for an expired token.
        """
        usual = {"client_id": client_id, "scope": " ".join(scopes), "sub": user_id}
        return self._token({**usual, **(claims or {})}, expires_in, cat=None, typ="at+jwt")

    def api_key(
        self,
        subject: str = "user_testing",
        *,
        name: str = "testing",
        scopes: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        expires_in: int | None = None,
    ) -> str:
        """Return an API key. Apps with a client of these keys (:func:`install`) know it.

        :param subject: A user or an organization.
        :param expires_in: Seconds from now; it does not expire unless given.
        """
        now = int(self.clock())
        key = f"ak_{secrets.token_hex(16)}"
        self.api_keys[key] = {
            "object": "api_key",
            "id": f"ak_{secrets.token_hex(16)}",
            "type": "api_key",
            "subject": subject,
            "name": name,
            "scopes": list(scopes),
            "claims": None if claims is None else dict(claims),
            "revoked": False,
            "expired": False,
            "expiration": None if expires_in is None else (now + expires_in) * 1000,
            "created_at": now * 1000,
        }
        return key

    def _token(self, claims: Mapping[str, Any], expires_in: int, **header: Any) -> str:
        """Return a JWT of these claims and the usual times, without those that are ``None``."""
        now = int(self.clock())
        issued_at = min(now, now + expires_in - 60)
        usual = {
            "exp": now + expires_in,
            "iat": issued_at,
            "iss": f"https://{self.publishable_key.frontend_api}",
            "jti": secrets.token_hex(10),
            "nbf": issued_at - 10,
        }
        merged = {**usual, **claims}
        return self.sign(
            {name: value for name, value in merged.items() if value is not None}, header
        )


def _organization_claims(
    org_id: str | None, slug: str | None, role: str | None, permissions: Iterable[str]
) -> dict[str, Any]:
    """Return the claims of an active organization, packed as version 2 packs them."""
    if org_id is None:
        return {}
    packed = pack(permissions)
    facts = {
        "id": org_id,
        "slg": slug or org_id.removeprefix("org_"),
        "rol": role and role.removeprefix("org:"),
        "per": packed.per,
        "fpm": packed.fpm,
    }
    organization = {name: value for name, value in facts.items() if value is not None}
    return {"o": organization, "fea": packed.fea}
