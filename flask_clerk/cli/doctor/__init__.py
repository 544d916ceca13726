"""``flask clerk doctor``: whether keys, clock, proxies and sizes are as they should be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

import click
from flask.cli import ScriptInfo

from ...bound import AppClerk
from ...core.errors import ConfigurationError
from ...core.tokens import read_token
from ...globals import clerk_of
from ..app import instance_name
from ..errors import shown
from ..output import echo_json
from ..output import json_option
from ..output import plain
from ..output import working
from .deployment import of_deployment
from .deployment import of_store
from .diagnosis import Diagnosis
from .diagnosis import Level
from .diagnosis import green
from .diagnosis import red
from .diagnosis import skipped
from .keys import of_clock
from .keys import of_instance
from .keys import of_settings
from .sizes import of_tokens

_COLOURS: Final = {Level.SKIPPED: "bright_black"}


@click.command()
@click.option("--token", help='A session token to measure and to find the key of; "-" for stdin.')
@click.option(
    "--production/--development",
    "production",
    default=None,
    help="Judge as one or the other, instead of by the kind of the keys.",
)
@click.option("--offline", is_flag=True, help="Ask neither Clerk nor Redis.")
@json_option
@shown
def doctor(token: str | None, production: bool | None, offline: bool, as_json: bool) -> None:
    """Look for what is wrong between the app, its settings, its servers and Clerk.

    One line each: green, yellow or red, with the repair. Exits with 1 if a line is red.
    """
    if token is not None:
        token = (sys.stdin.read() if token == "-" else token).strip()
        read_token(token)
    found = []
    for diagnosis in _diagnoses(token, production, is_offline=offline):
        found.append(diagnosis)
        if not as_json:
            click.echo(_line(diagnosis))
    if as_json:
        echo_json([diagnosis.to_json() for diagnosis in found])
    is_ill = any(diagnosis.level is Level.RED for diagnosis in found)
    click.get_current_context().exit(1 if is_ill else 0)


def _diagnoses(
    token: str | None, production: bool | None, *, is_offline: bool
) -> Iterator[Diagnosis]:
    """Yield what is found, beginning with whether the app's settings let it start at all."""
    try:
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    except ConfigurationError as error:
        yield red("settings", error.message, "")
        return
    try:
        clerk = clerk_of(app)
    except RuntimeError as error:
        yield red("settings", str(error), "")
        return
    config = clerk.instance.config
    yield green("settings", f"They fit together; they are for {instance_name(config)}.")
    is_production = not config.is_development if production is None else production
    with app.app_context():
        yield from of_settings(clerk, is_production=is_production)
        yield from _of_clerk(clerk, token, is_offline=is_offline)
        yield from of_deployment(app, clerk, is_production=is_production)
        yield of_store(clerk, is_production=is_production, is_offline=is_offline)
        yield from of_tokens(clerk, token)


def _of_clerk(clerk: AppClerk, token: str | None, *, is_offline: bool) -> Iterator[Diagnosis]:
    if is_offline:
        yield skipped("signing keys", "Clerk was not asked.")
        yield skipped("clock", "Clerk was not asked.")
        return
    with nullcontext() if clerk.instance.config.local else working("Asking Clerk"):
        of_keys = list(of_instance(clerk, None if token is None else read_token(token)))
        clock = of_clock(clerk)
    yield from of_keys
    yield clock


def _line(diagnosis: Diagnosis) -> str:
    level = diagnosis.level
    word = click.style(f"{level.value:8}", fg=_COLOURS.get(level, level.value))
    said = plain(f"{diagnosis.about:19} {diagnosis.finding} {diagnosis.repair}".rstrip())
    return f"{word} {said}"
