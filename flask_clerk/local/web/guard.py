"""Who may talk to the local Clerk: this machine, and only while the app is being developed."""

from __future__ import annotations

import ipaddress
import logging
from urllib.parse import urlsplit

from flask import abort
from flask import current_app
from flask import request

logger = logging.getLogger("flask_clerk")


def require_loopback() -> None:
    """Answer 404 unless the app is in debug or testing mode and the request is this machine's own.

    The address is the socket's, before any ``ProxyFix``; the host is checked too, since a page
    elsewhere can make a name of its own resolve to 127.0.0.1 (DNS rebinding).
    """
    if not current_app.debug and not current_app.testing:
        logger.error(
            "CLERK_LOCAL is on but the app is neither in debug nor in testing mode: the local "
            "Clerk serves nothing. Remove CLERK_LOCAL in production."
        )
        abort(404)
    original = request.environ.get("werkzeug.proxy_fix.orig", {})
    address = original.get("REMOTE_ADDR", request.environ.get("REMOTE_ADDR"))
    if not is_loopback_address(address) or not is_loopback_host(request.host):
        abort(404)


def is_loopback_address(address: str | None) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """Whether a ``Host`` names this machine: localhost, below it, or a loopback address."""
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)
