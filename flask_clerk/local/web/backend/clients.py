"""Clients, and the cookies that wait for a handshake to be redeemed."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ... import errors
from ..current import current_local
from .body import Body
from .query import listed
from .query import text

blueprint = Blueprint("clients", __name__, url_prefix="/clients")


@blueprint.get("")
def list_clients() -> ResponseReturnValue:
    """Answer a page of the clients, newest first."""
    clerk = current_local()
    return listed(clerk.clients.search()[::-1], clerk.resources.backend_client)


@blueprint.post("/verify")
def verify_client() -> ResponseReturnValue:
    """Answer the client whose ``__client`` cookie this is."""
    token = Body("token").required("token")
    clerk = current_local()
    client = clerk.clients.find(cookie=token)
    if client is None:
        raise errors.not_found("client", "of this token")
    return clerk.resources.backend_client(client)


@blueprint.get("/handshake_payload")
def get_handshake_payload() -> ResponseReturnValue:
    """Answer the ``Set-Cookie`` lines that wait under a nonce, once."""
    nonce = text("nonce")
    if nonce is None:
        raise errors.LocalClerkError(
            "missing_query_parameter",
            400,
            "Missing query parameter",
            "The query parameter 'nonce' is missing from the request.",
        )
    return {"directives": current_local().handshakes.redeem(nonce)}


@blueprint.get("/<client_id>")
def get_client(client_id: str) -> ResponseReturnValue:
    """Answer a client."""
    clerk = current_local()
    client = clerk.clients.get(client_id)
    if client is None:
        raise errors.not_found("client", client_id)
    return clerk.resources.backend_client(client)
