"""The instance's keys, and what signs people in without a password."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint
from flask import request
from flask.typing import ResponseReturnValue

from ... import errors
from ...model import Ticket
from ...tickets import IssuedTicket
from ...token_resources import testing_token_json
from ...token_resources import ticket_json
from ..current import current_local
from .body import Body
from .query import Json

blueprint = Blueprint("tokens", __name__)

#: Seconds.
_MAX_LIFETIME: Final = 315_360_000


@blueprint.get("/jwks")
def get_jwks() -> ResponseReturnValue:
    """Answer the public keys of the instance."""
    return current_local().jwks()


@blueprint.post("/sign_in_tokens")
def create_sign_in_token() -> ResponseReturnValue:
    """Issue what signs a user in, once."""
    body = Body("user_id", "org_id", "expires_in_seconds")
    clerk = current_local()
    user_id = body.required("user_id")
    organization_id = body.text("org_id") or None
    if organization_id and clerk.organizations.membership(user_id, organization_id) is None:
        raise errors.not_found("organization", organization_id)
    issued = clerk.tickets.create(
        user_id,
        expires_in=body.integer("expires_in_seconds", 1, _MAX_LIFETIME),
        organization_id=organization_id,
    )
    return _issued(issued)


@blueprint.post("/sign_in_tokens/<ticket_id>/revoke")
def revoke_sign_in_token(ticket_id: str) -> ResponseReturnValue:
    """Revoke a sign-in token that was not used."""
    return _revoked(ticket_id, is_actor_token=False)


@blueprint.post("/actor_tokens")
def create_actor_token() -> ResponseReturnValue:
    """Issue what makes an actor a user, once."""
    body = Body("user_id", "actor", "expires_in_seconds", "session_max_duration_in_seconds")
    issued = current_local().tickets.create_actor_token(
        body.required("user_id"),
        body.mapping("actor") or {},
        expires_in=body.integer("expires_in_seconds", 1, _MAX_LIFETIME),
        session_lifetime=body.integer("session_max_duration_in_seconds", 1, _MAX_LIFETIME),
    )
    return _issued(issued)


@blueprint.post("/actor_tokens/<ticket_id>/revoke")
def revoke_actor_token(ticket_id: str) -> ResponseReturnValue:
    """Revoke an actor token that was not used."""
    return _revoked(ticket_id, is_actor_token=True)


@blueprint.post("/testing_tokens")
def create_testing_token() -> ResponseReturnValue:
    """Issue a testing token."""
    return testing_token_json(current_local().tickets.create_testing_token())


def _issued(issued: IssuedTicket) -> Json:
    ticket = urlencode({"__clerk_ticket": issued.token})
    root = request.base_url.partition("/api/v1/")[0]
    return ticket_json(issued.ticket, token=issued.token, url=f"{root}/sign-in?{ticket}")


def _revoked(ticket_id: str, *, is_actor_token: bool) -> Json:
    tickets = current_local().tickets
    ticket: Ticket = tickets.get(ticket_id)
    if (ticket.actor is not None) is not is_actor_token:
        raise errors.not_found("token", ticket_id)
    return ticket_json(tickets.revoke(ticket.id))
