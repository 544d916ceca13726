"""``flask clerk token``: a session or template token of a development instance, for curl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..bound import AppClerk
from .app import with_clerk
from .errors import missing
from .people import find_user

if TYPE_CHECKING:
    from ..api import Client

#: Seconds (Backend API, ``CreateSessionToken``).
_LIFETIMES = click.IntRange(30, 315_360_000)


@click.command()
@click.option(
    "--user",
    required=True,
    help="Whose: an id, an address, a username or the beginning of one.",
)
@click.option("--organization", help="The id or slug of the organization to be active.")
@click.option("--template", help="The name of a JWT template; a session token without one.")
@click.option("--expires-in", type=_LIFETIMES, help="The token's lifetime in seconds.")
@with_clerk
def token(
    clerk: AppClerk,
    user: str,
    organization: str | None,
    template: str | None,
    expires_in: int | None,
) -> None:
    r"""Print a token of a user, and nothing else.

    \b
    curl -H "Authorization: Bearer $(flask clerk token --user ada)" …

    It belongs to a live session of the user's in that organization, or in none; a new session
    begins where there is none. Only development instances, local or Clerk's, are asked.
    """
    config = clerk.instance.config
    if not config.is_development:
        raise click.ClickException(
            "Tokens are made with test keys only: live keys would sign somebody in for real."
        )
    user_id = find_user(clerk.client, user).id
    session_id = _session(clerk.client, user_id, _organization_id(clerk.client, organization))
    with missing(f"There is no JWT template {template}."):
        click.echo(_mint(clerk, session_id, template, expires_in))
    if config.authorized_parties and template is None and not config.local:
        click.echo(
            "Its azp is empty, so an app with CLERK_AUTHORIZED_PARTIES refuses it.", err=True
        )


def _mint(clerk: AppClerk, session_id: str, template: str | None, expires_in: int | None) -> str:
    """Return a token; a local Clerk's is for an origin that the app accepts, if it names some.

    :raises ClerkError: If there is no such template.
    """
    config = clerk.instance.config
    if not (config.local and config.authorized_parties):
        return clerk.instance.backend.create_token(session_id, template, expires_in)
    from ..local.web.current import current_local

    local, origin = current_local(), config.authorized_parties[0]
    session = local.sessions.get_live(session_id)
    if template is None:
        return local.minting.session_token(session, origin=origin, lifetime=expires_in)
    return local.minting.template_token(session, template, origin=origin, lifetime=expires_in)


def _organization_id(client: Client, asked: str | None) -> str | None:
    if asked is None:
        return None
    with missing(f"There is no organization {asked}."):
        return client.organizations.get(asked).id


def _session(client: Client, user_id: str, organization_id: str | None) -> str:
    """Return a live session with this organization active, a new one if need be."""
    for session in client.sessions.list(user_id=user_id, status="active"):
        if session.last_active_organization_id == organization_id:
            return session.id
    return client.sessions.create(user_id, active_organization_id=organization_id).id
