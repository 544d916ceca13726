"""The first page of the dashboard."""

from __future__ import annotations

from flask import render_template

from ..current import current_local
from .blueprint import blueprint
from .users import everybody

_LATEST = 5


@blueprint.get("/")
def overview() -> str:
    """Show how much of everything there is, and what happened last."""
    local = current_local()
    people = everybody()
    live = [session for session in local.sessions.search() if session.is_live]
    return render_template(
        "clerk_local/dashboard/overview.html",
        counts=(
            ("Users", len(people), "users"),
            ("Live sessions", len(live), "sessions"),
            ("Organizations", len(local.organizations.search()), "organizations"),
            ("JWT templates", len(local.templates.search()), "templates"),
        ),
        emails=local.outbox.emails()[:_LATEST],
        entries=list(local.log)[::-1][:_LATEST],
        people=people,
        local=local,
        settings=local.settings,
    )
