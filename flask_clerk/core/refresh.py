"""Renewing an expired session token through the Backend API, without the browser's help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from typing import Final

from .constants import RefreshReason
from .context import AuthenticateContext
from .errors import BackendAPIError
from .errors import ClerkError
from .errors import TokenVerificationError
from .handshake import session_token_among
from .handshake import set_cookie_headers
from .state import RequestState
from .state import signed_in
from .tokens import read_token

if TYPE_CHECKING:
    from .instance import Instance

_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
#: Request headers that tell Clerk which browser it renews a session for.
_FORWARDED: Final = ("Accept", "Accept-Language", "Origin", "Referer", "User-Agent")


class NotRefreshedError(ClerkError):
    """There is no renewed token; the reason says why."""


def refresh(context: AuthenticateContext, instance: Instance) -> RequestState:
    """Return the signed-in state of a renewed session.

    :raises NotRefreshedError: With the reason that Clerk's SDKs use.
    """
    if context.method != "GET":
        raise NotRefreshedError("Only a GET is renewed.", reason=RefreshReason.NON_GET)
    if not context.refresh_token:
        raise NotRefreshedError("There is no refresh cookie.", reason=RefreshReason.NO_COOKIE)
    cookies = fetch_cookies(context, instance)
    if not cookies:
        raise NotRefreshedError("Nothing came back.", reason=RefreshReason.UNEXPECTED_SDK_ERROR)
    token = session_token_among(cookies)
    try:
        claims = instance.verify_token(token)
    except TokenVerificationError as error:
        raise NotRefreshedError(
            "The renewed token was refused.", reason=RefreshReason.INVALID_SESSION_TOKEN
        ) from error
    return signed_in(
        claims,
        token,
        headers=set_cookie_headers(cookies),
        treat_pending_as_signed_out=instance.config.treat_pending_as_signed_out,
    )


def fetch_cookies(context: AuthenticateContext, instance: Instance) -> list[str]:
    """Return the ``Set-Cookie`` lines that renew the session token, expired or not.

    :raises NotRefreshedError: With the reason that Clerk's SDKs use.
    """
    if instance.config.secret_key is None:
        raise NotRefreshedError(
            "A secret key is needed to renew tokens.", reason=RefreshReason.MISSING_API_CLIENT
        )
    expired = context.session_token or ""
    body = {
        "format": "cookie",
        "expired_token": expired,
        "refresh_token": context.refresh_token,
        "request_origin": context.origin,
        "request_headers": _forwarded_headers(context),
    }
    try:
        return instance.backend.refresh_session(
            _session_id(expired), body, suffixed_cookies=context.uses_suffixed_cookies
        )
    except BackendAPIError as error:
        raise NotRefreshedError(
            "The Backend API did not renew it.", reason=_reason(error)
        ) from error


def _session_id(token: str) -> str:
    try:
        session_id = read_token(token).payload.get("sid")
    except TokenVerificationError as error:
        raise NotRefreshedError(
            "The expired token cannot be read.", reason=RefreshReason.DECODE_FAILED
        ) from error
    if not isinstance(session_id, str) or not session_id:
        raise NotRefreshedError("The expired token has no sid.", reason=RefreshReason.MISSING_SID)
    return session_id


def _forwarded_headers(context: AuthenticateContext) -> dict[str, list[str]]:
    values = {name.lower(): context.headers.get(name) for name in _FORWARDED}
    return {name: [value] for name, value in values.items() if value}


def _reason(error: BackendAPIError) -> str:
    if error.is_unreachable:
        return RefreshReason.FETCH_ERROR
    code = error.codes[0] if error.codes else ""
    return code if _CODE.fullmatch(code) else RefreshReason.UNEXPECTED_BAPI_ERROR
