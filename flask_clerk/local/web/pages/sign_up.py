"""Signing up: address, password and names; then the code that proves the address."""

from __future__ import annotations

from flask import Response
from flask import make_response
from flask import render_template
from flask import request

from ... import codes
from ...errors import LocalClerkError
from ...model import Client
from ...model import SignUp
from ..current import current_local
from ..form import Form
from ..frontend.activity import activity
from .blueprint import blueprint
from .visitor import accounts
from .visitor import client_at_hand
from .visitor import known_client
from .visitor import remember
from .way_back import SIGN_UP
from .way_back import forward
from .way_back import here
from .way_back import leave

_MISSING = {
    "email_address": "Enter your email address.",
    "password": "Choose a password.",
    "username": "Choose a username.",
    "first_name": "Enter your first name.",
    "last_name": "Enter your last name.",
}


@blueprint.get("/sign-up")
def sign_up() -> str:
    """Ask for whatever the instance wants to know."""
    values: dict[str, str | None] = dict.fromkeys(_fields(), None)
    attempt = _attempt()
    for field in values.keys() & {"email_address", "first_name", "last_name", "username"}:
        values[field] = getattr(attempt[1], field) if attempt else request.args.get(field)
    return _page(Form("sign-up", values))


@blueprint.get("/sign-in/create")
def create() -> Response:
    """Lead to signing up, where an app that names only its sign-in page looks for it."""
    return forward("sign_up")


@blueprint.post("/sign-up")
def begin_sign_up() -> Response | tuple[str, int]:
    """Take the details down and send a code."""
    local, form = current_local(), Form.sent("sign-up", _fields())
    form.require(**{field: _MISSING[field] for field in local.sign_ups.required_fields()})
    if not form.is_valid:
        return _page(form), form.status
    client = client_at_hand()
    try:
        local.sign_ups.create(client.id, {**form.values, "strategy": codes.EMAIL_CODE})
    except LocalClerkError as error:
        form.refuse(error)
        return remember(make_response(_page(form), form.status), client)
    return remember(forward("verify"), client)


@blueprint.get("/sign-up/verify")
def verify() -> Response | str:
    """Ask for the code."""
    attempt = _attempt()
    return forward("sign_up") if attempt is None else _code_page(Form("code", {}), attempt[1])


@blueprint.post("/sign-up/send-code")
def resend_sign_up_code() -> Response:
    """Send another code."""
    attempt = _attempt()
    if attempt is None:
        return forward("sign_up")
    client, sign_up = attempt
    current_local().sign_ups.prepare_verification(sign_up.id, client.id)
    return forward("verify", done="sent")


@blueprint.post("/sign-up/verify")
def attempt_sign_up_code() -> Response | tuple[str, int]:
    """Try a code; the right one makes a user and signs in."""
    attempt = _attempt()
    if attempt is None:
        return forward("sign_up")
    form = Form.sent("code", ("code",))
    form.require(code="Enter the six digits.")
    client, sign_up = attempt
    if form.is_valid:
        try:
            typed = "".join(form["code"].split())
            done = current_local().sign_ups.attempt_verification(
                sign_up.id, client.id, typed, activity=activity()
            )
            return _finish(client, done)
        except LocalClerkError as error:
            form.refuse(error)
    return _code_page(form, sign_up), form.status


def _finish(client: Client, sign_up: SignUp) -> Response:
    if sign_up.created_session_id is None:
        # The settings ask for more by now than they did when the person began.
        return forward("sign_up")
    session = current_local().sessions.get(sign_up.created_session_id)
    return remember(forward("tasks") if session.tasks else leave(client, SIGN_UP), client)


def _fields() -> list[str]:
    sign_ups = current_local().sign_ups
    return [*sign_ups.optional_fields(), *sign_ups.required_fields()]


def _attempt() -> tuple[Client, SignUp] | None:
    """Return the attempt under way: the one that the form names, or else the client's last."""
    client = known_client()
    attempt_id = request.form.get("attempt") or (client.sign_up_id if client else None)
    if client is None or attempt_id is None:
        return None
    try:
        sign_up = current_local().sign_ups.get(attempt_id, client.id)
    except LocalClerkError:
        return None
    return None if sign_up.status == "complete" else (client, sign_up)


def _page(form: Form) -> str:
    local = current_local()
    return render_template(
        "clerk_local/sign_up.html",
        form=form,
        here=here,
        is_open=local.settings.sign_up_enabled,
        accounts=accounts() if local.settings.single_session_mode else [],
        required=local.sign_ups.required_fields(),
    )


def _code_page(form: Form, sign_up: SignUp) -> str:
    address = sign_up.email_address or ""
    return render_template(
        "clerk_local/code.html",
        form=form,
        here=here,
        attempt=sign_up,
        address=address,
        is_test=codes.is_test_address(address),
        submit="attempt_sign_up_code",
        resend="resend_sign_up_code",
        other=None,
        back=here("sign_up"),
    )
