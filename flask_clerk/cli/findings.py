"""What can be said of a token, or of a request's cookies, as JSON. No token is ever in it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Final

from ..core.config import ClerkConfig
from ..core.constants import Cookies
from ..core.context import AuthenticateContext
from ..core.explanation import Check
from ..core.explanation import explain
from ..core.instance import Instance
from ..core.tokens import API_KEY
from ..core.tokens import JWT_TEMPLATE
from ..core.tokens import M2M_TOKEN
from ..core.tokens import OAUTH_TOKEN
from ..core.tokens import SESSION_TOKEN
from ..core.tokens import UnverifiedToken
from ..core.tokens import claimed_type
from ..core.tokens import is_finite

Json = dict[str, Any]

_KINDS: Final = {
    SESSION_TOKEN: "session token",
    JWT_TEMPLATE: "JWT-template token",
    API_KEY: "API key",
    M2M_TOKEN: "M2M token",
    OAUTH_TOKEN: "OAuth access token",
}
_WITH_SUFFIX: Final = (Cookies.SESSION, Cookies.CLIENT_UAT, Cookies.REFRESH, Cookies.DEV_BROWSER)
_WITHOUT: Final = (Cookies.HANDSHAKE, Cookies.HANDSHAKE_NONCE, Cookies.REDIRECT_COUNT)
_COMPARED_WITH: Final = {"aud": "audience", "azp": "authorized_parties", "iss": "issuers"}
#: A claim whose values are cookies: what it says is a secret.
_HANDSHAKE: Final = "handshake"


def token_findings(text: str, instance: Instance) -> Json:
    """Return what a token is, and every check of it."""
    found = explain(text, instance)
    token, checks = found.token, _checks(found.checks, instance.config)
    if token is None and claimed_type(text) != SESSION_TOKEN:
        return {"kind": f"opaque {_KINDS[claimed_type(text)]}", "is_verified": None}
    if token is None:
        return {"kind": "no JWT", "is_verified": False, "checks": checks}
    return {
        "kind": _kind(token),
        "is_verified": found.is_genuine,
        "refused_for": None if found.failed is None else found.failed.reason,
        "signed_by": {
            "kid": token.kid,
            "issuer": token.payload.get("iss"),
            "app_issuer": instance.config.issuer,
        },
        "lifetime": _lifetime(token, instance.now()),
        "checks": checks,
        "header": dict(token.header),
        "claims": _without_cookies(token.payload),
    }


def cookie_findings(context: AuthenticateContext) -> Json:
    """Return which of Clerk's cookies a request has, which of them count, and why."""
    return {
        "why": context.cookie_choice[1],
        "found": [
            {"name": name, "counts": counts, "says": _says(name, context)}
            for name, counts in _names(context)
            if context.cookie(name) is not None
        ],
    }


def _kind(token: UnverifiedToken) -> str:
    if token.token_type == SESSION_TOKEN and _HANDSHAKE in token.payload:
        return "handshake token"
    return _KINDS[token.token_type]


def _checks(checks: tuple[Check, ...], config: ClerkConfig) -> list[Json]:
    return [
        {
            "check": check.name,
            "is_right": check.is_right,
            "sentence": check.sentence or _unasked(check.name, config),
            "reason": check.reason,
        }
        for check in checks
    ]


def _unasked(name: str, config: ClerkConfig) -> str:
    """Return why a check let everything pass, if it did."""
    setting = _COMPARED_WITH.get(name)
    if setting is None or getattr(config, setting):
        return ""
    return f"Any is good: CLERK_{setting.upper()} is not set."


def _lifetime(token: UnverifiedToken, now: float) -> Json:
    """Return seconds: since the token was issued, until it expires, and of its whole life."""
    issued, expires = token.payload.get("iat"), token.payload.get("exp")
    age = now - issued if is_finite(issued) else None
    left = expires - now if is_finite(expires) else None
    whole = expires - issued if is_finite(issued) and is_finite(expires) else None
    return {"age": age, "left": left, "whole": whole}


def _without_cookies(payload: Mapping[str, Any]) -> Json:
    """Return the claims; of the cookies that a handshake carries, only the names."""
    claims = dict(payload)
    if isinstance(claims.get(_HANDSHAKE), list):
        claims[_HANDSHAKE] = [str(line).partition("=")[0] for line in claims[_HANDSHAKE]]
    return claims


def _names(context: AuthenticateContext) -> Iterator[tuple[str, bool]]:
    """Yield the cookies that Clerk may have set, with whether they count here."""
    key = context.config.publishable_key
    suffixed = context.uses_suffixed_cookies
    for name in _WITH_SUFFIX:
        yield name, not suffixed and name != Cookies.REFRESH
        if key is not None:
            yield f"{name}_{key.cookie_suffix}", suffixed or name == Cookies.REFRESH
    for name in _WITHOUT:
        yield name, True


def _says(name: str, context: AuthenticateContext) -> str:
    """Return what a cookie says that is no secret."""
    value = context.cookie(name) or ""
    if name.startswith((Cookies.CLIENT_UAT, Cookies.REDIRECT_COUNT)):
        return value if value.isascii() and value.isdigit() else "not a number"
    return f"{len(value)} characters"
