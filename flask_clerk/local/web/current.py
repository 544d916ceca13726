"""The local Clerk that the current request is served by."""

from __future__ import annotations

from typing import Final
from typing import cast

from flask import Flask
from flask import current_app

from ..instance import LocalClerk

EXTENSION: Final = "clerk_local"
#: The extension slot of the app that a local Clerk is for; on a port of its own it is for itself.
HOST: Final = "clerk_local_host"
#: The extension slot of what serves an app's local Clerk below the prefix.
SERVED: Final = "clerk_local_served"
#: Where an app serves its local Clerk. clerk-js gets it as ``proxyUrl``.
PREFIX: Final = "/__clerk"

#: The cookie by which the Frontend API knows a browser; the suffix is the instance's, since all
#: apps on localhost share their cookies, whatever their port.
CLIENT_COOKIE: Final = "__client"


def current_local() -> LocalClerk:
    """Return the local Clerk of the current app."""
    return cast(LocalClerk, current_app.extensions[EXTENSION])


def host_app() -> Flask:
    """Return the app that the current local Clerk is for."""
    return cast(Flask, current_app.extensions.get(HOST, current_app))


def client_cookie_name() -> str:
    """Return the name of the cookie that holds a client's secret."""
    return f"{CLIENT_COOKIE}_{current_local().publishable_key.cookie_suffix}"
