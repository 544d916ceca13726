"""Who may talk to the local Clerk: this machine, and only while the app is being developed."""

from __future__ import annotations

import ipaddress
import logging
import re
from typing import Final
from urllib.parse import urlsplit

from flask import abort
from flask import request

from .current import host_app

#: The environ key of calls from within the process, which no header can be.
WITHIN: Final = "clerk_local.within"

logger = logging.getLogger("flask_clerk")


def require_loopback() -> None:
    """Answer 404 unless the app is in debug or testing mode and the request is this machine's own.

    The address is the socket's, before any ``ProxyFix``. The host is checked too, before and
    after it, since a page elsewhere can make a name of its own resolve to 127.0.0.1 (DNS
    rebinding). A tunnel that rewrites the host still names the one that was asked for. The app
    itself, which calls from within the process, is always answered.
    """
    if WITHIN in request.environ:
        return
    host = host_app()
    if not host.debug and not host.testing:
        logger.error(
            "CLERK_LOCAL is on but the app is neither in debug nor in testing mode: the local "
            "Clerk serves nothing. Remove CLERK_LOCAL in production."
        )
        abort(404)
    original = request.environ.get("werkzeug.proxy_fix.orig", {})
    address = original.get("REMOTE_ADDR", request.environ.get("REMOTE_ADDR"))
    names = [request.host, original.get("HTTP_HOST") or request.host, *_forwarded_hosts()]
    if not is_loopback_address(address) or not all(map(is_loopback_host, names)):
        abort(404)


def _forwarded_hosts() -> list[str]:
    """Return the hosts and addresses that forwarders before us name."""
    headers = request.headers
    listed = [headers.get("X-Forwarded-Host", ""), headers.get("X-Forwarded-For", "")]
    listed += re.findall(r'(?:host|for)="?([^";,]+)', headers.get("Forwarded", ""), re.IGNORECASE)
    return [name.strip() for value in listed for name in value.split(",") if name.strip()]


def is_loopback_address(address: str | None) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """Whether a ``Host`` names this machine: localhost, below it, or a loopback address."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)
