"""``list`` and ``diff``: how files and instance stand to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Final

import click

from ...bound import AppClerk
from ..app import with_clerk
from ..output import echo_json
from ..output import echo_table
from ..output import json_option
from .comparison import DIFFERENT
from .comparison import ONLY_HERE
from .comparison import ONLY_THERE
from .comparison import SAME
from .comparison import UNKNOWN
from .comparison import Pair
from .comparison import coloured
from .options import compare_with
from .options import folder_of
from .options import folder_option

_COLOURS: Final = {DIFFERENT: "yellow", ONLY_HERE: "yellow", ONLY_THERE: "yellow", SAME: "green"}


@click.command("list")
@folder_option
@json_option
@with_clerk
def list_templates(clerk: AppClerk, folder_path: Path | None, as_json: bool) -> None:
    """List the templates of both sides, and whether they are the same."""
    _, pairs = compare_with(clerk, folder_of(folder_path))
    if as_json:
        echo_json([_summary(pair) for pair in pairs])
        return
    rows = [
        (
            pair.name,
            click.style(pair.state, fg=_COLOURS.get(pair.state)),
            "-" if pair.file is None else pair.path,
            _lifetime(pair),
        )
        for pair in pairs
    ]
    echo_table(("NAME", "STATE", "FILE", "LIFETIME"), rows)


@click.command()
@folder_option
@json_option
@with_clerk
@click.pass_context
def diff(context: click.Context, clerk: AppClerk, folder_path: Path | None, as_json: bool) -> None:
    """Show what a push would change, and exit with 1 if files and instance differ.

    Lines with a minus are the instance's, those with a plus the file's. What only the dashboard
    can tell is no difference.
    """
    _, pairs = compare_with(clerk, folder_of(folder_path))
    found = [pair for pair in pairs if pair.state not in (SAME, UNKNOWN)]
    if as_json:
        echo_json([{**_summary(pair), "diff": pair.diff()} for pair in found])
    else:
        for pair in found:
            click.echo(coloured(pair.diff()))
    context.exit(1 if found else 0)


def _summary(pair: Pair) -> dict[str, Any]:
    return {
        "name": pair.name,
        "state": pair.state,
        "file": None if pair.file is None else pair.path,
        "is_session_token": pair.is_session_token,
    }


def _lifetime(pair: Pair) -> str:
    seconds = (pair.here or pair.there or {}).get("lifetime")
    return "-" if pair.is_session_token or seconds is None else f"{seconds} s"
