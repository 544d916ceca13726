"""authenticate_request: the whole decision about one request, in the order that Clerk makes it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from . import refresh
from .auth import SessionAuth
from .claims import Claims
from .constants import Parameters
from .constants import Reason
from .constants import Synced
from .context import AuthenticateContext
from .errors import TokenVerificationError
from .handshake import MAX_REDIRECTS
from .handshake import handshake
from .handshake import is_eligible
from .handshake import resolve
from .state import RequestState
from .state import authenticated
from .state import signed_in
from .state import signed_out
from .tokens import JWT_TEMPLATE
from .tokens import SESSION_TOKEN
from .tokens import claimed_type
from .tokens import is_number
from .tokens import read_token
from .urls import safe_redirect
from .urls import with_added
from .urls import with_replaced

if TYPE_CHECKING:
    from .instance import Instance

logger = logging.getLogger("flask_clerk")

_CLOCK_REASONS = {
    Reason.TOKEN_NOT_ACTIVE_YET: Reason.SESSION_TOKEN_NBF,
    Reason.TOKEN_IAT_IN_THE_FUTURE: Reason.SESSION_TOKEN_IAT_IN_THE_FUTURE,
}


def authenticate_request(
    context: AuthenticateContext, instance: Instance, accepts: tuple[str, ...] | None = None
) -> RequestState:
    """Decide who sent a request: signed in, signed out, or to be sent through a handshake.

    :param accepts: The token types that the route accepts; what ``CLERK_ACCEPTS_TOKEN`` says
        unless given. A token of another type is refused before anything is asked about it.
    :raises HandshakeError: In development only, for a handshake that only a developer can repair.
    """
    accepted = instance.config.accepts_token if accepts is None else accepts
    if accepted == (SESSION_TOKEN,):
        return _session(context, instance)
    only = accepted[0] if len(accepted) == 1 else None
    token = context.token_in_header
    if token is None and only is not None:
        return signed_out(Reason.NO_TOKEN_IN_HEADER, token_type=only)
    token_type = _type_of(token, accepted)
    if token_type not in accepted:
        return signed_out(Reason.TOKEN_TYPE_MISMATCH, token_type=only)
    if token is None or token_type == SESSION_TOKEN:
        return _session(context, instance)
    return _token_of_its_own(instance, token, token_type)


def authenticate_token(token: str, instance: Instance, accepts: tuple[str, ...]) -> RequestState:
    """Decide about a token that came without a browser: nothing renews it, nothing redirects.

    :param accepts: The token types to accept.
    """
    token_type = _type_of(token, accepts)
    if token_type not in accepts:
        return signed_out(Reason.TOKEN_TYPE_MISMATCH, token_type=None)
    if token_type != SESSION_TOKEN:
        return _token_of_its_own(instance, token, token_type)
    try:
        claims = instance.verify_token(token)
    except TokenVerificationError as error:
        logger.debug("A token was refused (%s): %s", error.reason, error)
        return signed_out(error.reason)
    pending = instance.config.treat_pending_as_signed_out
    return signed_in(claims, token, treat_pending_as_signed_out=pending)


def _type_of(token: str | None, accepted: tuple[str, ...]) -> str:
    """Return the type that a request's token claims to be of; no token in the header is a session.

    Clerk knows no JWT templates here: where they are not accepted, they pose as session tokens,
    and are refused as such.
    """
    token_type = SESSION_TOKEN if token is None else claimed_type(token)
    if token_type == JWT_TEMPLATE and JWT_TEMPLATE not in accepted:
        return SESSION_TOKEN
    return token_type


def _token_of_its_own(instance: Instance, token: str, token_type: str) -> RequestState:
    """Verify a token that is no session's; nothing renews it."""
    try:
        return authenticated(instance.verify_machine_token(token, token_type), token)
    except TokenVerificationError as error:
        logger.debug("A token was refused (%s): %s", error.reason, error)
        return signed_out(error.reason, token_type=token_type)


def _session(context: AuthenticateContext, instance: Instance) -> RequestState:
    if context.token_in_header:
        return _verify(context, instance, context.token_in_header)
    return (
        _returning_handshake(context, instance)
        or _satellite_sync(context, instance)
        or _answer_to_satellite(context, instance)
        or _development_browser(context, instance)
        or _missing_half(context, instance)
        or _session_in_cookie(context, instance)
    )


