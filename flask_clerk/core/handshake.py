"""The handshake: sending a browser through the Frontend API, and taking back what it brings."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from typing import Final

from .claims import Claims
from .constants import SUPPORTED_API_VERSION
from .constants import Cookies
from .constants import Parameters
from .constants import Reason
from .context import AuthenticateContext
from .errors import ClerkError
from .errors import HandshakeError
from .errors import TokenVerificationError
from .state import HeaderList
from .state import RequestState
from .state import in_handshake
from .state import signed_in
from .state import signed_out
from .urls import with_query
from .urls import without

if TYPE_CHECKING:
    from .instance import Instance

logger = logging.getLogger("flask_clerk")

#: Handshakes in a row after which a browser is let through signed out.
MAX_REDIRECTS: Final = 3
#: Seconds for which a handshake counts as one of a row.
REDIRECT_COUNT_LIFETIME: Final = 2
#: Seconds. In development a wrong clock is forgiven this far, once, right after a handshake.
_DEVELOPMENT_CLOCK_SKEW: Final = 86_400
#: What a nonce looks like; anything else is not worth a call.
_NONCE: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_NO_STORE: Final = ("Cache-Control", "no-store")
_CLOCK_REASONS: Final = (
    Reason.TOKEN_EXPIRED,
    Reason.TOKEN_NOT_ACTIVE_YET,
    Reason.TOKEN_IAT_IN_THE_FUTURE,
)


def handshake(
    context: AuthenticateContext, instance: Instance, reason: str, location: str | None = None
) -> RequestState:
    """Send the browser away to settle its session, or sign it out where that cannot be done.

    Only a GET for a document can go; after three in a row nothing is gained by a fourth.

    :param location: Where to, if not to the handshake of the Frontend API.
    """
    if not is_eligible(context):
        return signed_out(reason)
    if context.redirect_count >= MAX_REDIRECTS:
        logger.warning(
            "Three handshakes in a row did not settle the session (%s). Check that the publishable "
            "and the secret key belong to one Clerk instance.",
            reason,
        )
        return signed_out(reason)
    count = (
        f"{Cookies.REDIRECT_COUNT}={context.redirect_count + 1}; SameSite=Lax; HttpOnly; "
        f"Max-Age={REDIRECT_COUNT_LIFETIME}"
    )
    target = location or _handshake_url(context, instance, reason)
    # Browsers cache the redirects of inactive tabs otherwise, and then loop.
    headers = (("Location", target), _NO_STORE, ("Set-Cookie", count))
    return in_handshake(reason, headers=headers)


def is_eligible(context: AuthenticateContext) -> bool:
    """Whether the request is one that a browser would follow through a handshake."""
    return context.method == "GET" and context.is_navigation and bool(context.frontend_api)


def resolve(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    """Return the state that a returning handshake brings, or ``None`` to decide without it.

    In production the handshake arrives in a cookie, which another app on the same parent domain
    may have set: what does not verify is passed over. In development it arrives in the URL, so a
    bad one means that keys were switched, and a developer must hear of it.

    :raises HandshakeError: In development, if the handshake token is not this instance's.
    """
    try:
        cookies = _fetch_cookies(context, instance)
    except TokenVerificationError as error:
        if not instance.config.is_development:
            logger.warning("A handshake could not be resolved: %s", error)
            return None
        raise HandshakeError(
            f"The handshake token was refused ({error.reason}): {error.message} If you have "
            "switched Clerk keys, clear this site's cookies and try again.",
            reason=error.reason,
        ) from error
    headers = _resolved_headers(context, instance, cookies)
    token = session_token_among(cookies)
    if not token:
        return signed_out(Reason.SESSION_TOKEN_MISSING, headers=headers)
    try:
        claims = _verify_resolved(token, instance)
    except TokenVerificationError as error:
        logger.warning("The session token of a handshake was refused: %s", error)
        if error.reason == Reason.SESSION_REVOKED:
            return signed_out(error.reason, headers=headers)  # another handshake would bring it too
        return None
    return signed_in(
        claims,
        token,
        headers=headers,
        treat_pending_as_signed_out=instance.config.treat_pending_as_signed_out,
    )


def set_cookie_headers(lines: list[str]) -> HeaderList:
    """Return ``Set-Cookie`` headers; a line that is none or could forge another is dropped."""
    return tuple(("Set-Cookie", line) for line in lines if line.isascii() and line.isprintable())


def session_token_among(lines: list[str]) -> str:
    """Return the session token that the last such ``Set-Cookie`` line sets, or empty text."""
    token = ""
    for line in lines:
        name, _, value = line.partition(";")[0].partition("=")
        if name.startswith(Cookies.SESSION):
            token = value.partition("=")[0]
    return token


def _handshake_url(context: AuthenticateContext, instance: Instance, reason: str) -> str:
    back = without(context.url, Parameters.DEV_BROWSER, Parameters.LEGACY_DEV_BROWSER)
    query = [
        (Parameters.REDIRECT_URL, back),
        (Parameters.API_VERSION, SUPPORTED_API_VERSION),
        (Parameters.SUFFIXED_COOKIES, "true" if context.uses_suffixed_cookies else "false"),
        (Parameters.HANDSHAKE_REASON, reason),
    ]
    if instance.config.secret_key is not None:  # without it a nonce could not be redeemed
        query.append((Parameters.HANDSHAKE_FORMAT, "nonce"))
    if context.session_token:
        query.append((Parameters.SESSION, context.session_token))
    if instance.config.is_development and context.dev_browser_token:
        query.append((Parameters.DEV_BROWSER, context.dev_browser_token))
    target = instance.organization_of(context.path)
    if target is not None:
        query.append((Parameters.ORGANIZATION, target.parameter))
    return with_query(f"{context.frontend_api.rstrip('/')}/v1/client/handshake", query)


def _fetch_cookies(context: AuthenticateContext, instance: Instance) -> list[str]:
    if context.handshake_nonce:
        if not _NONCE.fullmatch(context.handshake_nonce):
            return []
        try:
            return instance.backend.fetch_handshake_cookies(context.handshake_nonce)
        except ClerkError as error:
            logger.warning("The cookies of a handshake could not be fetched: %s", error)
            return []
    return instance.verify_handshake_token(context.handshake_token or "")


def _resolved_headers(
    context: AuthenticateContext, instance: Instance, cookies: list[str]
) -> HeaderList:
    headers = set_cookie_headers(cookies)
    if not instance.config.is_development or not context.origin:
        return headers
    clean = without(
        context.url,
        Parameters.HANDSHAKE,
        Parameters.HANDSHAKE_HELP,
        Parameters.DEV_BROWSER,
        Parameters.HANDSHAKE_NONCE,
    )
    return (*headers, ("Location", clean), _NO_STORE)


def _verify_resolved(token: str, instance: Instance) -> Claims:
    try:
        return instance.verify_token(token)
    except TokenVerificationError as error:
        if not instance.config.is_development or error.reason not in _CLOCK_REASONS:
            raise
        logger.error(
            "A token that Clerk has just issued does not fit this machine's clock (%s). It is let "
            "through, in development only: set the clock.",
            error.reason,
        )
        return instance.verify_token(token, clock_skew=_DEVELOPMENT_CLOCK_SKEW)
