"""The JSON of templates, tickets and machine tokens, as the Backend API has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.tokens import M2M_TOKEN
from ..core.tokens import OAUTH_TOKEN
from .model import JWTTemplate
from .model import Machine
from .model import MachineToken
from .model import TestingToken
from .model import Ticket

Json = dict[str, Any]


def jwt_template_json(template: JWTTemplate) -> Json:
    """Return a JWT template; its signing key is never shown."""
    return {
        "object": "jwt_template",
        "id": template.id,
        **template.definition,
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


def ticket_json(ticket: Ticket, *, token: str | None = None, url: str | None = None) -> Json:
    """Return a sign-in token or, where there is an actor, an actor token.

    :param token: The token itself, right after it was issued.
    :param url: A page that signs in with it.
    """
    shown: Json = {
        "object": "sign_in_token" if ticket.actor is None else "actor_token",
        "id": ticket.id,
        "status": ticket.status,
        "user_id": ticket.user_id,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }
    if ticket.actor is not None:
        shown["actor"] = ticket.actor
    if token is not None:
        shown["token"] = token
    if url is not None:
        shown["url"] = url
    return shown


def testing_token_json(token: TestingToken) -> Json:
    """Return a testing token."""
    return {"object": "testing_token", "token": token.id, "expires_at": token.expire_at // 1000}


def machine_json(machine: Machine, instance_id: str, scoped: Iterable[Machine] = ()) -> Json:
    """Return a machine.

    :param scoped: The machines that it may talk to.
    """
    return {
        **_machine(machine, instance_id),
        "scoped_machines": [_machine(each, instance_id) for each in scoped],
    }


def machine_token_json(record: MachineToken, now: int, *, secret: str | None = None) -> Json:
    """Return an API key, an M2M token or an OAuth access token.

    :param now: Unix milliseconds.
    :param secret: The token itself, right after it was issued.
    """
    shown: Json = {
        "id": record.id,
        "subject": record.subject,
        "claims": record.claims,
        "scopes": list(record.scopes),
        "revoked": record.is_revoked,
        "revocation_reason": record.revocation_reason,
        "expired": record.is_expired(now),
        "expiration": record.expire_at,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }
    if record.token_type == M2M_TOKEN:
        token = {"token": secret} if secret else {}
        last_used = {"last_used_at": record.last_used_at}
        return {"object": "machine_to_machine_token", **shown, **last_used, **token}
    if record.token_type == OAUTH_TOKEN:
        return {**_oauth_token(shown), "client_id": record.client_id}
    return {
        "object": "api_key",
        "type": "api_key",
        "name": record.name,
        "description": record.description,
        "created_by": record.created_by,
        "last_used_at": record.last_used_at,
        **shown,
        **({"secret": secret} if secret else {}),
    }


def _machine(machine: Machine, instance_id: str) -> Json:
    return {
        "object": "machine",
        "id": machine.id,
        "name": machine.name,
        "instance_id": instance_id,
        "default_token_ttl": machine.default_token_ttl,
        "created_at": machine.created_at,
        "updated_at": machine.updated_at,
    }


def _oauth_token(shown: Json) -> Json:
    kept = {name: value for name, value in shown.items() if name != "claims"}
    return {"object": "clerk_idp_oauth_access_token", "type": "oauth:access_token", **kept}
