"""``pull``: what an instance keeps becomes files."""

from __future__ import annotations

from pathlib import Path

import click

from ...bound import AppClerk
from ...jwt_templates import Template
from ...jwt_templates import TemplateError
from ..app import with_clerk
from ..output import echo_json
from ..output import json_option
from .comparison import DIFFERENT
from .comparison import ONLY_HERE
from .comparison import ONLY_THERE
from .comparison import SAME
from .comparison import UNKNOWN
from .comparison import Pair
from .comparison import coloured
from .options import ask
from .options import compare_with
from .options import folder_of
from .options import folder_option
from .options import yes_option


@click.command()
@folder_option
@yes_option
@json_option
@with_clerk
def pull(clerk: AppClerk, folder_path: Path | None, yes: bool, as_json: bool) -> None:
    """Write the instance's templates to files.

    Files that hold the same already are left as they are, however they are laid out. Before one
    that differs is written over, the difference is shown and you are asked. Files that the
    instance knows nothing of stay.
    """
    folder = folder_of(folder_path)
    _, pairs = compare_with(clerk, folder)
    written = [pair for pair in pairs if pair.state in (DIFFERENT, ONLY_THERE)]
    for pair in written:
        _refuse_bad_place(pair, pairs)
    if changed := [pair for pair in written if pair.state == DIFFERENT]:
        for pair in changed:
            click.echo(coloured(pair.diff(to_files=True)), err=as_json)
        ask("Write over what is there?", yes=yes)
    for pair in written:
        path = Path(pair.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pair.text_there(), "utf-8", newline="\n")
    kept = [pair for pair in pairs if pair.state in (ONLY_HERE, UNKNOWN)]
    if as_json:
        echo_json(
            {"written": [pair.path for pair in written], "kept": [pair.path for pair in kept]}
        )
        return
    _tell(pairs, written)


def _tell(pairs: list[Pair], written: list[Pair]) -> None:
    for pair in written:
        click.echo(f"Wrote {pair.path}.")
    same = sum(pair.state == SAME for pair in pairs)
    if same:
        click.echo(f"{same} the same already.")
    for pair in pairs:
        if pair.state == ONLY_HERE:
            click.echo(f"{pair.path} stays: the instance has no template {pair.name!r}.")
        elif pair.state == UNKNOWN:
            click.echo(f"{pair.path} stays: only Clerk's dashboard can tell the session token.")


def _refuse_bad_place(pair: Pair, pairs: list[Pair]) -> None:
    """Stop before a name from elsewhere becomes a path, or takes a file of another template."""
    if pair.is_session_token or pair.file is not None:
        return
    try:
        Template(pair.name, {})
    except TemplateError as error:
        raise click.ClickException(
            f"Clerk has a template whose name no file can have: {error.message}."
        ) from error
    if any(other.file is not None and other.path == pair.path for other in pairs):
        raise click.ClickException(
            f"{pair.path} holds a template of another name, so {pair.name!r} cannot be written "
            "there: rename the file."
        )
