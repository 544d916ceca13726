"""Protected-resource metadata (RFC 9728): where a client learns who issues tokens for this API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import cast

from flask import Blueprint
from flask import current_app
from flask import jsonify
from flask import request
from flask.typing import ResponseReturnValue

from .challenges import METADATA_PATH
from .core.tokens import OAUTH_TOKEN
from .decorators import public
from .endpoints import guarded_routes
from .globals import clerk_of
from .globals import current_clerk

if TYPE_CHECKING:
    from flask import Flask


def metadata_blueprint(
    resource: str = "/",
    *,
    scopes_supported: Iterable[str] | None = None,
    authorization_servers: Iterable[str] | None = None,
    **fields: Any,
) -> Blueprint:
    """Return a blueprint that serves the metadata of the app, or of a part of it.

    :param resource: The path of the part, as the app's URL rules begin.
    :param scopes_supported: Those that the routes for OAuth tokens ask for, unless given.
    :param authorization_servers: Issuers; the Clerk instance unless given.
    :param fields: More of what RFC 9728, section 2, defines, such as ``resource_name``.
    :raises ValueError: If the path does not begin with a slash.
    """
    if not resource.startswith("/"):
        raise ValueError('resource is a path of this app, such as "/" or "/mcp".')
    path = resource.rstrip("/")
    name = "clerk_protected_resource" + re.sub(r"\W", "_", path)
    blueprint = Blueprint(name, __name__)
    # Sooner than the first request: challenges point here.
    blueprint.record(lambda state: clerk_of(cast("Flask", state.app)).resources.append(path))
    scopes = None if scopes_supported is None else list(scopes_supported)
    servers = None if authorization_servers is None else list(authorization_servers)

    @blueprint.get(METADATA_PATH + path)
    @public
    def metadata() -> ResponseReturnValue:
        document = {
            "resource": current_clerk().visit_of(request).base_url + path,
            "authorization_servers": _issuers() if servers is None else servers,
            "bearer_methods_supported": ["header"],
            "scopes_supported": _scopes(path) if scopes is None else scopes,
            **fields,
        }
        response = jsonify(_present(document))
        # Clients in browsers of other origins read it, and it says nothing about anybody.
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return blueprint


def _issuers() -> list[str]:
    issuer = current_clerk().instance.config.issuer
    return [] if issuer is None else [issuer]


def _scopes(path: str) -> list[str]:
    """Return the scopes that the routes below a path ask OAuth tokens for."""
    config = current_clerk().instance.config
    found: set[str] = set()
    for route in guarded_routes(current_app, closed=config.require_auth):
        accepts = config.accepts_token if route.accepts is None else route.accepts
        if OAUTH_TOKEN in accepts and f"{route.rule.rule}/".startswith(f"{path}/"):
            found.update(scope for guard in route.guards for scope in guard.scopes)
    return sorted(found)


def _present(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what has no value (RFC 9728, section 3.2)."""
    return {name: value for name, value in document.items() if value not in (None, [])}
