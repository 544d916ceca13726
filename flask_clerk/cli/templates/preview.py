"""``preview``: the claims that a token would have, and its size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ...bound import AppClerk
from ...jwt_templates import COOKIE_LIMIT
from ...jwt_templates import RECOMMENDED_SESSION_CLAIMS_SIZE
from ...jwt_templates import SESSION_RESERVED_CLAIMS
from ...jwt_templates import Mint
from ...jwt_templates import RenderContext
from ...jwt_templates import Template
from ...jwt_templates import TemplateError
from ...jwt_templates import TokenPreview
from ...jwt_templates import file_text
from ...jwt_templates import memberships_of
from ...jwt_templates import parse_claims
from ...jwt_templates import preview_session_token
from ...jwt_templates import preview_template
from ..app import with_clerk
from ..output import echo_json
from ..output import json_option
from ..people import find_user
from .files import SESSION_TOKEN
from .files import Folder
from .files import refuse
from .options import folder_of
from .options import folder_option
from .options import mint_of
from .people import context_in
from .people import users_in
from .remote import Remote

Json = Mapping[str, Any]


@click.command()
@click.argument("name")
@click.option(
    "--user",
    required=True,
    help="An id, an address, a username or the beginning of one; or a JSON file of a user.",
)
@click.option("--organization", help="The id or slug of the active organization.")
@click.option("--origin", help="Of the page that asks for the token, for azp.")
@folder_option
@json_option
@with_clerk
def preview(
    clerk: AppClerk,
    name: str,
    user: str,
    organization: str | None,
    origin: str | None,
    folder_path: Path | None,
    as_json: bool,
) -> None:
    """Show the token that the template NAME makes for a user.

    NAME session_token is the session token itself; its features, plans and permissions are not
    shown. The template is taken from its file, or from the instance if it has none.
    """
    remote = Remote(clerk)
    definition = _definition(name, folder_of(folder_path), remote)
    context = _context(user, organization, remote)
    token = _preview(definition, context, mint_of(clerk, origin))
    if as_json:
        echo_json(
            {
                "claims": token.claims,
                "custom_claims": token.custom,
                "bytes": {
                    "custom_claims": token.custom_size,
                    "token": token.size,
                    "cookie": token.cookie_size,
                },
            }
        )
        return
    click.echo(file_text(token.claims), nl=False)
    click.echo(
        f"{token.custom_size} bytes of custom claims, {token.size} as a token, "
        f"{token.cookie_size} in a cookie (at most {COOKIE_LIMIT}; Clerk recommends "
        f"{RECOMMENDED_SESSION_CLAIMS_SIZE} of custom claims in a session token).",
        err=True,
    )


def _definition(name: str, folder: Folder, remote: Remote) -> Template | Json:
    """Return a template, or what is added to session tokens."""
    for file in folder.files():
        is_wanted = name == (SESSION_TOKEN if file.is_session_token else file.name)
        if is_wanted and (error := file.checked()):
            refuse([error])
        if is_wanted:
            return file.document or {} if file.is_session_token else file.template()
    there = remote.templates()
    if name in there:
        try:
            return Template.from_json(there[name])
        except TemplateError as error:
            raise click.ClickException(f"{name} cannot be rendered: {error.message}.") from error
    claims = remote.session_token() if name == SESSION_TOKEN else None
    if claims is not None:
        return claims
    known = ", ".join([*there, SESSION_TOKEN])
    raise click.ClickException(f"There is no template {name!r}: the instance has {known}.")


def _context(asked: str, organization: str | None, remote: Remote) -> RenderContext:
    if asked.endswith(".json"):
        user, *others = users_in(Path(asked))
        if others:
            raise click.ClickException(f"{asked} holds several users: name one of them.")
        return context_in(user, memberships_of(user), organization)
    user = find_user(remote.client, asked)
    memberships = list(remote.client.users.memberships(user.id))
    return context_in({**user, "organization_memberships": memberships}, memberships, organization)


def _preview(definition: Template | Json, context: RenderContext, mint: Mint) -> TokenPreview:
    if isinstance(definition, Template):
        return preview_template(definition, context, mint)
    parsed = parse_claims(definition, reserved=SESSION_RESERVED_CLAIMS)
    return preview_session_token(parsed, context, mint)
