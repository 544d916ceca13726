"""The cookie by which the local Clerk knows a browser, for pages and Frontend API alike."""

from __future__ import annotations

from flask import Request
from flask import request as current_request
from flask import url_for
from werkzeug.wrappers import Response

from ..handshakes import COOKIE_LIFETIME
from ..model import Client
from .current import client_cookie_name
from .current import current_local


def read_client(request: Request) -> Client | None:
    """Return the client that a request's cookie proves."""
    return current_local().clients.find(request.cookies.get(client_cookie_name()))


def write_client(response: Response, client: Client) -> None:
    """Let the browser be known as this client; each sign-in changes what the cookie must say."""
    response.set_cookie(
        client_cookie_name(),
        current_local().clients.cookie(client),
        max_age=COOKIE_LIFETIME,
        path=own_path(),
        secure=current_request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def own_path() -> str:
    """Return the path below which the local Clerk is served: ``/__clerk``, or ``/`` standalone."""
    return url_for("clerk_local.static", filename="").removesuffix("/static/") or "/"
