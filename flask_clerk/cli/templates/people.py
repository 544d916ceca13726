"""Whom a preview or a measurement is for: users from a file, or of the instance."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ...core.strict_json import read_json
from ...jwt_templates import RenderContext
from ...jwt_templates import context_of
from ...jwt_templates import memberships_of
from ...jwt_templates.lint import Person

Json = Mapping[str, Any]


def users_in(path: Path) -> list[Json]:
    """Return the users in a file: one, or a list of them, as the Backend API answers.

    :raises click.ClickException: If there are none in it.
    :raises OSError: If it cannot be read.
    """
    try:
        found = read_json(path.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path} is not JSON: {error}.") from error
    users = found if isinstance(found, list) else [found]
    if not users or not all(isinstance(user, dict) for user in users):
        raise click.ClickException(
            f"{path} must hold a user, or a list of users, as GET /users answers."
        )
    return users


def people(users: Iterable[Json]) -> Iterator[Person]:
    """Yield everybody, alone and in each organization."""
    for user in users:
        name = str(user.get("id") or "the user")
        yield Person(name, context_of(user))
        for membership in memberships_of(user):
            yield Person(f"{name} in {_slug(membership)}", context_of(user, membership))


def context_in(user: Json, memberships: Iterable[Json], organization: str | None) -> RenderContext:
    """Return the facts of a session of a user.

    :param organization: The id or slug of the active one; the personal account without.
    :raises click.ClickException: If the user is no member of it.
    """
    if organization is None:
        return context_of(user)
    for membership in memberships:
        if organization in (_organization(membership).get("id"), _slug(membership)):
            return context_of(user, membership)
    raise click.ClickException(f"The user is no member of an organization {organization!r}.")


def _slug(membership: Json) -> str:
    return str(_organization(membership).get("slug"))


def _organization(membership: Json) -> Json:
    organization = membership.get("organization")
    return organization if isinstance(organization, Mapping) else {}
