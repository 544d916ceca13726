"""``/v1/client/sign_ins``: attempts to sign in, by password, email code or ticket."""

from __future__ import annotations

from flask import Response

from ...model import Client
from ...model import SignIn
from ..current import current_local
from . import form
from .activity import activity
from .answers import alone
from .answers import with_client
from .browser import client_to_sign_in
from .browser import require_client
from .routing import route


@route("POST", "/v1/client/sign_ins")
def create_sign_in() -> Response:
    """Begin to sign in, and go as far as what is given allows."""
    client = client_to_sign_in()
    sign_in = current_local().sign_ins.create(
        client.id,
        identifier=form.text("identifier"),
        strategy=form.text("strategy"),
        password=form.text("password"),
        ticket=form.text("ticket"),
        activity=activity(),
    )
    return _answer(sign_in, client)


@route("GET", "/v1/client/sign_ins/<sign_in_id>")
def get_sign_in(sign_in_id: str) -> Response:
    """Return an attempt of the browser's."""
    local = current_local()
    sign_in = local.sign_ins.get(sign_in_id, require_client().id)
    return alone(local.resources.sign_in(sign_in))


@route("POST", "/v1/client/sign_ins/<sign_in_id>/prepare_first_factor")
def prepare_first_factor(sign_in_id: str) -> Response:
    """Send a code."""
    client = require_client()
    sign_in = current_local().sign_ins.prepare_first_factor(
        sign_in_id, client.id, form.required("strategy"), form.text("email_address_id")
    )
    return _answer(sign_in, client)


@route("POST", "/v1/client/sign_ins/<sign_in_id>/attempt_first_factor")
def attempt_first_factor(sign_in_id: str) -> Response:
    """Prove to be the user."""
    client = require_client()
    sign_in = current_local().sign_ins.attempt_first_factor(
        sign_in_id,
        client.id,
        form.required("strategy"),
        password=form.text("password"),
        code=form.text("code"),
        activity=activity(),
    )
    return _answer(sign_in, client)


def _answer(sign_in: SignIn, client: Client) -> Response:
    return with_client(current_local().resources.sign_in(sign_in), client)
