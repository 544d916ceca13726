"""Text with ``{{ … }}`` in it, read once into parts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import ShortcodeError
from .vocabulary import MAX_NUMBER_LENGTH

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"""[^\s|'"{}]*""")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written into the shortcode: ``'text'``, ``30``, ``true``."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Path:
    """Names joined by dots: ``user.public_metadata.role``."""

    names: tuple[str, ...]

    @property
    def shortcode(self) -> str:
        """The two names that Clerk documents; what follows walks into the value."""
        return ".".join(self.names[:2])


@dataclass(frozen=True, slots=True)
class Shortcode:
    """The operands of one ``{{ a || b }}``.

    :param position: Where it begins in its text, in characters from 0.
    """

    operands: tuple[Literal | Path, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Text:
    """Static pieces and shortcodes, in order."""

    parts: tuple[str | Shortcode, ...]

    @property
    def shortcodes(self) -> tuple[Shortcode, ...]:
        """The shortcodes alone."""
        return tuple(part for part in self.parts if isinstance(part, Shortcode))


def parse_text(text: str, *, where: str = "") -> Text:
    """Return the parts of a value. A lone brace or ``}}`` is static text.

    Two opening braces as text are written ``{{ '{{' }}``. The time it takes is linear in the
    length of the text.

    :param where: The claim's name, for the error.
    :raises ShortcodeError: With the position, if a shortcode cannot be read.
    """
    parts: list[str | Shortcode] = []
    end = 0
    while (start := text.find("{{", end)) != -1:
        if start > end:
            parts.append(text[end:start])
        shortcode, end = _Reader(text, where, start).read_shortcode()
        parts.append(shortcode)
    if end < len(text):
        parts.append(text[end:])
    return Text(tuple(parts))


class _Reader:
    """Reads one shortcode; ``index`` is the next character."""

    def __init__(self, text: str, where: str, start: int) -> None:
        self.text = text
        self.where = where
        self.start = start
        self.index = start + 2

    def read_shortcode(self) -> tuple[Shortcode, int]:
        self._skip_space()
        if self._take("}}"):
            raise self._error("Empty shortcode: name a value, as in {{user.id}}", self.start)
        operands = [self._read_operand()]
        while not self._take("}}"):
            if not self._take("||"):
                raise self._unexpected("expected || or }}")
            self._skip_space()
            operands.append(self._read_operand())
        return Shortcode(tuple(operands), self.start), self.index

    def _read_operand(self) -> Literal | Path:
        begin = self.index
        if self._take("'"):
            operand: Literal | Path = self._read_string(begin)
        else:
            word = self._match(_WORD)
            if not word:
                raise self._unexpected("expected a value")
            operand = self._read_word(word, begin)
        self._skip_space()
        return operand

    def _read_string(self, begin: int) -> Literal:
        end = self.text.find("'", self.index)
        if end == -1:
            raise self._error("Text is never closed: add the second '", begin)
        value = self.text[self.index : end]
        self.index = end + 1
        return Literal(value)

    def _read_word(self, word: str, begin: int) -> Literal | Path:
        if word in _BOOLEANS:
            return Literal(_BOOLEANS[word])
        if word[0] in "+-0123456789":
            return self._read_number(word, begin)
        names = tuple(word.split("."))
        if not all(names):
            raise self._error(f"A name is missing beside a dot in {_excerpt(word)}", begin)
        return Path(names)

    def _read_number(self, word: str, begin: int) -> Literal:
        match = _NUMBER.fullmatch(word) if len(word) <= MAX_NUMBER_LENGTH else None
        if match is None:
            raise self._error(
                f"{_excerpt(word)} is not a JSON number of at most {MAX_NUMBER_LENGTH}"
                " characters: put text in single quotes",
                begin,
            )
        if match[1] is None and match[2] is None:
            return Literal(int(word))
        if math.isinf(number := float(word)):
            raise self._error(f"{_excerpt(word)} is too large: write a smaller number", begin)
        return Literal(number)

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.index)
        assert match is not None, "both patterns match the empty string"
        self.index = match.end()
        return match[0]

    def _skip_space(self) -> None:
        self._match(_SPACE)

    def _take(self, token: str) -> bool:
        found = self.text.startswith(token, self.index)
        if found:
            self.index += len(token)
        return found

    def _unexpected(self, expected: str) -> ShortcodeError:
        if self.index == len(self.text):
            return self._error("The shortcode is never closed: add }}", self.start)
        found = self.text[self.index]
        advice = ": text goes in single quotes" if found == '"' else ""
        return self._error(f"Unexpected {_excerpt(found)}, {expected}{advice}", self.index)

    def _error(self, message: str, position: int) -> ShortcodeError:
        return ShortcodeError(message, where=self.where, position=position)


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
