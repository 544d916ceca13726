"""``/v1/client/handshake`` and ``/v1/client/sync``: telling an app who its visitor is.

The other side of ``flask_clerk.core.handshake``. A browser comes here with the address that it was
on, and goes back with a nonce, which the app redeems, or with a signed token.
"""

from __future__ import annotations

from flask import Response
from flask import redirect
from flask import request

from ....core.constants import Parameters
from ....core.constants import Synced
from ....core.urls import origin_of
from ....core.urls import with_added
from ....core.urls import with_replaced
from ....core.urls import without
from ..current import client_cookie_name
from ..current import current_local
from .browser import current_client
from .browser import dev_browser_id
from .browser import set_client_cookie
from .origins import redirect_target
from .routing import route


@route("GET", "/v1/client/handshake")
def handshake() -> Response:
    """Send the browser back with the cookies that its app should have."""
    local = current_local()
    target = redirect_target(request.args.get(Parameters.REDIRECT_URL))
    policy = local.handshakes.policy(is_secure=target.startswith("https:"))
    brought = local.handshakes.begin(
        policy,
        cookie=request.cookies.get(client_cookie_name()),
        dev_browser=dev_browser_id(),
        organization=request.args.get(Parameters.ORGANIZATION),
        origin=origin_of(target),
        with_nonce=request.args.get(Parameters.HANDSHAKE_FORMAT) == "nonce",
    )
    clean = without(target, Parameters.HANDSHAKE, Parameters.HANDSHAKE_NONCE)
    response = _send_to(with_added(clean, brought.parameter))
    if brought.client is not None:
        set_client_cookie(response, brought.client)
    return response


@route("GET", "/v1/client/sync")
def sync() -> Response:
    """Send the browser back to a satellite, with the development browser of its primary."""
    local = current_local()
    target = redirect_target(request.args.get(Parameters.REDIRECT_URL))
    client = current_client()
    browser = local.clients.dev_browser(dev_browser_id())
    if browser is None:
        browser = local.clients.create_dev_browser(client.id if client else None)
    target = with_replaced(target, Parameters.SYNCED, Synced.COMPLETED)
    return _send_to(with_replaced(target, Parameters.DEV_BROWSER, browser.id))


def _send_to(url: str) -> Response:
    response = redirect(url, 307)
    assert isinstance(response, Response)
    return response
