"""Rules about what shortcodes stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from ..places import Place
from ..shortcodes import Path
from ..vocabulary import DOCUMENTED_SHORTCODES
from ..vocabulary import SHORTCODES
from .findings import Problem
from .findings import Severity
from .subject import Subject
from .subject import Surroundings

#: What people write who have not looked it up, and what they mean.
_MEANT: Final = {
    "user.email": "user.primary_email_address",
    "user.email_address": "user.primary_email_address",
    "user.phone": "user.primary_phone_number",
    "user.phone_number": "user.primary_phone_number",
    "user.name": "user.full_name",
    "user.metadata": "user.public_metadata",
    "user.role": "org.role",
    "org.metadata": "org.public_metadata",
}
#: In what can be walked into; everything else is text, a number or a boolean.
_OBJECTS: Final = re.compile(r"\w+_metadata|organizations|actor")
#: These change without anybody editing the user.
_VOLATILE: Final = frozenset({"user.last_sign_in_at", "user.updated_at"})
_VOLATILE_WORDS: Final = frozenset(
    {
        "balance", "basket", "cart", "count", "counter", "credits", "online", "quota",
        "remaining", "seen", "unread", "usage", "used",
    }
)  # fmt: skip
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+")


def bad_shortcodes(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find shortcodes that cannot be read."""
    for place, error in subject.errors:
        claim = subject.claim_at(place)
        yield Problem(place, f"A shortcode of {claim!r} cannot be read.", f"{error.message}.")


def unknown_shortcodes(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find paths that are null in every token."""
    for place, shortcode in subject.shortcodes:
        for operand in shortcode.operands:
            if not isinstance(operand, Path) or "private_metadata" in operand.names[:2]:
                continue
            # A bare word among operands is likely text without quotes; another rule's.
            if is_bare(operand) and len(shortcode.operands) > 1:
                continue
            if operand.shortcode not in SHORTCODES:
                yield _unknown(place, operand)
            elif len(operand.names) > 2 and not _OBJECTS.fullmatch(operand.names[1]):
                yield Problem(
                    place,
                    f"{in_braces(operand.names)} is null: {operand.shortcode} has nothing inside.",
                    f"Write {in_braces(operand.names[:2])}.",
                )


def volatile_data(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find what is out of date as soon as it is in a token."""
    for place, path in subject.paths:
        words = {word.lower() for word in _WORDS.findall(path.names[-1])}
        in_metadata = path.shortcode.endswith("_metadata") and len(path.names) > 2
        if path.shortcode in _VOLATILE or (in_metadata and words & _VOLATILE_WORDS):
            yield Problem(
                place,
                f"{in_braces(path.names)} changes often; a token keeps what it was minted with.",
                "Read it from the Backend API or from your database when it is needed.",
            )


def is_bare(path: Path) -> bool:
    """Whether a path is a single word, which no shortcode is."""
    return len(path.names) == 1


def in_braces(names: Iterable[str]) -> str:
    """Return a path as it stands in a template."""
    return "{{" + ".".join(names) + "}}"


def _unknown(place: Place, path: Path) -> Problem:
    """What no shortcode resembles may be newer than this package: only a warning."""
    near = get_close_matches(path.shortcode, sorted({*DOCUMENTED_SHORTCODES, *_MEANT}), 1)
    meant = _MEANT.get(near[0], near[0]) if near else None
    reason = f"{in_braces(path.names)} is no shortcode that Clerk documents: it is null."
    if meant is None:
        repair = "Use one of Clerk's shortcodes, such as {{user.id}}, or remove it."
        return Problem(place, reason, repair, Severity.WARNING)
    rest = path.names[2:] if _OBJECTS.fullmatch(meant.partition(".")[2]) else ()
    return Problem(place, reason, f"Write {in_braces((meant, *rest))}.")
