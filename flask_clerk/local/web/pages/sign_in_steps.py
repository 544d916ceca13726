"""Signing in: the proof, a password or a code."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ... import codes
from ...errors import LocalClerkError
from ...model import Client
from ...model import SignIn
from ...model import User
from ...seed import DEFAULT_PASSWORD
from ...sign_ins import PASSWORD
from ..current import current_local
from ..form import Form
from .blueprint import blueprint
from .sign_in import factors_of
from .sign_in import finish
from .sign_in import prove
from .sign_in import send_code
from .visitor import known_client
from .way_back import forward
from .way_back import here


@blueprint.get("/sign-in/password")
def password() -> Response | str:
    """Ask for the password."""
    step = _step()
    return forward("sign_in") if step is None else _password_page(Form("password", {}), *step)


@blueprint.post("/sign-in/password")
def attempt_password() -> Response | tuple[str, int]:
    """Try a password."""
    step = _step()
    if step is None:
        return forward("sign_in")
    form = Form.sent("password", ("password",))
    form.require(password="Enter your password.")
    client, attempt, user = step
    if form.is_valid:
        try:
            return finish(client, prove(client, attempt, PASSWORD, password=form["password"]))
        except LocalClerkError as error:
            form.refuse(error)
    return _password_page(form, client, attempt, user), form.status


@blueprint.post("/sign-in/send-code")
def resend_code() -> Response | tuple[str, int]:
    """Send a code, or another one."""
    step = _step()
    if step is None:
        return forward("sign_in")
    client, attempt, user = step
    try:
        send_code(client, attempt, user)
    except LocalClerkError as error:
        form = Form("password", {})
        form.refuse(error)
        return _password_page(form, client, attempt, user), form.status
    return forward("code", done="sent")


@blueprint.get("/sign-in/code")
def code() -> Response | str:
    """Ask for the code."""
    step = _step()
    if step is None or step[1].email_address_id is None:
        return forward("sign_in")
    return _code_page(Form("code", {}), *step)


@blueprint.post("/sign-in/code")
def attempt_code() -> Response | tuple[str, int]:
    """Try a code."""
    step = _step()
    if step is None:
        return forward("sign_in")
    form = Form.sent("code", ("code",))
    form.require(code="Enter the six digits.")
    client, attempt, user = step
    if form.is_valid:
        try:
            typed = "".join(form["code"].split())
            return finish(client, prove(client, attempt, codes.EMAIL_CODE, code=typed))
        except LocalClerkError as error:
            form.refuse(error)
    return _code_page(form, client, attempt, user), form.status


def _step() -> tuple[Client, SignIn, User] | None:
    """Return the attempt under way: the one that the form names, or else the client's last."""
    local, client = current_local(), known_client()
    attempt_id = request.form.get("attempt") or (client.sign_in_id if client else None)
    if client is None or attempt_id is None:
        return None
    try:
        attempt = local.sign_ins.get(attempt_id, client.id)
        user = local.users.get(attempt.user_id or "")
    except LocalClerkError:
        return None
    return None if attempt.status == "complete" else (client, attempt, user)


def _password_page(form: Form, client: Client, attempt: SignIn, user: User) -> str:
    factors = factors_of(user)
    is_seeded = current_local().users.has_password(user, DEFAULT_PASSWORD)
    return render_template(
        "clerk_local/password.html",
        form=form,
        here=here,
        attempt=attempt,
        user=user,
        has_password=PASSWORD in factors,
        can_send_code=codes.EMAIL_CODE in factors,
        hint=DEFAULT_PASSWORD if is_seeded else None,
    )


def _code_page(form: Form, client: Client, attempt: SignIn, user: User) -> str:
    email = user.email(attempt.email_address_id)
    address = email.email_address if email else ""
    return render_template(
        "clerk_local/code.html",
        form=form,
        here=here,
        attempt=attempt,
        address=address,
        is_test=codes.is_test_address(address),
        submit="attempt_code",
        resend="resend_code",
        other=("password", "Use your password instead") if PASSWORD in factors_of(user) else None,
        back=here("sign_in", identifier=attempt.identifier or ""),
    )
