"""``/v1/client/sign_ups``: attempts to sign up."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Response

from ...codes import EMAIL_CODE
from ...model import Client
from ...model import SignUp
from ..current import current_local
from . import form
from .activity import activity
from .answers import alone
from .answers import with_client
from .browser import client_to_sign_in
from .browser import require_client
from .routing import route

_FIELDS: Final = (
    "email_address", "password", "first_name", "last_name", "username", "strategy",
)  # fmt: skip


@route("POST", "/v1/client/sign_ups")
def create_sign_up() -> Response:
    """Begin to sign up, and go as far as what is given allows."""
    client = client_to_sign_in()
    sign_up = current_local().sign_ups.create(client.id, _given(), activity=activity())
    return _answer(sign_up, client)


@route("GET", "/v1/client/sign_ups/<sign_up_id>")
def get_sign_up(sign_up_id: str) -> Response:
    """Return an attempt of the browser's."""
    local = current_local()
    sign_up = local.sign_ups.get(sign_up_id, require_client().id)
    return alone(local.resources.sign_up(sign_up))


@route("PATCH", "/v1/client/sign_ups/<sign_up_id>")
def update_sign_up(sign_up_id: str) -> Response:
    """Supply more, or something else."""
    client = require_client()
    sign_ups = current_local().sign_ups
    sign_up = sign_ups.update(sign_up_id, client.id, _given(), activity=activity())
    return _answer(sign_up, client)


@route("POST", "/v1/client/sign_ups/<sign_up_id>/prepare_verification")
def prepare_verification(sign_up_id: str) -> Response:
    """Send a code."""
    client = require_client()
    strategy = form.text("strategy") or EMAIL_CODE
    sign_up = current_local().sign_ups.prepare_verification(sign_up_id, client.id, strategy)
    return _answer(sign_up, client)


@route("POST", "/v1/client/sign_ups/<sign_up_id>/attempt_verification")
def attempt_verification(sign_up_id: str) -> Response:
    """Prove to read the address."""
    client = require_client()
    sign_up = current_local().sign_ups.attempt_verification(
        sign_up_id,
        client.id,
        form.text("code"),
        form.text("strategy") or EMAIL_CODE,
        activity=activity(),
    )
    return _answer(sign_up, client)


def _given() -> dict[str, Any]:
    given = {name: form.text(name) for name in _FIELDS}
    return {**given, "unsafe_metadata": form.json_object("unsafe_metadata")}


def _answer(sign_up: SignUp, client: Client) -> Response:
    return with_client(current_local().resources.sign_up(sign_up), client)
