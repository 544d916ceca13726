"""The token that a template or a customised session token makes, all but its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final

from .claims import ParsedClaims
from .render import RenderContext
from .render import render_claims
from .template import Template
from .values import claims_size

#: Bytes of a signature. Clerk's own keys are RSA-2048, and so are taken those of templates.
_SIGNATURES: Final = {"HS256": 32, "HS384": 48, "HS512": 64, "ES256": 64, "ES384": 96, "ES512": 132}
_RSA_SIGNATURE: Final = 256
_SESSION_COOKIE: Final = "__session_12345678"
#: Seconds (Clerk's "Session tokens").
_SESSION_LIFETIME: Final = 60
_SESSION_NOT_BEFORE: Final = 10
# In the length that Clerk gives them; a token is made with new ones.
_USER_ID: Final = "user_" + "0" * 27
_SESSION_ID: Final = "sess_" + "0" * 27
_KEY_ID: Final = "ins_" + "0" * 27
_CATEGORY: Final = "cl_" + "0" * 12
_TOKEN_ID: Final = "0" * 20


@dataclass(frozen=True, slots=True)
class Mint:
    """Who mints, and when.

    :param issuer: The instance's Frontend API.
    :param origin: Of the page that asks for the token, for ``azp``.
    :param now: Unix seconds.
    """

    issuer: str
    origin: str | None = None
    now: int = 0

    def times(self, lifetime: int, not_before: int) -> dict[str, Any]:
        """Return the claims that every token has, with ``azp`` where a page asks.

        :param lifetime: Seconds from now to ``exp``.
        :param not_before: Seconds from ``nbf`` to now.
        """
        return {
            **({} if self.origin is None else {"azp": self.origin}),
            "exp": self.now + lifetime,
            "iat": self.now,
            "iss": self.issuer,
            "jti": _TOKEN_ID,
            "nbf": self.now - not_before,
        }


@dataclass(frozen=True, slots=True)
class TokenPreview:
    """A token without a signature. Sizes are in bytes.

    :param custom: The claims that the developer added.
    :param claims: All of them.
    """

    custom: Mapping[str, Any]
    claims: Mapping[str, Any]
    algorithm: str = field(default="RS256")

    @property
    def custom_size(self) -> int:
        """Bytes of the developer's claims, as JSON."""
        return claims_size(self.custom)

    @property
    def size(self) -> int:
        """Bytes of the token, with its header and its signature."""
        header = {"alg": self.algorithm, "cat": _CATEGORY, "kid": _KEY_ID, "typ": "JWT"}
        signature = _SIGNATURES.get(self.algorithm, _RSA_SIGNATURE)
        parts = (claims_size(header), claims_size(self.claims), signature)
        return sum(map(_base64_size, parts)) + len("..")

    @property
    def cookie_size(self) -> int:
        """Bytes of name and value of the longer of Clerk's two session cookies, had it this."""
        return len(f"{_SESSION_COOKIE}=") + self.size


def preview_template(template: Template, context: RenderContext, mint: Mint) -> TokenPreview:
    """Return the token that a template makes."""
    custom = template.render(context)
    times = mint.times(template.lifetime, template.allowed_clock_skew)
    algorithm = template.signing_algorithm if template.custom_signing_key else "RS256"
    return TokenPreview(custom, {**custom, **times, "sub": _subject(context)}, algorithm)


def preview_session_token(custom: ParsedClaims, context: RenderContext, mint: Mint) -> TokenPreview:
    """Return a customised session token, version 2.

    Features, plans and permissions are not in it: no call of the Backend API tells them all.
    """
    added = render_claims(custom, context)
    own: dict[str, Any] = {
        **mint.times(_SESSION_LIFETIME, _SESSION_NOT_BEFORE),
        "fva": [0, -1],
        "sid": _SESSION_ID,
        "sts": "active",
        "sub": _subject(context),
        "v": 2,
    }
    if context.org is not None:
        role = str(context.org.get("role")).removeprefix("org:")
        own["o"] = {"id": context.org.get("id"), "rol": role, "slg": context.org.get("slug")}
    return TokenPreview(added, {**added, **dict(sorted(own.items()))})


def _subject(context: RenderContext) -> str:
    return str((context.user or {}).get("id") or _USER_ID)


def _base64_size(size: int) -> int:
    """Return the characters of base64url without padding (RFC 7515, section 2)."""
    return (size * 4 + 2) // 3
