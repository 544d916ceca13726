"""``/v1/me/email_addresses``: the signed-in user's addresses."""

from __future__ import annotations

from flask import Response

from ... import errors
from ...codes import EMAIL_CODE
from ...model import Client
from ...model import EmailAddress
from ...model import User
from ..current import current_local
from . import form
from .answers import alone
from .answers import with_client
from .me import signed_in
from .routing import route


@route("GET", "/v1/me/email_addresses")
def list_email_addresses() -> Response:
    """Return the user's addresses."""
    _, _, user = signed_in()
    show = current_local().resources.email_address
    return alone([show(email) for email in user.email_addresses])


@route("POST", "/v1/me/email_addresses")
def create_email_address() -> Response:
    """Add an address, to be verified."""
    client, _, user = signed_in()
    email = current_local().users.add_email(user.id, form.required("email_address"))
    return _answer(email, client)


@route("GET", "/v1/me/email_addresses/<email_address_id>")
def get_email_address(email_address_id: str) -> Response:
    """Return an address."""
    _, _, user = signed_in()
    return alone(current_local().resources.email_address(_own(user, email_address_id)))


@route("DELETE", "/v1/me/email_addresses/<email_address_id>")
def delete_email_address(email_address_id: str) -> Response:
    """Take an address away."""
    client, _, user = signed_in()
    current_local().users.remove_email(user.id, email_address_id)
    shown = current_local().resources.deleted("email_address", email_address_id)
    return with_client(shown, client)


@route("POST", "/v1/me/email_addresses/<email_address_id>/prepare_verification")
def prepare_email_address(email_address_id: str) -> Response:
    """Send a code to an address."""
    client, _, user = signed_in()
    if form.required("strategy") != EMAIL_CODE:
        raise errors.strategy_invalid()
    return _answer(current_local().verifications.send_code(user.id, email_address_id), client)


@route("POST", "/v1/me/email_addresses/<email_address_id>/attempt_verification")
def attempt_email_address(email_address_id: str) -> Response:
    """Prove to read an address."""
    client, _, user = signed_in()
    email = current_local().verifications.check_code(user.id, email_address_id, form.text("code"))
    return _answer(email, client)


def _own(user: User, email_address_id: str) -> EmailAddress:
    email = user.email(email_address_id)
    if email is None:
        raise errors.not_found("email address", email_address_id)
    return email


def _answer(email: EmailAddress, client: Client) -> Response:
    return with_client(current_local().resources.email_address(email), client)
