"""Signing in: who it is. The people of the seed are one click away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Response
from flask import make_response
from flask import render_template
from flask import request

from ... import codes
from ...errors import LocalClerkError
from ...model import Client
from ...model import SignIn
from ...model import User
from ...seed import DEFAULT_PASSWORD
from ...seed import DEFAULT_SEED
from ...sign_ins import PASSWORD
from ..current import current_local
from ..form import Form
from ..frontend.activity import activity
from .blueprint import blueprint
from .visitor import accounts
from .visitor import client_at_hand
from .visitor import remember
from .way_back import forward
from .way_back import here
from .way_back import leave

_OFFERED: Final = 6


@blueprint.get("/sign-in")
def sign_in() -> str:
    """Ask who it is, or offer whoever is signed in already to go on."""
    if request.args.get("__clerk_ticket"):
        return _ticket_page(None)
    return _page(Form("sign-in", {"identifier": request.args.get("identifier")}))


@blueprint.post("/sign-in")
def identify() -> Response | tuple[str, int]:
    """Find the person, and go on to whatever proves it; a password sent along is tried at once."""
    form = Form.sent("sign-in", ("identifier",))
    form.require(identifier=f"Enter your {_identifier_label().lower()}.")
    if not form.is_valid:
        return _page(form), form.status
    client = client_at_hand()
    try:
        attempt = current_local().sign_ins.create(client.id, identifier=form["identifier"])
    except LocalClerkError as error:
        form.refuse(error)
        return remember(make_response(_page(form), form.status), client)
    password = request.form.get("password")
    if password:
        try:
            return finish(client, prove(client, attempt, PASSWORD, password=password))
        except LocalClerkError:
            pass  # changed since it was offered: the next page asks for it
    return remember(_next_step(client, attempt), client)


@blueprint.post("/sign-in/ticket")
def redeem_ticket() -> Response:
    """Sign in by a ticket, in place of whoever is signed in if there can be only one."""
    local, client = current_local(), client_at_hand()
    form = Form.sent("ticket", ("ticket",))
    try:
        # One transaction: a ticket that is refused signs nobody out.
        with local.store.transaction():
            if local.settings.single_session_mode:
                local.sessions.remove_all(client.id)
            attempt = local.sign_ins.create(client.id, ticket=form["ticket"], activity=activity())
    except LocalClerkError as error:
        return remember(make_response(_ticket_page(error.long_message), error.status), client)
    return finish(client, attempt)


def prove(client: Client, attempt: SignIn, strategy: str, **proof: str) -> SignIn:
    """Try a password or a code.

    :raises LocalClerkError: If it is the wrong one.
    """
    return current_local().sign_ins.attempt_first_factor(
        attempt.id, client.id, strategy, activity=activity(), **proof
    )


def send_code(client: Client, attempt: SignIn, user: User) -> None:
    """Send a code to the address that was typed, or else to the primary one."""
    typed = (attempt.identifier or "").lower()
    found = (email.id for email in user.email_addresses if email.email_address == typed)
    current_local().sign_ins.prepare_first_factor(
        attempt.id, client.id, codes.EMAIL_CODE, next(found, None)
    )


def finish(client: Client, attempt: SignIn) -> Response:
    """Send somebody who has just signed in on: to what is left to do, or to the app."""
    session = current_local().sessions.get(attempt.created_session_id or "")
    return remember(forward("tasks") if session.tasks else leave(client), client)


def factors_of(user: User) -> list[object]:
    """Return the strategies by which a user can sign in."""
    return [factor["strategy"] for factor in current_local().sign_ins.first_factors(user)]


def _next_step(client: Client, attempt: SignIn) -> Response:
    user = current_local().users.get(attempt.user_id or "")
    factors = factors_of(user)
    if PASSWORD not in factors and codes.EMAIL_CODE in factors:
        send_code(client, attempt, user)
        return forward("code")
    return forward("password")


def _page(form: Form) -> str:
    local = current_local()
    return render_template(
        "clerk_local/sign_in.html",
        form=form,
        here=here,
        accounts=accounts(),
        is_single=local.settings.single_session_mode,
        identifier_label=_identifier_label(),
        people=_people(),
        password=DEFAULT_PASSWORD,
        can_sign_up=local.settings.sign_up_enabled,
    )


def _ticket_page(error: str | None) -> str:
    ticket = request.form.get("ticket") or request.args.get("__clerk_ticket")
    is_single = current_local().settings.single_session_mode
    return render_template(
        "clerk_local/ticket.html",
        here=here,
        error=error,
        ticket=ticket,
        replaced=accounts() if is_single else [],
    )


def _people() -> list[Mapping[str, object]]:
    """Return the oldest users, and of each whether the default seed's password may be theirs."""
    local = current_local()
    here_already = {account.user.id for account in accounts()}
    seeded = {user["email"] for user in DEFAULT_SEED["users"]}
    everybody = local.users.search(order_by="created_at")
    users = [user for user in everybody if not user.is_banned and user.id not in here_already]
    return [
        {
            "user": user,
            "is_seeded": user.identifier in seeded and PASSWORD in factors_of(user),
        }
        for user in users[:_OFFERED]
    ]


def _identifier_label() -> str:
    has_usernames = current_local().settings.username_enabled
    return "Email address or username" if has_usernames else "Email address"
