"""``flask clerk sessions``: listing and revoking the sessions of the instance's users."""

from __future__ import annotations

import click

from ..bound import AppClerk
from .app import instance_name
from .app import with_clerk
from .errors import missing
from .output import echo_json
from .output import echo_table
from .output import json_option
from .people import find_user
from .people import time_of

_STATUSES = (
    "abandoned", "active", "ended", "expired", "pending", "removed", "replaced", "revoked",
)  # fmt: skip


@click.group()
def sessions() -> None:
    """Manage the sessions of the app's instance, a local one or Clerk's."""


@sessions.command("list")
@click.option("--user", help="Whose: an id, an address, a username or the beginning of one.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those that stand so.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@json_option
@with_clerk
def list_sessions(
    clerk: AppClerk, user: str | None, status: str | None, limit: int, as_json: bool
) -> None:
    """List sessions, the newest first."""
    user_id = None if user is None else find_user(clerk.client, user).id
    found = list(clerk.client.sessions.list(limit=limit, status=status, user_id=user_id))
    if as_json:
        echo_json(found)
        return
    rows = [
        (
            session["id"],
            session["user_id"],
            click.style(
                session["status"], fg="green" if session["status"] == "active" else "yellow"
            ),
            time_of(session["last_active_at"]),
            time_of(session["expire_at"]),
            session["last_active_organization_id"] or "",
        )
        for session in found
    ]
    echo_table(("ID", "USER", "STATUS", "LAST ACTIVE (UTC)", "EXPIRES (UTC)", "ORGANIZATION"), rows)
    more = f" or more (--limit {limit})" if len(found) == limit else ""
    click.echo(f"\n{len(found)}{more} at {instance_name(clerk.instance.config)}.")


@sessions.command()
@click.argument("session_ids", metavar="SESSION_ID…", nargs=-1, required=True)
@json_option
@with_clerk
def revoke(clerk: AppClerk, session_ids: tuple[str, ...], as_json: bool) -> None:
    """End sessions.

    Tokens that are out already serve for what is left of their minute, unless
    CLERK_REVOCATION_URL names a Redis, by which every worker hears of it.
    """
    if clerk.instance.config.secret_key is None:
        raise click.ClickException("Sessions are ended at Clerk with CLERK_SECRET_KEY: set it.")
    for session_id in session_ids:
        with missing(f"There is no session {session_id}."):
            clerk.instance.revoke_session(session_id)
        if not as_json:
            click.echo(f"Revoked {session_id}.")
    if as_json:
        echo_json([{"id": session_id, "status": "revoked"} for session_id in session_ids])
