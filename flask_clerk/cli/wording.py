"""What a guard asks for, in words."""

from __future__ import annotations

import json
from collections.abc import Collection
from collections.abc import Iterator
from typing import Any

from ..core.tokens import SESSION_TOKEN
from ..guards import ClaimCondition
from ..guards import Guard


def who(accepted: Collection[str]) -> str:
    """Return who is let in by token types: ``signed in``, or whose token it may be."""
    names = ["signed in" if name == SESSION_TOKEN else name for name in accepted]
    return " or ".join(names) or "nobody"


def conditions_of(guard: Guard) -> Iterator[str]:
    """Yield each thing that a guard asks of whoever it lets in."""
    for name, value in guard.asked.items():
        yield f"{name} {_text(value)}"
    for claim in guard.claims:
        yield claim_condition(claim)
    if guard.reverification is not None:
        yield f"reverification {_text(guard.reverification)}"
    if guard.scopes:
        yield f"scopes {' '.join(guard.scopes)}"


def claim_condition(claim: ClaimCondition) -> str:
    """Return what is asked of a claim, such as ``claim role = "admin"``."""
    places = f"claim {' or '.join(claim.paths)}"
    if not claim.allowed:
        return places
    return f"{places} = {' or '.join(map(_value, claim.allowed))}"


def _value(allowed: Any) -> str:
    if callable(allowed):
        return f"whatever {getattr(allowed, '__name__', 'a function')} accepts"
    return _text(allowed, quoted=True)


def _text(value: Any, *, quoted: bool = False) -> str:
    if isinstance(value, str) and not quoted:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def how_long(seconds: float) -> str:
    """Return a time span in its largest unit and the next, such as ``2 h 5 min``."""
    rest = round(seconds)
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    first = next((i for i, (_, size) in enumerate(units) if rest >= size), len(units) - 1)
    parts: list[str] = []
    for name, size in units[first : first + 2]:
        count, rest = divmod(rest, size)
        parts += [f"{count} {name}"] if count or not parts else []
    return " ".join(parts)
