"""Where people sign in and up: the app's own pages, or Clerk's account portal; and the way back."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from .core.accounts import accounts_url
from .core.config import ClerkConfig
from .core.constants import Parameters
from .core.constants import Synced
from .core.context import AuthenticateContext
from .core.errors import ConfigurationError
from .core.urls import origin_of
from .core.urls import safe_redirect
from .core.urls import with_added
from .core.urls import with_replaced

SIGN_IN: Final = "sign-in"
SIGN_UP: Final = "sign-up"


def page_url(
    page: str,
    context: AuthenticateContext,
    return_back_url: str | None = None,
    *,
    is_pending: bool = False,
) -> str:
    """Return the URL of the sign-in or sign-up page, with the way back in it.

    :param page: ``sign-in`` or ``sign-up``.
    :param return_back_url: Where to come back to, on this app or on one of
        ``CLERK_ALLOWED_REDIRECT_ORIGINS``; the page asked for unless given.
    :param is_pending: Whether a session waits for its tasks; they have a page of their own.
    :raises ConfigurationError: If there is no such page.
    """
    config = context.config
    url = urljoin(context.url, _page(page, config))
    if is_pending:
        url = _below(url, "tasks")
    leaves_app = origin_of(url) != context.origin
    back = _way_back(page, context, return_back_url)
    if leaves_app and config.is_satellite:
        back = with_replaced(back, Parameters.SYNCED, Synced.NEEDED)
    url = with_replaced(url, Parameters.REDIRECT_URL, back)
    for name, target in _redirect_settings(config):
        url = with_added(url, (name, urljoin(context.url, target)))
    if leaves_app and config.is_development and context.dev_browser_token:
        url = with_replaced(url, Parameters.DEV_BROWSER, context.dev_browser_token)
    return url


def _page(page: str, config: ClerkConfig) -> str:
    if page == SIGN_IN and config.sign_in_url:
        return config.sign_in_url
    if page == SIGN_UP and config.sign_up_url:
        return config.sign_up_url
    if page == SIGN_UP and config.sign_in_url:
        return _below(config.sign_in_url, "create")
    if config.issuer is None:
        raise ConfigurationError(
            "There is no page to sign in at: set CLERK_PUBLISHABLE_KEY, or CLERK_SIGN_IN_URL."
        )
    return f"{accounts_url(config.issuer)}/{page}"


def _below(url: str, page: str) -> str:
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/')}/{page}{mark}{query}"


def _way_back(page: str, context: AuthenticateContext, asked: str | None) -> str:
    config = context.config
    if page == SIGN_IN:
        forced, fallback = config.sign_in_force_redirect_url, config.sign_in_fallback_redirect_url
    else:
        forced, fallback = config.sign_up_force_redirect_url, config.sign_up_fallback_redirect_url
    if forced:
        return urljoin(context.url, forced)
    if asked is None and context.method == "GET":
        return context.url
    safe = safe_redirect(asked, context.url, config.allowed_redirect_origins)
    return safe or urljoin(context.url, fallback or "/")


def _redirect_settings(config: ClerkConfig) -> list[tuple[str, str]]:
    """Return the settings that Clerk's pages read themselves when a person changes between them."""
    settings = (
        ("sign_in_fallback_redirect_url", config.sign_in_fallback_redirect_url),
        ("sign_in_force_redirect_url", config.sign_in_force_redirect_url),
        ("sign_up_fallback_redirect_url", config.sign_up_fallback_redirect_url),
        ("sign_up_force_redirect_url", config.sign_up_force_redirect_url),
    )
    return [(name, target) for name, target in settings if target]
