"""Where a page leads when it is done: to the app that sent the person, and nowhere else."""

from __future__ import annotations

from typing import Any
from typing import Final
from urllib.parse import urljoin
from urllib.parse import urlsplit

from flask import Response
from flask import request
from flask import url_for

from ....core.constants import Cookies
from ....core.constants import Parameters
from ....core.urls import origin_of
from ....core.urls import safe_redirect
from ....core.urls import with_replaced
from ...model import Client
from ..current import current_local
from ..frontend.browser import app_home
from ..frontend.browser import mount_path
from ..frontend.origins import is_own_origin
from ..html import see_other

SIGN_IN: Final = "sign_in"
SIGN_UP: Final = "sign_up"
_PARAMETERS: Final = (
    Parameters.REDIRECT_URL,
    "sign_in_force_redirect_url",
    "sign_in_fallback_redirect_url",
    "sign_up_force_redirect_url",
    "sign_up_fallback_redirect_url",
)


def here(endpoint: str, **values: Any) -> str:
    """Return the URL of a page of ours that remembers where the person wants to go."""
    given = request.args
    kept: dict[str, Any] = {name: given[name] for name in _PARAMETERS if name in given}
    return url_for(f"clerk_local.pages.{endpoint}", **kept, **values)


def forward(endpoint: str, **values: Any) -> Response:
    """Redirect to a page of ours that remembers where the person wants to go."""
    return see_other(here(endpoint, **values))


def target(flow: str = SIGN_IN) -> str:
    """Return where the person wants to go: absolute, and on this machine.

    :param flow: ``sign_in`` or ``sign_up``, whose forced and fallback redirects count.
    """
    for name in (f"{flow}_force_redirect_url", "redirect_url", f"{flow}_fallback_redirect_url"):
        safe = _safe(request.args.get(name))
        if safe is not None:
            return safe
    return urljoin(request.host_url, app_home() or url_for("clerk_local.pages.account"))


def leave(client: Client | None, flow: str = SIGN_IN) -> Response:
    """Send the browser to where the person wants to go, where it learns who is signed in now.

    Clerk's SDKs go through a handshake when a URL names the development browser, as the account
    portal's redirects do; the one named here is bound to the client that the cookie proves.
    """
    url = target(flow)
    if client is not None and not _is_own(url):
        url = with_replaced(url, Parameters.DEV_BROWSER, _dev_browser(client))
    return see_other(url)


def _safe(url: str | None) -> str | None:
    origin = origin_of(url or "")
    allowed = (origin,) if origin is not None and is_own_origin(origin) else ()
    return safe_redirect(url, request.url, allowed)


def _is_own(url: str) -> bool:
    if origin_of(url) != origin_of(request.host_url):
        return False
    return urlsplit(url).path.startswith(f"{mount_path()}/")


def _dev_browser(client: Client) -> str:
    """Return a development browser of the client's.

    Never one that a URL names: whoever made up the link would know it, and with it the session.
    """
    clients = current_local().clients
    suffix = current_local().publishable_key.cookie_suffix
    for name in (f"{Cookies.DEV_BROWSER}_{suffix}", Cookies.DEV_BROWSER):
        known = clients.dev_browser(request.cookies.get(name))
        if known is not None and known.client_id == client.id:
            return known.id
    return clients.create_dev_browser(client.id).id