def _returning_handshake(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    if context.handshake_nonce or context.handshake_token:
        return resolve(context, instance)
    return None


def _satellite_sync(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    config = instance.config
    synced = context.query.get(Parameters.SYNCED)
    if not config.is_satellite or not context.is_document or synced == Synced.COMPLETED:
        return None
    has_cookies = bool(context.session_token_in_cookie or context.client_uat)
    if synced != Synced.NEEDED:
        if has_cookies:
            return None
        if not config.satellite_auto_sync:
            return signed_out(Reason.SESSION_TOKEN_AND_UAT_MISSING)
    location = None
    if config.is_development and config.sign_in_url:
        back = (Parameters.SATELLITE_REDIRECT_URL, context.url)
        location = with_added(config.sign_in_url, back)
    return handshake(context, instance, Reason.SATELLITE_NEEDS_SYNCING, location)


def _answer_to_satellite(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    """Send a satellite's visitor back with the development browser, to known origins only."""
    config = instance.config
    asked = context.query.get(Parameters.SATELLITE_REDIRECT_URL)
    if not config.is_development or config.is_satellite or not asked:
        return None
    back = safe_redirect(asked, context.url, config.allowed_redirect_origins)
    if back is None:
        logger.warning(
            "A satellite asked to be answered at an origin that CLERK_ALLOWED_REDIRECT_ORIGINS "
            "does not list."
        )
        return None
    if context.dev_browser_token:
        back = with_added(back, (Parameters.DEV_BROWSER, context.dev_browser_token))
    back = with_replaced(back, Parameters.SYNCED, Synced.COMPLETED)
    return handshake(context, instance, Reason.PRIMARY_RESPONDS_TO_SYNCING, back)


def _development_browser(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    if not instance.config.is_development or not context.frontend_api:
        return None
    if Parameters.DEV_BROWSER in context.query:
        return handshake(context, instance, Reason.DEV_BROWSER_SYNC)
    if not context.dev_browser_token:
        return handshake(context, instance, Reason.DEV_BROWSER_MISSING)
    return None


def _missing_half(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    if not context.frontend_api:
        return _missing_token_of_api(context)
    if not context.session_token_in_cookie:
        if context.client_uat:
            return handshake(context, instance, Reason.UAT_WITHOUT_SESSION_TOKEN)
        return signed_out(Reason.SESSION_TOKEN_AND_UAT_MISSING)
    if not context.client_uat:
        return handshake(context, instance, Reason.SESSION_TOKEN_WITHOUT_UAT)
    return None


def _missing_token_of_api(context: AuthenticateContext) -> RequestState | None:
    """Ask for a token only: without a publishable key there is no browser session to settle."""
    if context.session_token_in_cookie:
        return None
    return signed_out(Reason.SESSION_TOKEN_AND_UAT_MISSING)


def _session_in_cookie(context: AuthenticateContext, instance: Instance) -> RequestState:
    token = context.session_token_in_cookie or ""
    state = _verify(context, instance, token, not_before=context.client_uat)
    if state.claims is None or state.token != token:
        return state
    return (
        _cross_origin_sync(context, instance)
        or _organization_sync(context, instance, state.claims)
        or state
    )


def _verify(
    context: AuthenticateContext, instance: Instance, token: str, *, not_before: float = 0
) -> RequestState:
    """Verify a session token; one that only time has spoilt may be renewed.

    :param not_before: Unix seconds; a token issued earlier belongs to a former sign-in.
    """
    try:
        unverified = read_token(token)
        if not unverified.is_session_class:
            return signed_out(Reason.TOKEN_TYPE_MISMATCH)
        issued_at = unverified.payload.get("iat")
        if is_number(issued_at) and issued_at < not_before:
            return handshake(context, instance, Reason.SESSION_TOKEN_BEFORE_UAT)
        claims = instance.verify_token(token)
    except TokenVerificationError as error:
        return _renew(context, instance, error)
    return signed_in(
        claims,
        token,
        treat_pending_as_signed_out=instance.config.treat_pending_as_signed_out,
    )


def _renew(
    context: AuthenticateContext, instance: Instance, error: TokenVerificationError
) -> RequestState:
    logger.debug("A token was refused (%s): %s", error.reason, error)
    if error.reason in _CLOCK_REASONS:
        return handshake(context, instance, _CLOCK_REASONS[error.reason])
    if error.reason != Reason.TOKEN_EXPIRED:
        return signed_out(error.reason)
    try:
        return refresh.refresh(context, instance)
    except refresh.NotRefreshedError as why:
        reason = f"{Reason.SESSION_TOKEN_EXPIRED}-refresh-{why.reason}"
        return handshake(context, instance, reason)


def _cross_origin_sync(context: AuthenticateContext, instance: Instance) -> RequestState | None:
    """Settle a primary's session anew when a document was reached from another origin."""
    if instance.config.is_satellite or not context.is_document or not context.frontend_api:
        return None
    if not context.comes_from_elsewhere or context.redirect_count:
        return None
    return handshake(context, instance, Reason.CROSS_ORIGIN_SYNC)


def _organization_sync(
    context: AuthenticateContext, instance: Instance, claims: Claims
) -> RequestState | None:
    """Activate the organization that the URL names; one that cannot be is left to the view."""
    target = instance.organization_of(context.path) if instance.reads_paths else None
    if target is None:
        return None
    auth = SessionAuth(claims, context.session_token_in_cookie or "")
    if not auth.user_id or target.is_active(auth):
        return None
    if context.redirect_count >= MAX_REDIRECTS or not is_eligible(context):
        return None
    return handshake(context, instance, Reason.ACTIVE_ORGANIZATION_MISMATCH)
