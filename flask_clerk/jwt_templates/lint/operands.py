"""The rule about operands of ``||``: text without quotes, and what is never reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..shortcodes import Literal
from ..shortcodes import Path
from ..shortcodes import Shortcode
from .findings import Problem
from .shortcodes import is_bare
from .subject import Subject
from .subject import Surroundings

#: Neither null nor false for any user.
_ALWAYS_THERE: Final = frozenset(
    {
        "user.id", "user.created_at", "user.updated_at", "user.organizations",
        "user.public_metadata", "user.unsafe_metadata", "user.private_metadata",
    }
)  # fmt: skip
_BOOLEANS: Final = frozenset(
    {
        "user.email_verified", "user.phone_number_verified", "user.has_image",
        "user.two_factor_enabled",
    }
)  # fmt: skip


def bad_operands(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find operands that cannot do what they were written for."""
    for place, shortcode in subject.shortcodes:
        if len(shortcode.operands) > 1:
            claim = subject.claim_at(place)
            for reason, repair in _in_operands(shortcode):
                yield Problem(place, f"In {claim!r}, {reason}.", f"{repair}.")


def _in_operands(shortcode: Shortcode) -> Iterator[tuple[str, str]]:
    *others, last = shortcode.operands
    for operand in shortcode.operands:
        if isinstance(operand, Path) and is_bare(operand):
            yield _bare(operand.names[0])
    for index, operand in enumerate(others):
        if _is_always_there(operand):
            yield f"nothing after {_shown(operand)} is ever used", "Remove what follows it"
            break
        if isinstance(operand, Literal):
            yield f"{_shown(operand)} is always passed over", "Remove it"
        if operand in shortcode.operands[:index]:
            yield f"{_shown(operand)} stands twice", "Remove one of them"
    if isinstance(last, Literal) and last.value is not False:
        for operand in others:
            if isinstance(operand, Path) and operand.shortcode in _BOOLEANS:
                yield (
                    f"{_shown(operand)} can never be false, since {_shown(last)} takes its place",
                    f"Remove {_shown(last)}",
                )


def _bare(word: str) -> tuple[str, str]:
    if word == "null":
        return "null is no literal", "Leave it out: what is missing is null anyway"
    return f"{word} is neither a shortcode nor text", f"Put text in single quotes: {word!r}"


def _is_always_there(operand: Literal | Path) -> bool:
    if isinstance(operand, Literal):
        return operand.value is not False
    return operand.shortcode in _ALWAYS_THERE and len(operand.names) == 2


def _shown(operand: Literal | Path) -> str:
    if isinstance(operand, Path):
        return ".".join(operand.names)
    value = operand.value
    return f"'{value}'" if isinstance(value, str) else str(value).lower()
