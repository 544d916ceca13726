"""Giving a browser a session token of what Clerk knows now, before the one that it has expires."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from typing import Final

from .auth import Auth
from .constants import Cookies
from .context import AuthenticateContext
from .errors import BackendAPIError
from .errors import TokenVerificationError
from .handshake import session_token_among
from .handshake import set_cookie_headers
from .refresh import NotRefreshedError
from .refresh import fetch_cookies
from .state import HeaderList
from .tokens import read_token

if TYPE_CHECKING:
    from .instance import Instance

logger = logging.getLogger("flask_clerk")

#: Seconds. clerk-js keeps the cookie for a year, however short-lived the token in it.
_COOKIE_LIFETIME: Final = 31_536_000


def fresh_cookies(context: AuthenticateContext, instance: Instance, auth: Auth) -> HeaderList:
    """Return the ``Set-Cookie`` headers with which the next request has today's claims.

    The Backend API renews the token as it does an expired one, if there is a refresh cookie;
    such a token keeps its ``azp``. Else it mints one, which has none, so that an app with
    ``CLERK_AUTHORIZED_PARTIES`` would refuse it. What the app would refuse is not set: then the
    cookie is dropped, and the next page goes through a handshake. Until that page, fetches and
    POSTs find nobody signed in.

    A session that did not come in a cookie is its client's own to renew, and nothing is set.
    """
    if not auth.is_signed_in or context.token_in_header:
        return ()
    for attempt in (_refreshed, _minted):
        lines = attempt(context, instance, auth)
        if _is_accepted(session_token_among(lines), instance, auth):
            return set_cookie_headers(lines)
    if not context.frontend_api:
        logger.warning("Claims could not be refreshed: they change when the token is renewed.")
        return ()
    return set_cookie_headers(_lines(context, auth, ""))


def _refreshed(context: AuthenticateContext, instance: Instance, auth: Auth) -> list[str]:
    if not context.refresh_token:
        return []
    try:
        return fetch_cookies(context, instance)
    except NotRefreshedError as error:
        logger.debug("Claims were not refreshed by the refresh cookie (%s).", error.reason)
        return []


def _minted(context: AuthenticateContext, instance: Instance, auth: Auth) -> list[str]:
    try:
        token = instance.backend.create_token(auth.session_id or "", None, None)
    except BackendAPIError as error:
        logger.warning("No token with fresh claims was minted: %s", error)
        return []
    return _lines(context, auth, token)


def _is_accepted(token: str, instance: Instance, auth: Auth) -> bool:
    """Whether the app would believe the token, and it is of the same session."""
    try:
        claims = instance.verify_token(token)
    except TokenVerificationError as error:
        logger.debug("A token with fresh claims would be refused (%s).", error.reason)
        return False
    return claims.get("sid") == auth.session_id and claims.get("sub") == auth.user_id


def _lines(context: AuthenticateContext, auth: Auth, token: str) -> list[str]:
    """Return a line for each cookie in which the browser holds this session; empty ones expire.

    The attributes are those of clerk-js, which must be able to read and to overwrite the cookie.
    """
    secure = "; Secure" if context.origin.startswith("https:") else ""
    lifetime = _COOKIE_LIFETIME if token else 0
    attributes = f"Path=/; Max-Age={lifetime}; SameSite=Lax{secure}"
    return [f"{name}={token}; {attributes}" for name in _names(context, auth)]


def _names(context: AuthenticateContext, auth: Auth) -> list[str]:
    """Return the cookie that is believed, and its twin unless it is another instance's."""
    names = [Cookies.SESSION]
    if context.config.publishable_key is not None:
        names.append(f"{Cookies.SESSION}_{context.config.publishable_key.cookie_suffix}")
    believed = names[context.uses_suffixed_cookies]
    return [name for name in names if name == believed or _holds(context.cookie(name), auth)]


def _holds(token: str | None, auth: Auth) -> bool:
    try:
        return read_token(token or "").payload.get("sid") == auth.session_id
    except TokenVerificationError:
        return False
