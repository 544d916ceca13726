"""``push``: what the files hold becomes what an instance keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...bound import AppClerk
from ...core.errors import ClerkError
from ...jwt_templates import file_text
from ..app import instance_name
from ..app import with_clerk
from ..output import echo_json
from ..output import json_option
from .comparison import DIFFERENT
from .comparison import ONLY_HERE
from .comparison import ONLY_THERE
from .comparison import UNKNOWN
from .comparison import Pair
from .comparison import coloured
from .files import FileError
from .files import refuse
from .options import ask
from .options import compare_with
from .options import folder_of
from .options import folder_option
from .options import yes_option
from .remote import Remote


@dataclass(frozen=True, slots=True)
class _Step:
    """One call that changes the instance.

    :param verb: ``create``, ``update`` or ``delete``.
    """

    verb: str
    pair: Pair
    take: Callable[[], None]

    @property
    def name(self) -> str:
        """What is done, in two words."""
        return f"{self.verb} {self.pair.name}"

    def to_json(self) -> dict[str, Any]:
        """Return the step for scripts."""
        return {"action": self.verb, "name": self.pair.name, "file": self.pair.path}


@click.command()
@click.option("--prune", is_flag=True, help="Delete the templates that have no file.")
@folder_option
@yes_option
@json_option
@with_clerk
def push(clerk: AppClerk, folder_path: Path | None, prune: bool, yes: bool, as_json: bool) -> None:
    """Make the instance's templates what the files say.

    All files are checked first, and nothing is changed if one of them is wrong. Then the
    difference is shown and you are asked. Should a call fail halfway, what was done is told, and
    the next push does the rest.
    """
    folder = folder_of(folder_path)
    if prune and not folder.templates.is_dir():
        raise click.ClickException(
            f"There is no folder {folder.templates}: --prune would delete every template."
        )
    remote, pairs = compare_with(clerk, folder)
    refuse(_signing_errors(pairs))
    name = instance_name(clerk.instance.config)
    steps = [step for pair in pairs if (step := _step(pair, remote, prune=prune))]
    _tell_before(pairs, steps, name, as_json=as_json, prune=prune)
    if steps:
        ask(f"Make {_count(steps)} at {name}?", yes=yes)
    done, error = _take(steps, as_json=as_json)
    rest = steps[len(done) :]
    if as_json:
        echo_json(
            {
                "done": [step.to_json() for step in done],
                "not_done": [step.to_json() for step in rest],
            }
        )
    if error is not None:
        raise _stopped(done, rest, error) from error
    if steps and not as_json:
        click.echo(f"{_count(steps)} made.")


def _step(pair: Pair, remote: Remote, *, prune: bool) -> _Step | None:
    if pair.state not in (DIFFERENT, ONLY_HERE, ONLY_THERE):
        return None
    if pair.is_session_token:
        claims = pair.here
        if claims is None:
            return None
        return _Step("update", pair, lambda: remote.customise_session_token(claims))
    if pair.template_id is None:
        return _Step("create", pair, lambda: remote.create(pair.sent))
    template_id = pair.template_id
    if pair.here is not None:
        return _Step("update", pair, lambda: remote.update(template_id, pair.sent))
    return _Step("delete", pair, lambda: remote.delete(template_id)) if prune else None


def _take(steps: list[_Step], *, as_json: bool) -> tuple[list[_Step], ClerkError | None]:
    """Take the steps one by one; return those that were taken, and what stopped the next one."""
    done: list[_Step] = []
    for step in steps:
        try:
            step.take()
        except ClerkError as error:
            return done, error
        done.append(step)
        click.echo(f"{step.verb.capitalize()}d {step.pair.name}.", err=as_json)
    return done, None


def _stopped(done: list[_Step], rest: list[_Step], error: ClerkError) -> click.ClickException:
    return click.ClickException(
        f"Stopped at {rest[0].name}: {error}\n"
        f"Done: {', '.join(step.name for step in done) or 'nothing'}.\n"
        f"Not done: {', '.join(step.name for step in rest)}.\n"
        "Push again: it does what is left."
    )


def _tell_before(
    pairs: list[Pair], steps: list[_Step], name: str, *, as_json: bool, prune: bool
) -> None:
    for step in steps:
        click.echo(coloured(step.pair.diff()), err=as_json)
    for pair in pairs:
        if pair.state == UNKNOWN:
            _tell_to_paste(pair)
        elif pair.state == ONLY_THERE and not pair.is_session_token and not prune:
            click.echo(f"{pair.name} has no file and stays; --prune deletes it.", err=True)
    if not steps and not as_json:
        click.echo(f"Nothing to push: {name} has what the files say.")


def _tell_to_paste(pair: Pair) -> None:
    click.echo(
        f"{pair.path} is not pushed: Clerk's Backend API does not reach the session token. "
        "Paste this into the dashboard, under Sessions, Customize session token:\n"
        f"{file_text(pair.here)}",
        err=True,
        nl=False,
    )


def _signing_errors(pairs: list[Pair]) -> list[FileError]:
    """Return where a file asks for a signing key, which no file can hold."""
    return [
        FileError(
            pair.path,
            1,
            "A template's own signing key is set in the dashboard: create the template there "
            "and pull, or write what is there already.",
        )
        for pair in pairs
        if pair.here is not None and not pair.is_session_token and pair.has_other_signing
    ]


def _count(steps: list[_Step]) -> str:
    return f"{len(steps)} change" if len(steps) == 1 else f"{len(steps)} changes"
