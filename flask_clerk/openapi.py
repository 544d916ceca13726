"""OpenAPI: what the guards of the routes say, as security schemes and security requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import TypeAlias

from .core.constants import Cookies
from .core.tokens import API_KEY
from .core.tokens import JWT_TEMPLATE
from .core.tokens import M2M_TOKEN
from .core.tokens import OAUTH_TOKEN
from .core.tokens import SESSION_TOKEN
from .endpoints import guarded_routes
from .endpoints import guards_at
from .endpoints import is_public_at
from .globals import clerk_of
from .guards import accepted_by

if TYPE_CHECKING:
    from flask import Flask

#: Alternatives, each of which names schemes with the scopes that are needed.
Requirements: TypeAlias = list[dict[str, list[str]]]

SESSION_COOKIE: Final = "clerk_session_cookie"
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    SESSION_TOKEN: (SESSION_COOKIE, "clerk_session_token"),
    API_KEY: ("clerk_api_key",),
    M2M_TOKEN: ("clerk_m2m_token",),
    OAUTH_TOKEN: ("clerk_oauth_token",),
    JWT_TEMPLATE: ("clerk_jwt_template",),
}
_WORDS: Final[Mapping[str, str]] = {
    "clerk_session_token": "A session token of Clerk's.",
    "clerk_api_key": "An API key of a user or an organization, ak_….",
    "clerk_m2m_token": "A token of another machine, mt_… or a JWT.",
    "clerk_oauth_token": "An OAuth access token, oat_… or a JWT.",
    "clerk_jwt_template": "A token made from a JWT template.",
}
_VARIABLE: Final = re.compile(r"<(?:[^<>:]*:)?([^<>]+)>")


def security_schemes(app: Flask) -> dict[str, dict[str, Any]]:
    """Return ``components.securitySchemes`` for the token types that the app's routes accept.

    :raises RuntimeError: If the app has no Clerk.
    """
    config = clerk_of(app).instance.config
    scopes: dict[str, set[str]] = {}
    for route in guarded_routes(app, closed=config.require_auth):
        for token_type in config.accepts_token if route.accepts is None else route.accepts:
            named = scopes.setdefault(token_type, set())
            named.update(scope for guard in route.guards for scope in guard.scopes)
    return {
        name: security_scheme(app, name, sorted(scopes[token_type]))
        for token_type, names in _SCHEMES.items()
        if token_type in scopes
        for name in names
    }


def security_scheme(app: Flask, name: str, scopes: Iterable[str] = ()) -> dict[str, Any]:
    """Return one scheme.

    :param scopes: Those that OAuth clients may ask for.
    :raises RuntimeError: If the app has no Clerk.
    """
    if name == SESSION_COOKIE:
        return {"type": "apiKey", "in": "cookie", "name": Cookies.SESSION}
    issuer = clerk_of(app).instance.config.issuer
    if name not in _SCHEMES[OAUTH_TOKEN] or issuer is None:
        return {"type": "http", "scheme": "bearer", "description": _WORDS[name]}
    flow = {
        "authorizationUrl": f"{issuer}/oauth/authorize",
        "tokenUrl": f"{issuer}/oauth/token",
        "refreshUrl": f"{issuer}/oauth/token",
        "scopes": dict.fromkeys(scopes, ""),
    }
    return {
        "type": "oauth2",
        "description": _WORDS[name],
        "flows": {"authorizationCode": flow},
    }


def security_of(
    app: Flask, endpoint: str, method: str, *, names_roles: bool = False
) -> Requirements | None:
    """Return the ``security`` of an operation; ``None`` where nothing is said of it.

    :param method: The HTTP method, in capitals.
    :param names_roles: Whether scopes are named for all types of tokens, as OpenAPI 3.1 allows,
        and not for OAuth alone.
    :raises RuntimeError: If the app has no Clerk.
    """
    config = clerk_of(app).instance.config
    guards = guards_at(app, endpoint, method, closed=config.require_auth)
    if not guards:
        return [] if is_public_at(app, endpoint, method) else None
    named = accepted_by(guards)
    scopes = list(dict.fromkeys(scope for guard in guards for scope in guard.scopes))
    return [
        {name: scopes if _names_scopes(token_type, names_roles) else []}
        for token_type in (config.accepts_token if named is None else named)
        for name in _SCHEMES[token_type]
    ]


def endpoint_at(app: Flask, path: str, method: str) -> str | None:
    """Return the endpoint of an OpenAPI path (``/invoices/{id}``), or ``None``.

    :param method: The HTTP method, in capitals.
    """
    for rule in app.url_map.iter_rules():
        if _VARIABLE.sub(r"{\1}", rule.rule) == path and method in (rule.methods or ()):
            return str(rule.endpoint)
    return None


def _names_scopes(token_type: str, names_roles: bool) -> bool:
    return token_type == OAUTH_TOKEN or (
        names_roles and token_type not in (SESSION_TOKEN, JWT_TEMPLATE)
    )
