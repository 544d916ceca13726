"""From where a page asks, and where a browser may be sent."""

from __future__ import annotations

from typing import Final

from flask import current_app
from flask import request

from ....core.constants import Parameters
from ....core.settings import origins
from ....core.urls import host_of
from ....core.urls import origin_of
from ....core.urls import safe_redirect
from ....globals import EXTENSION
from ....globals import clerk_of
from ... import errors
from ..guard import is_loopback_host

_ALLOWED: Final = "CLERK_ALLOWED_REDIRECT_ORIGINS"


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
    if EXTENSION in current_app.extensions:
        return clerk_of(current_app).instance.config.allowed_redirect_origins
    configured = current_app.config.get(_ALLOWED)
    return origins(configured, _ALLOWED) if configured else ()
