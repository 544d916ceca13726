"""M2M tokens, with which machines talk to each other."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ....core.tokens import M2M_TOKEN
from ....core.tokens import read_token
from ... import errors
from ...errors import LocalClerkError
from ...model import Machine
from ...model import MachineToken
from ...token_resources import machine_token_json
from ..current import current_local
from . import query
from .body import Body
from .query import Json
from .requests import calling_machine
from .requests import machines_may_call

blueprint = Blueprint("m2m_tokens", __name__, url_prefix="/m2m_tokens")

#: Seconds (``CreateM2MToken``).
_MAX_LIFETIME: Final = 315_360_000
_FORMATS: Final = ("opaque", "jwt")


@blueprint.post("")
@machines_may_call
def create_m2m_token() -> ResponseReturnValue:
    """Issue a token of the calling machine: opaque, or a JWT that is not stored."""
    body = Body("token_format", "seconds_until_expiration", "claims", "min_remaining_ttl_seconds")
    machine = calling_machine()
    if machine is None:
        raise LocalClerkError(
            "authorization_invalid",
            403,
            "Unauthorized request",
            "Only a machine creates M2M tokens: call with its secret key.",
        )
    asked = body.text("token_format") or _FORMATS[0]
    if asked not in _FORMATS:
        raise errors.param_invalid("token_format", "token_format must be opaque or jwt.")
    clerk = current_local()
    lifetime = body.integer("seconds_until_expiration", 1, _MAX_LIFETIME)
    claims = body.values.get("claims")
    if asked == "jwt":
        jwt = clerk.machines.create_m2m_jwt(machine.id, expires_in=lifetime, claims=claims)
        return machine_token_json(_record_of(jwt, machine, claims), clerk.now, secret=jwt), 201
    issued = clerk.machines.create_m2m_token(machine.id, expires_in=lifetime, claims=claims)
    return machine_token_json(issued.record, clerk.now, secret=issued.secret), 201


@blueprint.get("")
@machines_may_call
def list_m2m_tokens() -> ResponseReturnValue:
    """Answer a page of a machine's tokens; those that are good, unless asked for others too."""
    subject = query.text("subject")
    if subject is None:
        raise errors.param_missing("subject")
    machine = calling_machine()
    if machine is not None and machine.id != subject:
        raise errors.not_found("machine", subject)
    clerk = current_local()
    with_revoked, with_expired = query.flag("revoked"), query.flag("expired")
    found = [
        record
        for record in clerk.machines.tokens(M2M_TOKEN, subject)
        if (with_revoked or not record.is_revoked)
        and (with_expired or not record.is_expired(clerk.now))
    ]
    return query.paginated(found, _shown, name="m2m_tokens")


@blueprint.post("/<token_id>/revoke")
@machines_may_call
def revoke_m2m_token(token_id: str) -> ResponseReturnValue:
    """Revoke an opaque token; a machine revokes its own."""
    reason = Body("revocation_reason").text("revocation_reason")
    clerk = current_local()
    record = clerk.machines.token(token_id)
    machine = calling_machine()
    if record.token_type != M2M_TOKEN or (machine is not None and machine.id != record.subject):
        raise errors.not_found("token", token_id)
    return _shown(clerk.machines.revoke(record.id, reason))


@blueprint.post("/verify")
@machines_may_call
def verify_m2m_token() -> ResponseReturnValue:
    """Answer the opaque token that this is, if it is good, and good for the calling machine."""
    token = Body("token").required("token")
    record = current_local().machines.verify(M2M_TOKEN, token)
    machine = calling_machine()
    if machine is not None and machine.id not in record.scopes:
        raise errors.not_found("token", "this secret")
    return _shown(record)


def _record_of(jwt: str, machine: Machine, claims: Any) -> MachineToken:
    """Return what would be stored of a JWT, were it stored."""
    payload = read_token(jwt).payload
    return MachineToken(
        id=payload["jti"],
        token_type=M2M_TOKEN,
        secret_hash="",
        subject=machine.id,
        claims=claims,
        scopes=machine.scoped_machine_ids,
        expire_at=payload["exp"] * 1000,
        created_at=payload["iat"] * 1000,
        updated_at=payload["iat"] * 1000,
    )


def _shown(record: MachineToken) -> Json:
    return machine_token_json(record, current_local().now)
