"""API keys and OAuth access tokens: what users' programs sign in with."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ....core.tokens import API_KEY
from ....core.tokens import OAUTH_TOKEN
from ... import errors
from ...model import MachineToken
from ...token_resources import machine_token_json
from ..current import current_local
from . import query
from .body import Body
from .query import Json

blueprint = Blueprint("api_keys", __name__)

#: Seconds.
_MAX_LIFETIME: Final = 315_360_000


@blueprint.post("/api_keys")
def create_api_key() -> ResponseReturnValue:
    """Issue an API key, whose secret is seen only now."""
    body = Body(
        "type", "name", "description", "subject", "claims", "scopes", "created_by",
        "seconds_until_expiration",
    )  # fmt: skip
    clerk = current_local()
    issued = clerk.machines.create_api_key(
        _subject(body.required("subject")),
        body.required("name"),
        expires_in=body.integer("seconds_until_expiration", 1, _MAX_LIFETIME),
        description=body.text("description"),
        claims=body.values.get("claims"),
        scopes=body.texts("scopes"),
        created_by=body.text("created_by"),
    )
    # As clerk-backend-api 7 insists; bapi/2026-05-12.yml has 200, and @clerk/backend takes both.
    return machine_token_json(issued.record, clerk.now, secret=issued.secret), 201


@blueprint.get("/api_keys")
def list_api_keys() -> ResponseReturnValue:
    """Answer a page of a subject's API keys; those that are good, unless asked for all."""
    subject = query.text("subject")
    if subject is None:
        raise errors.param_missing("subject")
    clerk = current_local()
    with_invalid = query.flag("include_invalid")
    asked = (query.text("query") or "").lower()
    found = [
        record
        for record in clerk.machines.tokens(API_KEY, subject)
        if with_invalid or not (record.is_revoked or record.is_expired(clerk.now))
        if asked in f"{record.id} {record.name}".lower()
    ]
    return query.paginated(found, _shown)


@blueprint.get("/api_keys/<token_id>")
def get_api_key(token_id: str) -> ResponseReturnValue:
    """Answer an API key, without its secret."""
    return _shown(_api_key(token_id))


@blueprint.post("/api_keys/<token_id>/revoke")
def revoke_api_key(token_id: str) -> ResponseReturnValue:
    """Revoke an API key."""
    reason = Body("revocation_reason").text("revocation_reason")
    return _shown(current_local().machines.revoke(_api_key(token_id).id, reason))


@blueprint.post("/api_keys/verify")
def verify_api_key() -> ResponseReturnValue:
    """Answer the API key that this secret is, if it is good."""
    secret = Body("secret").required("secret")
    return _shown(current_local().machines.verify(API_KEY, secret))


@blueprint.post("/oauth_applications/access_tokens/verify")
def verify_oauth_token() -> ResponseReturnValue:
    """Answer the OAuth access token that this is, if it is good."""
    body = Body("access_token", "secret")
    token = body.text("access_token") or body.text("secret")
    if not token:
        raise errors.param_missing("access_token")
    return _shown(current_local().machines.verify(OAUTH_TOKEN, token))


def _api_key(token_id: str) -> MachineToken:
    record = current_local().machines.token(token_id)
    if record.token_type != API_KEY:
        raise errors.not_found("token", token_id)
    return record


def _subject(subject: str) -> str:
    """Return whose key it is to be, who must exist."""
    clerk = current_local()
    if subject.startswith("user_"):
        return clerk.users.get(subject).id
    if subject.startswith("org_"):
        return clerk.organizations.get(subject).id
    return clerk.machines.get(subject).id


def _shown(record: MachineToken) -> Json:
    return machine_token_json(record, current_local().now)
