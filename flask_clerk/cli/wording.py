"""What a guard asks for, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..guards import ClaimCondition
from ..guards import Guard


def conditions_of(guard: Guard) -> Iterator[str]:
    """Yield each thing that a guard asks of a session besides being there."""
    for name, value in guard.asked.items():
        yield f"{name} {_text(value)}"
    for claim in guard.claims:
        yield claim_condition(claim)
    if guard.reverification is not None:
        yield f"reverification {_text(guard.reverification)}"


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
