"""``/v1/client/sessions``: choosing, ending, and the tokens of a browser's sessions."""

from __future__ import annotations

from flask import Response
from flask import jsonify
from flask import request

from ... import errors
from ...model import Client
from ...model import Session
from ..current import current_local
from . import form
from .activity import activity
from .answers import alone
from .answers import with_client
from .browser import require_client
from .origins import page_origin
from .routing import route

_ORGANIZATION = "active_organization_id"


@route("GET", "/v1/client/sessions/<session_id>")
def get_session(session_id: str) -> Response:
    """Return a session of the browser's."""
    local = current_local()
    session = _own_session(session_id, require_client())
    return alone(local.resources.session(session, origin=page_origin()))


@route("POST", "/v1/client/sessions/<session_id>/touch")
def touch_session(session_id: str) -> Response:
    """Note that a session is in use; with ``active_organization_id``, in this organization.

    Tabs may show different organizations: each says its own when it comes to the front.
    """
    local = current_local()
    client = require_client()
    session = local.sessions.select(
        session_id,
        client.id,
        form.text(_ORGANIZATION),
        switches_organization=_ORGANIZATION in request.form,
        activity=activity(),
    )
    return with_client(local.resources.session(session, origin=page_origin()), client)


@route("POST", "/v1/client/sessions/<session_id>/end")
def end_session(session_id: str) -> Response:
    """End a session."""
    client = require_client()
    _own_session(session_id, client)
    ended = current_local().sessions.end(session_id)
    return with_client(current_local().resources.session(ended), client)


@route("POST", "/v1/client/sessions/<session_id>/remove")
def remove_session(session_id: str) -> Response:
    """End a session and take it from the browser."""
    client = require_client()
    _own_session(session_id, client)
    removed = current_local().sessions.remove(session_id)
    return with_client(current_local().resources.session(removed), client)


@route("POST", "/v1/client/sessions/<session_id>/tokens")
def create_session_token(session_id: str) -> Response:
    """Mint a session token; a page that asks for one is in use.

    ``organization_id`` is for this token alone, since other tabs may show another one.
    """
    local = current_local()
    session = _used_session(session_id)
    if "organization_id" in request.form:
        session = local.sessions.as_in(session, form.text("organization_id"))
    token = local.minting.session_token(session, origin=page_origin())
    return jsonify(local.resources.token(token))


@route("POST", "/v1/client/sessions/<session_id>/tokens/<template>")
def create_template_token(session_id: str, template: str) -> Response:
    """Mint a token from a JWT template; 404 for an unknown one."""
    local = current_local()
    session = _used_session(session_id)
    token = local.minting.template_token(session, template, origin=page_origin())
    return jsonify(local.resources.token(token))


def _used_session(session_id: str) -> Session:
    local = current_local()
    session = local.sessions.get_live(session_id, require_client().id)
    return local.sessions.touch(session.id, activity())


def _own_session(session_id: str, client: Client) -> Session:
    session = current_local().sessions.get(session_id)
    if session.client_id != client.id:
        raise errors.session_not_found(session_id)
    return session
