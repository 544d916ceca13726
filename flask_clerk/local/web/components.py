"""Clerk's prebuilt components on the local Clerk's own pages, once clerk-js is installed."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Response
from flask import after_this_request
from flask import request
from markupsafe import Markup

from ...clerk_js import clerk_js
from ...core.config import ClerkConfig
from .current import current_local
from .frontend.browser import mount_path
from .frontend.scripts import is_installed

#: Chromium holds redirects after a POST to ``form-action``, and they lead back to the app.
LOOPBACK: Final = " ".join(
    f"{scheme}://{host}:*"
    for scheme in ("http", "https")
    for host in ("localhost", "*.localhost", "127.0.0.1")
)
#: What clerk-js and its components need beyond what our own pages do: their scripts, the styles
#: that they write, calls to the Frontend API, and a worker that keeps time.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        f"form-action 'self' {LOOPBACK}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def component(name: str) -> Markup:
    """Return what mounts a component (``SignIn``, ``SignUp``), or nothing without clerk-js.

    The page's own form, marked ``data-clerk-fallback``, stays for browsers without JavaScript.
    """
    if not is_installed():
        return Markup("")
    nonce = secrets.token_urlsafe(16)

    def allow_scripts(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY.replace("{nonce}", nonce)
        return response

    after_this_request(allow_scripts)
    path = mount_path()
    config = ClerkConfig(
        publishable_key=current_local().publishable_key,
        proxy_url=path or request.host_url.rstrip("/"),
        sign_in_url=f"{path}/sign-in",
        sign_up_url=f"{path}/sign-up",
        local=True,
    )
    place = Markup('<div class="component" data-clerk-component="{}"></div>').format(name)
    return place + clerk_js(config, nonce)
