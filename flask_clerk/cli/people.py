"""Finding one user by what somebody types, and showing people and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from datetime import timezone
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import click

from .output import plain

if TYPE_CHECKING:
    from ..api import Client
    from ..api.resources import User

_SHOWN: Final = 8
_MATCHES: Final = 50


def find_user(client: Client, asked: str) -> User:
    """Return the user whom an id, an address, a username or the beginning of one names.

    :raises BackendAPIError: If Clerk refuses or cannot be reached.
    :raises click.ClickException: If it names nobody, or several: then with who they are.
    """
    text = asked.strip().lower()
    users = list(client.users.list(query=text, limit=_MATCHES))
    exact = [user for user in users if text in (user["id"].lower(), *_names_of(user))]
    beginning = [user for user in users if any(n.startswith(text) for n in _names_of(user))]
    chosen = exact or beginning
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        raise click.ClickException(f"{asked} may be {_listed(chosen)}: type more of it.")
    known = users or list(client.users.list())
    raise click.ClickException(
        f"No user's id, address or username begins with {asked}"
        + (f"; there are {_listed(known)}." if known else ": there are no users.")
    )


def name_of(user: Mapping[str, Any]) -> str:
    """Return a user's first and last name."""
    return plain(" ".join(filter(None, (user.get("first_name"), user.get("last_name")))))


def address_of(user: Mapping[str, Any]) -> str:
    """Return a user's primary email address, else the username, else the id."""
    emails = user.get("email_addresses") or []
    primary = [each for each in emails if each["id"] == user.get("primary_email_address_id")]
    address = [each["email_address"] for each in primary or emails]
    return plain(str(address[0] if address else user.get("username") or user["id"]))


def time_of(milliseconds: int | None) -> str:
    """Return a time (Unix milliseconds) to the minute, in UTC; empty if there is none."""
    if milliseconds is None:
        return ""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M")


def _names_of(user: Mapping[str, Any]) -> list[str]:
    emails = [each["email_address"] for each in user.get("email_addresses") or ()]
    return [name.lower() for name in (*emails, user.get("username")) if name]


def _listed(users: list[Any]) -> str:
    addresses = sorted(map(address_of, users))
    more = [f"{len(users) - _SHOWN} more"] if len(users) > _SHOWN else []
    return ", ".join(addresses[:_SHOWN] + more)
