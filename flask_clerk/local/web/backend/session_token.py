"""The customised session token. Clerk's own Backend API has no such endpoint: it is ours alone."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ... import errors
from ..current import current_local
from .body import Body

blueprint = Blueprint("session_token", __name__, url_prefix="/local/session_token")


@blueprint.get("")
def get_session_token() -> ResponseReturnValue:
    """Answer the claims that are added to every session token."""
    claims = current_local().settings.session_token_claims
    return {"object": "session_token", "claims": claims}


@blueprint.put("")
def put_session_token() -> ResponseReturnValue:
    """Replace the claims that are added to every session token."""
    claims = Body("claims").mapping("claims")
    if claims is None:
        raise errors.param_missing("claims")
    current_local().templates.customise_session_token(claims)
    return get_session_token()
