"""How the app is deployed: origins, proxies, the local Clerk, and what its workers share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from ...bound import AppClerk
from ...core.config import ClerkConfig
from ...core.urls import is_loopback
from .diagnosis import Diagnosis
from .diagnosis import green
from .diagnosis import red
from .diagnosis import skipped
from .diagnosis import yellow

if TYPE_CHECKING:
    from flask import Flask

#: Seconds that a store gets to connect.
_PATIENCE: Final = 5.0
#: Where middleware keeps the app inside it.
_INNER: Final = ("app", "_app", "wsgi_app", "application")
_WRAP: Final = (
    "Wrap the app: app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1), with the number of "
    "proxies that there are."
)


def of_deployment(app: Flask, clerk: AppClerk, *, is_production: bool) -> Iterator[Diagnosis]:
    """Look at the settings and the middleware."""
    config = clerk.instance.config
    yield _local(config, is_production)
    yield _parties(config, is_production)
    yield from _proxies(app, config, is_production)


def of_store(clerk: AppClerk, *, is_production: bool, is_offline: bool) -> Diagnosis:
    """Look at what remembers ended sessions, and wait a little for it to connect."""
    store = clerk.instance.revocations
    if clerk.instance.config.revocation_url.startswith("memory:"):
        if is_production:
            return yellow(
                "ended sessions",
                "Each worker remembers its own.",
                "Set CLERK_REVOCATION_URL to redis://…, unless there is one worker.",
            )
        return green("ended sessions", "Remembered by this process.")
    if is_offline:
        return skipped("ended sessions", "Redis was not asked.")
    until = time.monotonic() + _PATIENCE
    while not store.is_connected and time.monotonic() < until:
        time.sleep(0.05)
    if store.is_connected:
        return green("ended sessions", store.status)
    return red("ended sessions", store.status, "Start Redis, or mend CLERK_REVOCATION_URL.")


def _local(config: ClerkConfig, is_production: bool) -> Diagnosis:
    if not config.local:
        return green("local Clerk", "Off.")
    if is_production:
        return red(
            "local Clerk", "CLERK_LOCAL is on in production.", "Unset it, and set live keys."
        )
    return green("local Clerk", "On, in debug and testing mode only.")


def _parties(config: ClerkConfig, is_production: bool) -> Diagnosis:
    about = "authorized parties"
    parties = config.authorized_parties
    if not parties and not is_production:
        return green(about, "Any, which is fine in development.")
    repair = 'Set it to the app\'s origins, such as "https://app.example.com".'
    if not parties and config.publishable_key is None:
        return yellow(
            about, "CLERK_AUTHORIZED_PARTIES is not set: tokens of any origin count.", repair
        )
    if not parties:
        return red(
            about,
            "CLERK_AUTHORIZED_PARTIES is not set: a token made for another subdomain is good here.",
            repair,
        )
    plain = [origin for origin in parties if origin.startswith("http:") or is_loopback(origin)]
    if is_production and plain:
        return yellow(about, f"{', '.join(plain)} is no origin of production.", "Remove it.")
    return green(about, f"{', '.join(parties)}.")


def _proxies(app: Flask, config: ClerkConfig, is_production: bool) -> Iterator[Diagnosis]:
    about = "proxy headers"
    fix = _proxy_fix(app.wsgi_app)
    if fix is None and not is_production:
        yield green(about, "Not believed, as is right without a proxy.")
    elif fix is None:
        yield yellow(
            about,
            "Not believed: behind a proxy that ends TLS, the app's URLs would read http://.",
            _WRAP,
        )
    elif not fix.x_proto:
        yield red(about, "ProxyFix does not believe X-Forwarded-Proto (x_proto=0).", _WRAP)
    elif not fix.x_host:
        yield yellow(
            about,
            "ProxyFix does not believe X-Forwarded-Host (x_host=0).",
            "Let the proxy pass Host on unchanged, or set x_host=1.",
        )
    else:
        yield green(
            about, f"ProxyFix believes {fix.x_proto} for the scheme, {fix.x_host} for the host."
        )
    if config.proxy_url is not None and not config.local:
        yield _frontend_api(app, config.proxy_url)


def _frontend_api(app: Flask, proxy_url: str) -> Diagnosis:
    about = "Frontend API proxy"
    if not proxy_url.startswith("/"):
        return green(about, f"At {proxy_url}.")
    try:
        app.url_map.bind("localhost").match(f"{proxy_url.rstrip('/')}/v1/client", method="GET")
    except MethodNotAllowed:
        pass
    except HTTPException:
        return yellow(
            about,
            f"No route of the app serves {proxy_url}/v1/….",
            "Register clerk.frontend_api_proxy(), or let the web server in front pass it on.",
        )
    return green(about, f"The app serves {proxy_url}/.")


def _proxy_fix(wsgi_app: Any) -> ProxyFix | None:
    seen: list[Any] = []
    while wsgi_app is not None and wsgi_app not in seen:
        if isinstance(wsgi_app, ProxyFix):
            return wsgi_app
        seen.append(wsgi_app)
        inner = vars(wsgi_app) if hasattr(wsgi_app, "__dict__") else {}
        wsgi_app = next((inner[name] for name in _INNER if name in inner), None)
    return None
