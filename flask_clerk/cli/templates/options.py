"""What several of the commands have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from flask import current_app

from ...bound import AppClerk
from ...jwt_templates import Mint
from ..app import instance_name
from ..output import working
from .comparison import Pair
from .comparison import compare
from .files import Folder
from .remote import Remote

_FOLDER = "clerk"

folder_option: Callable[[Any], Any] = click.option(
    "--folder",
    "folder_path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files are.  [default: clerk, beside the app]",
)
yes_option: Callable[[Any], Any] = click.option(
    "--yes", is_flag=True, help="Do not ask; for scripts."
)


def folder_of(path: Path | None) -> Folder:
    """Return the folder that was named, or the one beside the app's package."""
    return Folder(path or Path(current_app.root_path) / _FOLDER)


def compare_with(clerk: AppClerk, folder: Folder) -> tuple[Remote, list[Pair]]:
    """Return the app's instance, and its templates beside those of a folder.

    :raises click.ClickException: If a file is wrong, or there is no secret key.
    :raises BackendAPIError: If Clerk refuses or cannot be reached.
    """
    config = clerk.instance.config
    files = folder.checked_files()
    remote = Remote(clerk)
    reading = working(f"Reading the templates of {instance_name(config)}")
    with nullcontext() if config.local else reading:
        return remote, compare(folder, files, remote)


def ask(question: str, *, yes: bool) -> None:
    """Go on only if somebody says yes.

    :raises click.ClickException: If nobody is there to be asked.
    :raises click.Abort: If the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException("Nothing was changed: this is no terminal, so add --yes.")
    click.confirm(question, abort=True, err=True)


def mint_of(clerk: AppClerk, origin: str | None = None) -> Mint:
    """Return the instance as it mints tokens now.

    :param origin: Of the page that asks; the first of ``CLERK_AUTHORIZED_PARTIES`` unless given.
    """
    config = clerk.instance.config
    origins = (origin, *config.authorized_parties)
    return Mint(
        config.issuer or "https://clerk.example.com",
        next((each for each in origins if each is not None), None),
        int(clerk.instance.now()),
    )
