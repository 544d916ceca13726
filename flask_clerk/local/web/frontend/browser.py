"""Which browser is asking: its client, its session, the cookie that proves them."""

from __future__ import annotations

from typing import Final

from flask import Response
from flask import request
from flask import url_for

from ....core.constants import Parameters
from ... import errors
from ...handshakes import COOKIE_LIFETIME
from ...model import Client
from ...model import Session
from ..current import PREFIX
from ..current import client_cookie_name
from ..current import current_local

JWKS_PATH: Final = "/.well-known/jwks.json"


def current_client() -> Client | None:
    """Return the client of the browser that asks, by its cookie or its development browser."""
    return current_local().clients.find(_cookie(), dev_browser_id())


def require_client() -> Client:
    """Return the client of the browser that asks.

    :raises LocalClerkError: ``dev_browser_unauthenticated`` for a development browser that this
        instance does not know, upon which clerk-js asks for another; else ``signed_out``.
    """
    client = current_client()
    if client is None:
        refuse_unknown_dev_browser()
        raise errors.signed_out()
    return client


def client_to_sign_in() -> Client:
    """Return the client of the browser that asks, a new one if it has none."""
    client = current_client()
    if client is None:
        refuse_unknown_dev_browser()
        return current_local().clients.create(dev_browser_id())
    return client


def refuse_unknown_dev_browser() -> None:
    """Refuse a development browser that this instance does not know.

    :raises LocalClerkError: ``dev_browser_unauthenticated``.
    """
    browser = dev_browser_id()
    if browser and current_local().clients.dev_browser(browser) is None:
        raise errors.dev_browser_unauthenticated()


def current_session(client: Client) -> Session:
    """Return the session that the page means: the one that it names, else the last active one.

    :raises LocalClerkError: ``authentication_invalid``, ``resource_not_found``.
    """
    named = request.args.get("_clerk_session_id")
    sessions = current_local().sessions
    session = sessions.get_live(named, client.id) if named else sessions.current(client)
    if session is None:
        raise errors.authentication_invalid()
    return session


def dev_browser_id() -> str | None:
    """Return what the browser says its development browser is."""
    return request.args.get(Parameters.DEV_BROWSER)


def set_client_cookie(response: Response, client: Client) -> None:
    """Let the browser prove its client, if the cookie that it sent does not.

    The cookie is out of reach of scripts and of the app's own views.
    """
    if _cookie() != current_local().clients.cookie(client):
        response.set_cookie(
            client_cookie_name(),
            current_local().clients.cookie(client),
            max_age=COOKIE_LIFETIME,
            path=mount_path() or "/",
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )


def delete_client_cookie(response: Response) -> None:
    """Let the browser forget its client."""
    response.delete_cookie(
        client_cookie_name(),
        path=mount_path() or "/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def app_home() -> str | None:
    """Return the path of the app that the local Clerk stands in front of."""
    mounted = mount_path()
    return mounted.removesuffix(PREFIX) + "/" if mounted else None


def mount_path() -> str:
    """Return the path below which the local Clerk is served; empty on a port of its own."""
    return url_for("clerk_local.frontend.jwks").removesuffix(JWKS_PATH)


def _cookie() -> str | None:
    return request.cookies.get(client_cookie_name())
