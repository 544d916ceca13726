"""Sessions: who is signed in where, and the button that ends it."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ..current import current_local
from .blueprint import blueprint
from .blueprint import see
from .users import SHOWN
from .users import everybody

_STATUSES = (
    "active", "pending", "ended", "expired", "removed", "replaced", "revoked", "abandoned",
)  # fmt: skip


@blueprint.get("/sessions")
def sessions() -> str:
    """List the sessions, newest first."""
    local = current_local()
    status = request.args.get("status", "")
    found = local.sessions.search(status=status or None)
    return render_template(
        "clerk_local/dashboard/sessions.html",
        sessions=found[:SHOWN],
        total=len(found),
        users=everybody(),
        status=status,
        statuses=_STATUSES,
    )


@blueprint.post("/sessions/<session_id>/revoke")
def revoke_session(session_id: str) -> Response:
    """Revoke a session, and return to the list or to the user whose page the button was on."""
    session = current_local().sessions.revoke(session_id)
    if request.form.get("from") == "user":
        return see("user", "revoked", user_id=session.user_id)
    return see("sessions", "revoked")


@blueprint.post("/sessions/revoke")
def revoke_all_sessions() -> Response:
    """Revoke every session there is."""
    local = current_local()
    with local.store.transaction():
        for session in local.sessions.search():
            if session.is_live:
                local.sessions.revoke(session.id)
    return see("sessions", "revoked")
