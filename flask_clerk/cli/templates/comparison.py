"""Files and what an instance keeps, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any
from typing import Final

import click

from ...jwt_templates import TEMPLATE_FIELDS
from ...jwt_templates import Template
from ...jwt_templates import file_text
from .files import SESSION_TOKEN
from .files import File
from .files import Folder
from .files import Json
from .files import shown_path
from .remote import Remote

SAME: Final = "same"
DIFFERENT: Final = "different"
ONLY_HERE: Final = "only here"
ONLY_THERE: Final = "only at Clerk"
#: What only the dashboard can tell.
UNKNOWN: Final = "in the dashboard"

_SIGNING: Final = ("custom_signing_key", "signing_algorithm")
_DEFAULTS: Final = Template("default", {}).to_json()
_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One template, or the session token: as its file has it, and as the instance has it.

    :param here: What the file holds, every field that is kept; ``None`` without a file.
    :param there: The same of the instance; ``None`` if it has no such template.
    :param template_id: By which the instance knows it.
    :param is_hidden: Whether only the dashboard can tell what is there.
    """

    name: str
    path: str
    file: File | None
    here: Json | None
    there: Json | None
    template_id: str | None = None
    is_session_token: bool = False
    is_hidden: bool = False

    @property
    def state(self) -> str:
        """How the two sides differ."""
        if self.is_hidden:
            return UNKNOWN
        if self.there is None:
            return ONLY_HERE
        if self.here is None:
            return ONLY_THERE
        return SAME if _sorted_text(self.here) == _sorted_text(self.there) else DIFFERENT

    @property
    def sent(self) -> Json:
        """The fields that a push sends. A template's own signing key is left alone."""
        return {name: value for name, value in (self.here or {}).items() if name not in _SIGNING}

    @property
    def has_other_signing(self) -> bool:
        """Whether the file says another signing key or algorithm than the instance has."""
        here, there = self.here or {}, self.there or {}
        return any(here.get(name) != there.get(name) for name in _SIGNING)

    def text_there(self) -> str:
        """Return what a pull writes: what is there, in the order that the file has."""
        model = None if self.file is None else self.file.document
        return file_text(_in_order_of(model, self.there))

    def diff(self, *, to_files: bool = False) -> str:
        """Return a unified diff from the instance to the file; the other way for a pull."""
        here = "" if self.here is None else file_text(self.here)
        there = "" if self.there is None else file_text(_in_order_of(self.here, self.there))
        sides = [(f"Clerk: {self.name}", there.splitlines()), (self.path, here.splitlines())]
        (before, old), (after, new) = reversed(sides) if to_files else sides
        return "\n".join(unified_diff(old, new, before, after, lineterm=""))


def compare(folder: Folder, files: Iterable[File], remote: Remote) -> list[Pair]:
    """Return every template of either side by name, the session token last.

    :param files: Those of the folder, checked.
    :raises BackendAPIError: If Clerk refuses or cannot be reached.
    """
    return [*_templates(folder, files, remote.templates()), *_session_token(folder, files, remote)]


def coloured(diff: str) -> str:
    """Return a diff with the colours of ``git``; a pipe gets none of them."""
    return "\n".join(click.style(line, fg=_COLOURS.get(line[:1])) for line in diff.splitlines())


def _templates(folder: Folder, files: Iterable[File], there: Mapping[str, Json]) -> Iterator[Pair]:
    here = {file.name: file for file in files if not file.is_session_token}
    for name in sorted({*here, *there}):
        file, found = here.get(name), there.get(name)
        yield Pair(
            name,
            shown_path(folder.templates / f"{name}.json") if file is None else file.shown,
            file,
            None if file is None else _kept(file.template().to_json()),
            None if found is None else _kept(found),
            None if found is None else str(found["id"]),
        )


def _session_token(folder: Folder, files: Iterable[File], remote: Remote) -> Iterator[Pair]:
    """Yield the session token unless neither side has any claims for it."""
    file = next((file for file in files if file.is_session_token), None)
    there = remote.session_token()
    if file is not None or there:
        yield Pair(
            SESSION_TOKEN,
            shown_path(folder.session_token),
            file,
            None if file is None else file.document,
            there,
            is_session_token=True,
            is_hidden=there is None,
        )


def _kept(template: Json) -> Json:
    """Return what a file has of a template, in the order of its fields.

    What else Clerk tells is left out, and so is the usual signing key.
    """
    given = {name: value for name, value in template.items() if value is not None}
    found = {name: given.get(name, _DEFAULTS[name]) for name in TEMPLATE_FIELDS}
    if not found["custom_signing_key"]:
        for name in _SIGNING:
            del found[name]
    return found


def _in_order_of(model: Any, value: Any) -> Any:
    """Return a value with the names of objects in the order that a model has them."""
    if not isinstance(model, Mapping) or not isinstance(value, Mapping):
        return value
    names = [*(name for name in model if name in value), *(n for n in value if n not in model)]
    return {name: _in_order_of(model.get(name), value[name]) for name in names}


def _sorted_text(value: Any) -> str:
    """Return a text that equals another's if the values are the same, in JSON's terms."""
    return json.dumps(value, sort_keys=True)
