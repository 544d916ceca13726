"""``lint``: what is unwise in the files, for people, for scripts and for GitHub."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import click
from flask import current_app

from ...bound import AppClerk
from ...core.config import ClerkConfig
from ...core.tokens import JWT_TEMPLATE
from ...core.tokens import SESSION_TOKEN
from ...endpoints import guarded_routes
from ...jwt_templates.lint import Finding
from ...jwt_templates.lint import GuardedClaim
from ...jwt_templates.lint import Person
from ...jwt_templates.lint import Severity
from ...jwt_templates.lint import Surroundings
from ...jwt_templates.lint import lint as lint_subjects
from ..app import with_clerk
from ..output import echo_json
from ..output import json_option
from ..output import working
from .files import File
from .options import folder_of
from .options import folder_option
from .options import mint_of
from .people import people
from .people import users_in

if TYPE_CHECKING:
    from flask import Flask

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
_NOT_JSON: Final = "not-json"
#: Stands for the page that asks for a token, where no setting names one: its ``azp`` takes room.
_ORIGIN: Final = "https://www.example.com"


@click.command()
@click.option(
    "--users",
    "users_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file of users to measure sizes with, as GET /users answers. "
    "A local Clerk's are known.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "github", "json"]),
    default="text",
    show_default=True,
)
@folder_option
@json_option
@with_clerk
@click.pass_context
def lint(
    context: click.Context,
    clerk: AppClerk,
    users_path: Path | None,
    strict: bool,
    format_name: str,
    folder_path: Path | None,
    as_json: bool,
) -> None:
    """Find what is wrong or unwise in the files, and exit with 1 if something is wrong."""
    files = folder_of(folder_path).files()
    measured = _people(clerk, users_path)
    surroundings = Surroundings(
        measured,
        tuple(guarded_claims(current_app, clerk.instance.config)),
        max(clerk.instance.config.revocation_lifetime, Surroundings().revocation_lifetime),
        mint_of(clerk, None if clerk.instance.config.authorized_parties else _ORIGIN),
    )
    with working(f"Measuring {len(measured)} sessions") if measured else nullcontext():
        findings = [finding for file in files for finding in _lint(file, surroundings)]
    if as_json or format_name == "json":
        echo_json([finding.to_json() for finding in findings])
    else:
        for finding in findings:
            click.echo(_as_annotation(finding) if format_name == "github" else _as_text(finding))
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = len(findings) - errors
    click.echo(f"Errors: {errors}. Warnings: {warnings}. Files: {len(files)}.", err=True)
    context.exit(1 if errors or (strict and warnings) else 0)


def guarded_claims(app: Flask, config: ClerkConfig) -> dict[GuardedClaim, None]:
    """Return each claim that a guard of the app reads, once for each endpoint, in order."""
    found: dict[GuardedClaim, None] = {}
    for route in guarded_routes(app, closed=False):
        accepts = route.accepts or config.accepts_token
        kinds = SESSION_TOKEN in accepts, JWT_TEMPLATE in accepts
        for claim in (claim for guard in route.guards for claim in guard.claims):
            endpoint = route.rule.endpoint
            found |= {GuardedClaim(path, endpoint, *kinds): None for path in claim.paths}
    return found


def _lint(file: File, surroundings: Surroundings) -> list[Finding]:
    subject = file.subject
    if subject is not None:
        return lint_subjects([subject], surroundings)
    assert file.error is not None
    error = file.error
    repair = "Mend the JSON."
    return [Finding(_NOT_JSON, Severity.ERROR, error.path, error.line, error.message, repair)]


def _people(clerk: AppClerk, path: Path | None) -> tuple[Person, ...]:
    if path is not None:
        return tuple(people(users_in(path)))
    is_local = clerk.instance.config.local
    return tuple(people(clerk.client.users.list())) if is_local else ()


def _as_text(finding: Finding) -> str:
    severity = click.style(finding.severity.value, fg=_COLOURS[finding.severity])
    place = f"{finding.path}:{finding.line}"
    return f"{place}: {severity}: {finding.reason} {finding.repair} [{finding.rule}]"


def _as_annotation(finding: Finding) -> str:
    """Return a workflow command of GitHub Actions."""
    values: dict[str, Any] = {"file": finding.path, "line": finding.line, "title": finding.rule}
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in values.items())
    message = _escaped(f"{finding.reason} {finding.repair}")
    return f"::{finding.severity.value} {properties}::{message}"


def _escaped(value: object, more: str = "") -> str:
    text = str(value).replace("%", "%25")
    for character in f"\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
