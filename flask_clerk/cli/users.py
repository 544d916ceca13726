"""``flask clerk users``: listing, showing and banning the instance's users."""

from __future__ import annotations

import json

import click

from ..bound import AppClerk
from .app import instance_name
from .app import with_clerk
from .output import echo_json
from .output import echo_table
from .output import json_option
from .output import plain
from .people import address_of
from .people import find_user
from .people import name_of
from .people import time_of


@click.group()
def users() -> None:
    """Manage the users of the app's instance, a local one or Clerk's.

    USER is an id, an address, a username or the beginning of one.
    """


@users.command("list")
@click.option("--query", help="Part of an id, a name, an address or a username.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@json_option
@with_clerk
def list_users(clerk: AppClerk, query: str | None, limit: int, as_json: bool) -> None:
    """List users, the newest first."""
    found = list(clerk.client.users.list(limit=limit, query=query))
    if as_json:
        echo_json(found)
        return
    rows = [
        (
            user["id"],
            address_of(user),
            name_of(user),
            time_of(user["last_sign_in_at"]),
            click.style("banned", fg="red") if user["banned"] else "active",
        )
        for user in found
    ]
    echo_table(("ID", "ADDRESS", "NAME", "LAST SIGN-IN (UTC)", "STATUS"), rows)
    more = f" or more (--limit {limit})" if len(found) == limit else ""
    click.echo(f"\n{len(found)}{more} at {instance_name(clerk.instance.config)}.")


@users.command()
@click.argument("user")
@json_option
@with_clerk
def show(clerk: AppClerk, user: str, as_json: bool) -> None:
    """Show a user, private metadata included."""
    found = find_user(clerk.client, user)
    if as_json:
        echo_json(found)
        return
    rows = [
        ("id", found["id"]),
        ("addresses", plain(", ".join(e["email_address"] for e in found["email_addresses"]))),
        ("username", plain(found["username"] or "")),
        ("name", name_of(found)),
        ("created", time_of(found["created_at"])),
        ("last sign-in", time_of(found["last_sign_in_at"])),
        ("banned", "yes" if found["banned"] else "no"),
        *((name, json.dumps(found[name])) for name in found if name.endswith("_metadata")),
    ]
    echo_table(("FIELD", "VALUE"), rows)


@users.command()
@click.argument("user")
@json_option
@with_clerk
def ban(clerk: AppClerk, user: str, as_json: bool) -> None:
    """Ban a user, which ends every session.

    Tokens that are out already serve for what is left of their minute, unless
    CLERK_REVOCATION_URL names a Redis, by which every worker hears of it.
    """
    banned = clerk.client.users.ban(find_user(clerk.client, user).id)
    clerk.instance.revocations.revoke_user(banned.id)
    if as_json:
        echo_json(banned)
    else:
        click.echo(f"Banned {address_of(banned)}: every session has ended.")


@users.command()
@click.argument("user")
@json_option
@with_clerk
def unban(clerk: AppClerk, user: str, as_json: bool) -> None:
    """Lift a ban."""
    unbanned = clerk.client.users.unban(find_user(clerk.client, user).id)
    if as_json:
        echo_json(unbanned)
    else:
        click.echo(f"{address_of(unbanned)} may sign in again.")
