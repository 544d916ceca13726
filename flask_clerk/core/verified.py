"""VerifiedToken: what a token says that stands for itself, and for no session."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Final

from .claims import Claims
from .claims import FrozenList
from .claims import freeze
from .tokens import JWT_TEMPLATE
from .tokens import M2M_TOKEN
from .tokens import OAUTH_TOKEN
from .tokens import is_finite

#: A Unix time above this is in milliseconds; Clerk sends the one or the other.
_MILLISECONDS: Final = 1e11
#: What an M2M token carries besides the claims that the calling machine gave it.
_STRUCTURAL: Final = frozenset({"iss", "sub", "exp", "nbf", "iat", "jti"})
#: The claims that hold a JWT's scopes; the first that is there counts.
_SCOPE_CLAIMS: Final = {M2M_TOKEN: ("scopes", "aud"), OAUTH_TOKEN: ("scp", "scope")}


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An API key, an M2M or OAuth token, or a token made from a JWT template.

    :param claims: Those that its maker chose; all of them for a JWT-template token.
    :param scopes: What an API key or OAuth token may do; which machines an M2M token is for.
    :param issued_at: Unix seconds, as far as it is known.
    :param expires_at: Unix seconds, or ``None`` for a token that does not expire.
    """

    token_type: str
    id: str | None
    subject: str
    scopes: FrozenList
    claims: Claims | None = None
    name: str | None = None
    client_id: str | None = None
    issued_at: float | None = None
    expires_at: float | None = None

    @classmethod
    def from_claims(cls, token_type: str, claims: Claims) -> VerifiedToken:
        """Read the verified claims of a JWT.

        :param token_type: ``m2m_token``, ``oauth_token`` or ``jwt_template``.
        """
        own: Mapping[str, Any] | None = None
        if token_type == JWT_TEMPLATE:
            own = claims
        elif token_type == M2M_TOKEN:
            own = {name: value for name, value in claims.items() if name not in _STRUCTURAL}
        return cls(
            token_type,
            _text(claims.get("jti")),
            claims["sub"],
            FrozenList(_scopes_of(token_type, claims)),
            claims=freeze(own) if own else None,
            client_id=_text(claims.get("client_id")) if token_type == OAUTH_TOKEN else None,
            issued_at=_seconds(claims.get("iat")),
            expires_at=_seconds(claims.get("exp")),
        )

    @classmethod
    def from_answer(cls, token_type: str, answer: Mapping[str, Any]) -> VerifiedToken | None:
        """Read what the Backend API says of an opaque token; ``None`` for a malformed answer.

        :param token_type: ``api_key``, ``m2m_token`` or ``oauth_token``.
        """
        subject, claims = answer.get("subject"), answer.get("claims")
        if not isinstance(subject, str) or not subject:
            return None
        return cls(
            token_type,
            _text(answer.get("id")),
            subject,
            FrozenList(_texts(answer.get("scopes"))),
            claims=freeze(claims) if isinstance(claims, dict) else None,
            name=_text(answer.get("name")),
            client_id=_text(answer.get("client_id")),
            issued_at=_seconds(answer.get("created_at")),
            expires_at=_seconds(answer.get("expiration")),
        )


def _scopes_of(token_type: str, claims: Claims) -> Iterable[str]:
    names = _SCOPE_CLAIMS.get(token_type, ())
    return _texts(next((claims[name] for name in names if claims.get(name) is not None), None))


def _texts(value: Any) -> Iterable[str]:
    """Read a list of strings, or one string with spaces between them."""
    listed = value.split() if isinstance(value, str) else value
    return filter(None, map(_text, listed)) if isinstance(listed, list) else ()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> float | None:
    if not is_finite(value):
        return None
    return value / 1000 if value > _MILLISECONDS else value
