"""``/v1/client`` and ``/v1/dev_browser``: the browser, and what it is signed in to."""

from __future__ import annotations

from flask import Response
from flask import jsonify

from ..current import current_local
from .answers import alone
from .answers import with_client
from .browser import client_to_sign_in
from .browser import current_client
from .browser import delete_client_cookie
from .browser import refuse_unknown_dev_browser
from .browser import require_client
from .browser import set_client_cookie
from .origins import page_origin
from .routing import route


@route("POST", "/v1/dev_browser")
def create_dev_browser() -> Response:
    """Make a browser known on every origin; ``id`` is what ``__clerk_db_jwt`` will carry."""
    client = current_client()
    browser = current_local().clients.create_dev_browser(client.id if client else None)
    return jsonify(object="dev_browser", id=browser.id, token=browser.id)


@route("GET", "/v1/client")
def get_client() -> Response:
    """Return the client, or null for a browser that never began to sign in."""
    client = current_client()
    if client is None:
        refuse_unknown_dev_browser()
        return alone(None)
    response = alone(current_local().resources.client(client, origin=page_origin()))
    set_client_cookie(response, client)
    return response


@route("PUT", "/v1/client")
@route("POST", "/v1/client")
def create_client() -> Response:
    """Return the client, a new one for a browser that has none."""
    client = client_to_sign_in()
    response = alone(current_local().resources.client(client, origin=page_origin()))
    set_client_cookie(response, client)
    return response


@route("DELETE", "/v1/client")
def delete_client() -> Response:
    """Sign the browser out and forget it."""
    client = require_client()
    local = current_local()
    local.sessions.remove_all(client.id)
    response = alone(local.resources.deleted("client", client.id))
    delete_client_cookie(response)
    return response


@route("DELETE", "/v1/client/sessions")
def remove_sessions() -> Response:
    """Sign the browser out; its client stays."""
    client = require_client()
    local = current_local()
    local.sessions.remove_all(client.id)
    now = local.clients.get(client.id) or client
    return with_client(local.resources.client(now, origin=page_origin()), client)
