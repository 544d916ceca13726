"""The files: found, read and checked. None of them is believed before it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Final

import click

from ...core.strict_json import read_json
from ...jwt_templates import SESSION_RESERVED_CLAIMS
from ...jwt_templates import TEMPLATE_FIELDS
from ...jwt_templates import ReservedClaimError
from ...jwt_templates import ShortcodeError
from ...jwt_templates import Template
from ...jwt_templates import TemplateError
from ...jwt_templates import lines_of
from ...jwt_templates import parse_claims
from ...jwt_templates import written
from ...jwt_templates.lint import Subject

#: How the session token is called where a template has its name.
SESSION_TOKEN: Final = "session_token"
_TEMPLATES: Final = "jwt_templates"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileError:
    """What is wrong with a file.

    :param line: From 1.
    """

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class File:
    """A template, or what is added to session tokens, as a file holds it.

    :param document: The JSON object in it, or ``None`` with an error.
    """

    path: Path
    is_session_token: bool
    text: str = field(repr=False)
    document: Json | None
    error: FileError | None

    @property
    def shown(self) -> str:
        """The path as people see it: from where they are."""
        return shown_path(self.path)

    @property
    def name(self) -> str:
        """The template's name; the file's, if it holds none."""
        name = None if self.document is None else self.document.get("name")
        return name if isinstance(name, str) and not self.is_session_token else self.path.stem

    @property
    def subject(self) -> Subject | None:
        """The file as lint looks at it."""
        if self.document is None:
            return None
        return Subject(self.shown, self.document, self.text, is_session_token=self.is_session_token)

    def template(self) -> Template:
        """Return the template.

        :raises TemplateError: If it is none.
        """
        return Template.from_json(self.document or {})

    def checked(self) -> FileError | None:
        """Return what makes the file unusable, if anything does."""
        if self.document is None:
            return self.error
        try:
            if self.is_session_token:
                parse_claims(self.document, reserved=SESSION_RESERVED_CLAIMS)
            else:
                _refuse_unknown_fields(self.document)
                self.template()
        except TemplateError as error:
            return FileError(self.shown, self._line_of(error), f"{error.message.rstrip('.')}.")
        return None

    def _line_of(self, error: TemplateError) -> int:
        is_claim = isinstance(error, (ReservedClaimError, ShortcodeError))
        root = ("claims",) if is_claim and not self.is_session_token else ()
        named = {
            written(place[len(root) :]): line
            for place, line in lines_of(self.text).items()
            if place[: len(root)] == root
        }
        return named.get(error.where, 1)


class Folder:
    """A folder of such files."""

    def __init__(self, path: Path) -> None:
        """Take a folder, which need not exist."""
        self.path = path

    @property
    def templates(self) -> Path:
        """Where the templates are."""
        return self.path / _TEMPLATES

    @property
    def session_token(self) -> Path:
        """Where the session token's claims are."""
        return self.path / f"{SESSION_TOKEN}.json"

    def files(self) -> list[File]:
        """Return every file, the session token last.

        :raises OSError: If one cannot be read.
        """
        found = [_read(path) for path in sorted(self.templates.glob("*.json"))]
        if self.session_token.exists():
            found.append(_read(self.session_token, is_session_token=True))
        return found

    def checked_files(self) -> list[File]:
        """Return every file.

        :raises click.ClickException: If one of them is wrong, with what is wrong with each.
        """
        files = self.files()
        refuse([error for file in files if (error := file.checked())] + _twins(files))
        return files


def refuse(errors: Iterable[FileError]) -> None:
    """Stop if there are errors.

    :raises click.ClickException: With all of them.
    """
    if lines := [str(error) for error in errors]:
        raise click.ClickException("\n".join(["Nothing was done. Mend first:", *lines]))


def shown_path(path: Path) -> str:
    """Return a path from the working directory if it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return os.fspath(path)


def _read(path: Path, *, is_session_token: bool = False) -> File:
    text = ""
    try:
        text = path.read_text("utf-8")
        document, line, message = read_json(text), 1, "This is no JSON object."
    except UnicodeDecodeError:
        document, line, message = None, 1, "This is not UTF-8."
    except json.JSONDecodeError as error:
        document, line, message = None, error.lineno, f"This is not JSON: {error.msg}."
    except ValueError as error:
        document, line, message = None, 1, f"This is not JSON: {error}."
    if isinstance(document, dict):
        return File(path, is_session_token, text, document, None)
    return File(path, is_session_token, text, None, FileError(shown_path(path), line, message))


def _twins(files: Iterable[File]) -> list[FileError]:
    seen: dict[str, File] = {}
    errors = []
    for file in files:
        if file.is_session_token:
            continue
        first = seen.setdefault(file.name, file)
        if first is not file:
            message = f"The template {file.name!r} is in {first.shown} already: remove one of them."
            errors.append(FileError(file.shown, 1, message))
    return errors


def _refuse_unknown_fields(document: Json) -> None:
    for name in document:
        if name not in TEMPLATE_FIELDS:
            raise TemplateError(
                f"A template has no field {name!r}: use {', '.join(TEMPLATE_FIELDS)}", where=name
            )
