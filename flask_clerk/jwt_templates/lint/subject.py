"""One file to look at, and what is known around it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Set
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ..errors import ShortcodeError
from ..places import Place
from ..places import lines_of
from ..places import written
from ..render import RenderContext
from ..shortcodes import Path
from ..shortcodes import Shortcode
from ..shortcodes import Text
from ..shortcodes import parse_text
from ..tokens import Mint
from ..vocabulary import SESSION_RESERVED_CLAIMS
from ..vocabulary import TEMPLATE_RESERVED_CLAIMS


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody for whom a token's size is measured.

    :param name: What to call the person in a finding.
    """

    name: str
    context: RenderContext = field(repr=False)


@dataclass(frozen=True, slots=True)
class GuardedClaim:
    """A claim by which the app decides who may do what.

    :param path: As ``require_claim`` takes it.
    :param endpoint: What it guards.
    :param of_sessions: Whether session tokens are let in there.
    :param of_templates: Whether tokens made from JWT templates are.
    """

    path: str
    endpoint: str
    of_sessions: bool = True
    of_templates: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the file itself.

    :param people: For whom sizes are measured; somebody of whom nothing is known always is.
    :param revocation_lifetime: Seconds for which a user's revocation is remembered.
    """

    people: tuple[Person, ...] = ()
    guarded: tuple[GuardedClaim, ...] = ()
    revocation_lifetime: float = 86_400
    mint: Mint = Mint("https://clerk.example.com", "https://www.example.com")


class Subject:
    """A template's file, or that of the customised session token."""

    def __init__(
        self, path: str, document: Mapping[str, Any], text: str, *, is_session_token: bool
    ) -> None:
        """Look at a file.

        :param path: How findings name it.
        :param document: What the text holds.
        :param is_session_token: Whether the document is the session token's claims.
        """
        self.path = path
        self.document = document
        self.is_session_token = is_session_token
        self.root: Place = () if is_session_token else ("claims",)
        self._lines = lines_of(text)
        self._texts = [
            (place, _parse(value))
            for place, value in _walk(self.claims, self.root)
            if isinstance(value, str) and "{{" in value
        ]

    @property
    def claims(self) -> Mapping[str, Any]:
        """The claims; none where they are no object."""
        claims = self.document if self.is_session_token else self.document.get("claims")
        return claims if isinstance(claims, dict) else {}

    @property
    def reserved(self) -> Set[str]:
        """The claims that only Clerk sets in such a token."""
        return SESSION_RESERVED_CLAIMS if self.is_session_token else TEMPLATE_RESERVED_CLAIMS

    def line_of(self, place: Place) -> int:
        """Return the line of a value; of what is around it where it is not there."""
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def claim_at(self, place: Place) -> str:
        """Return how to call the claim at a place: ``metadata.roles[0]``."""
        return written(place[len(self.root) :])

    @property
    def names(self) -> Iterator[tuple[Place, str]]:
        """Every name of a claim, with its place."""
        for place, _ in _walk(self.claims, self.root):
            if place != self.root and isinstance(place[-1], str):
                yield place, place[-1]

    @property
    def errors(self) -> Iterator[tuple[Place, ShortcodeError]]:
        """Every value whose shortcodes cannot be read."""
        for place, text in self._texts:
            if isinstance(text, ShortcodeError):
                yield place, text

    @property
    def shortcodes(self) -> Iterator[tuple[Place, Shortcode]]:
        """Every shortcode that can be read, with the place of its value."""
        for place, text in self._texts:
            if isinstance(text, Text):
                for shortcode in text.shortcodes:
                    yield place, shortcode

    @property
    def paths(self) -> Iterator[tuple[Place, Path]]:
        """Every path of a shortcode, with the place of its value."""
        for place, shortcode in self.shortcodes:
            for operand in shortcode.operands:
                if isinstance(operand, Path):
                    yield place, operand


def _walk(value: object, place: Place) -> Iterator[tuple[Place, object]]:
    yield place, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*place, index))


def _parse(text: str) -> Text | ShortcodeError:
    try:
        return parse_text(text)
    except ShortcodeError as error:
        return error
