"""What the commands print: tables and JSON on stdout, progress on stderr.

Colours are click's: none in a pipe, none where ``NO_COLOR`` is set (https://no-color.org).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any
from typing import Final

import click

#: Adds ``--json``, as the argument ``as_json``.
json_option: Final = click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")

_GAP: Final = "  "


def echo_json(value: Any) -> None:
    """Print a value as JSON, in an order that does not change from call to call.

    JSON itself leaves some characters as they are to which terminals listen.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    spelt = (
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )
    click.echo("".join(spelt))


def echo_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns below bold headings; the cells may be styled."""
    lines = [[click.style(each, bold=True) if each else "" for each in headings], *rows]
    widths = [
        max(len(click.unstyle(cell)) for cell in column) for column in zip(*lines, strict=True)
    ]
    for cells in lines:
        padded = [
            cell + " " * (width - len(click.unstyle(cell)))
            for cell, width in zip(cells, widths, strict=True)
        ]
        click.echo(_GAP.join(padded).rstrip())


def plain(text: str) -> str:
    """Return text with every control character replaced.

    What others have written, a name or a token's claim, must not give a terminal orders.
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


@contextmanager
def working(label: str) -> Iterator[None]:
    """Say on stderr what is being done: for as long as it is on a terminal, else in a line."""
    if not sys.stderr.isatty():
        click.echo(f"{label} …", err=True)
        yield
        return
    click.echo(f"{label} …", err=True, nl=False)
    try:
        yield
    finally:
        click.echo("\r\x1b[2K", err=True, nl=False)
