"""From where a page asks, and where a browser may be sent."""

from __future__ import annotations

from typing import Final

from flask import request

from ....core.constants import Parameters
from ....core.settings import origins
from ....core.urls import host_of
from ....core.urls import origin_of
from ....core.urls import safe_redirect
from ....globals import EXTENSION
from ....globals import clerk_of
from ... import errors
from ..current import host_app
from ..guard import is_loopback_host
from .browser import mount_path

_ALLOWED: Final = "CLERK_ALLOWED_REDIRECT_ORIGINS"


def may_call(origin: str) -> bool:
    """Whether pages of an origin may use the Frontend API.

    In front of an app only the app's own pages may: other ports of this machine are the same
    site, so the browser's cookies would go along with a form of theirs.
    """
    if not mount_path():
        return is_own_origin(origin)
    return origin == origin_of(request.host_url) or origin in _configured_origins()


def page_origin() -> str | None:
    """Return the origin of the page that asks, for ``azp``.

    Browsers send no ``Origin`` with a GET to the page's own one.
    """
    sent = request.headers.get("Origin") or request.headers.get("Referer")
    if sent is None and request.headers.get("Sec-Fetch-Site") == "same-origin":
        sent = request.host_url
    origin = origin_of(sent) if sent else None
    return origin if origin is not None and is_own_origin(origin) else None


def is_own_origin(origin: str) -> bool:
    """Whether pages of this origin may use this API: those of this machine only."""
    return origin == origin_of(request.host_url) or is_loopback_host(host_of(origin))


def redirect_target(url: str | None) -> str:
    """Return where a browser may be sent: to this machine, or to an origin that is configured.

    :raises LocalClerkError: ``form_param_missing``, ``form_param_value_invalid``.
    """
    if not url:
        raise errors.param_missing(Parameters.REDIRECT_URL)
    origin = origin_of(url)
    is_own = origin is not None and is_own_origin(origin)
    allowed = (origin,) if origin is not None and is_own else _configured_origins()
    target = safe_redirect(url, request.host_url, allowed)
    if target is None:
        raise errors.param_invalid(
            Parameters.REDIRECT_URL,
            f"The local Clerk sends nobody to another machine; add the origin to {_ALLOWED}.",
        )
    return target


def _configured_origins() -> tuple[str, ...]:
    host = host_app()
    if EXTENSION in host.extensions:
        return clerk_of(host).instance.config.allowed_redirect_origins
    configured = host.config.get(_ALLOWED)
    return origins(configured, _ALLOWED) if configured else ()
