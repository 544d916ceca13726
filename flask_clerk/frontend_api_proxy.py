"""The Frontend API behind the app's own domain: a blueprint that hands requests on to Clerk.

Clerk's documentation, "Proxying the Clerk Frontend API".
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Final
from typing import cast
from urllib.parse import quote
from urllib.parse import urljoin
from urllib.parse import urlsplit

from flask import Blueprint
from flask import Flask
from flask import Response
from flask import current_app
from flask import jsonify
from flask import request

from .core.config import ClerkConfig
from .core.errors import BackendAPIError
from .core.errors import ConfigurationError
from .core.urls import is_loopback
from .core.urls import origin_of
from .globals import clerk_of
from .globals import current_clerk
from .guards import mark_apart

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

    from .api.frontend_api import Answer
    from .api.frontend_api import FrontendAPI

logger = logging.getLogger("flask_clerk")

#: Where Clerk serves the Frontend API of instances that are behind a proxy.
FRONTEND_API: Final = "https://frontend-api.clerk.dev"
#: Bytes. Clerk takes images of ten million.
MAX_BODY: Final = 16 * 1024 * 1024

_EXTENSION: Final = "clerk_frontend_api"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: RFC 9110, section 7.6.1; the others are obsolete names of the same kind.
_HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
#: What says where a request comes from is said anew, as far as the app's ``ProxyFix`` knows it.
_SAID_ANEW: Final = frozenset(
    {
        "clerk-proxy-url", "clerk-secret-key", "content-length", "expect", "forwarded", "host",
        "true-client-ip", "x-client-ip", "x-real-ip",
    }
)  # fmt: skip
#: What Clerk's host says of itself is not true of the app's, and the server dates every answer.
_OF_ITS_HOST: Final = frozenset(
    {"alt-svc", "date", "nel", "report-to", "server", "strict-transport-security"}
)


def make_proxy(url_prefix: str) -> Blueprint:
    """Return a blueprint that serves the Frontend API below a path.

    Registering it checks the app's settings, so the app needs its Clerk before.
    """
    proxy = Blueprint("clerk_frontend_api", __name__, url_prefix=url_prefix)
    proxy.record_once(_check)
    mark_apart(forward)
    for rule in ("/", "/<path:path>"):
        proxy.add_url_rule(
            rule, "forward", forward, methods=_METHODS, provide_automatic_options=False
        )
    return proxy


def forward(path: str = "") -> Response:
    """Hand the request on, and the answer back while it arrives."""
    from .api.frontend_api import Body

    if any(segment in (".", "..") for segment in path.split("/")):
        return _refusal(400, "The path leads upwards.")
    length = request.content_length or 0
    if length > MAX_BODY:
        return _refusal(413, f"A request to Clerk has at most {MAX_BODY} bytes.")
    if length == 0 and request.headers.get("Transfer-Encoding"):
        return _refusal(411, "A request to Clerk says how long it is.")
    target = quote(path, safe="/:@!$&'()*+,;=-._~")
    if request.query_string:
        target += "?" + quote(request.query_string, safe="%/:?@!$&'()*+,;=-._~[]")
    body = Body(request.stream, length) if length else None
    proxy_url = current_clerk().visit_of(request).context.frontend_api
    try:
        answer = _upstream().send(request.method, target, _request_headers(proxy_url), body)
    except BackendAPIError as error:
        logger.warning("%s", error)
        return _refusal(502, "Clerk could not be reached.")
    response = Response(answer.body, answer.status, direct_passthrough=True)
    response.headers.clear()
    for name, value in _response_headers(answer, proxy_url):
        response.headers.add(name, value)
    response.call_on_close(answer.close)
    return response


def _check(state: BlueprintSetupState) -> None:
    """Refuse settings with which the proxy would serve nothing, or the wrong thing."""
    config = clerk_of(cast(Flask, state.app)).instance.config
    prefix = state.url_prefix or ""
    if config.local:
        raise ConfigurationError(
            f"The local Clerk serves {prefix} itself: register clerk.frontend_api_proxy() only "
            "where CLERK_LOCAL is off."
        )
    if config.secret_key is None:
        raise ConfigurationError("The Frontend API proxy needs CLERK_SECRET_KEY.")
    path = urlsplit(config.proxy_url or "").path
    if not prefix or not path.endswith(prefix):  # in front of it may be where the app is mounted
        raise ConfigurationError(
            f"The Frontend API proxy is at {prefix}: set CLERK_PROXY_URL to this path, or to the "
            f"whole URL, such as https://example.com{prefix}."
        )
    origin = _origin(config)
    if not origin.startswith("https:") and not is_loopback(origin):
        raise ConfigurationError(
            "CLERK_FRONTEND_API must be an https URL behind a proxy, since the secret key travels "
            "to it."
        )


def _origin(config: ClerkConfig) -> str:
    return origin_of(config.frontend_api or "") or FRONTEND_API


def _upstream() -> FrontendAPI:
    """Return the app's way to the Frontend API; ``requests`` is loaded only now."""
    from .api.frontend_api import FrontendAPI

    found = current_app.extensions.get(_EXTENSION)
    if found is None:
        origin = _origin(current_clerk().instance.config)
        found = current_app.extensions.setdefault(_EXTENSION, FrontendAPI(origin))
    return found  # type: ignore[no-any-return]


def _request_headers(proxy_url: str) -> Iterable[tuple[str, str]]:
    secret_key = current_clerk().instance.config.secret_key
    dropped = _HOP_BY_HOP | _SAID_ANEW | _named_in(request.headers.getlist("Connection"))
    for name, value in request.headers:
        lower = name.lower()
        if lower == "cookie":
            value = _without_own_session(value)
        is_said_anew = lower.startswith(("x-forwarded-", "cf-"))
        if lower not in dropped and not is_said_anew and value:
            yield name, value
    yield "Clerk-Proxy-Url", proxy_url
    yield "Clerk-Secret-Key", "" if secret_key is None else secret_key.value
    yield "X-Forwarded-Host", request.host
    yield "X-Forwarded-Proto", request.scheme
    if request.remote_addr:
        yield "X-Forwarded-For", request.remote_addr


def _without_own_session(cookies: str) -> str:
    """Leave out Flask's session: it is none of Clerk's business."""
    own = current_app.config["SESSION_COOKIE_NAME"]
    kept = [part for part in cookies.split(";") if part.partition("=")[0].strip() != own]
    return ";".join(kept).strip()


def _response_headers(answer: Answer, proxy_url: str) -> Iterable[tuple[str, str]]:
    named = _named_in(value for name, value in answer.headers if name.lower() == "connection")
    dropped = _HOP_BY_HOP | _OF_ITS_HOST | named
    for name, value in answer.headers:
        if name.lower() == "location":
            value = _behind_proxy(value, proxy_url)
        if name.lower() not in dropped:
            yield name, value


def _behind_proxy(location: str, proxy_url: str) -> str:
    """Return where a redirect leads: what stays with the Frontend API stays behind the proxy."""
    origin = _origin(current_clerk().instance.config)
    target = urljoin(f"{origin}/", location)
    if origin_of(target) != origin:
        return location
    return proxy_url + target[len(origin) :]


def _named_in(connection: Iterable[str]) -> frozenset[str]:
    """Return the names of the headers that ``Connection`` declares to be of one hop only."""
    return frozenset(name.strip().lower() for value in connection for name in value.split(","))


def _refusal(status: int, message: str) -> Response:
    """Return an error in Clerk's shape."""
    error = {"code": "proxy_request_failed", "message": message, "long_message": message}
    response = jsonify(errors=[error])
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
