"""JSON values: a plain copy, their text, their size."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .vocabulary import MAX_VALUE_DEPTH


class _TooDeepError(Exception):
    """Nested beyond what a token could encode."""


def plain_json(value: object) -> Any:
    """Return a copy made of plain dicts and lists, so that no caller edits the original.

    What JSON cannot hold (other types, keys that are not text, NaN) counts as missing, and a
    value nested deeper than ``MAX_VALUE_DEPTH`` levels counts as missing whole: encoding it
    could exhaust the stack.
    """
    try:
        return _copy(value, MAX_VALUE_DEPTH)
    except _TooDeepError:
        return None


def compact_json(value: object) -> str:
    """Return JSON without spaces, as it stands in a token, with text left as UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def claims_size(claims: Mapping[str, Any]) -> int:
    """Return the size in bytes of the claims as compact UTF-8 JSON.

    Base64url makes a third more of it in the token. Clerk recommends at most
    ``RECOMMENDED_SESSION_CLAIMS_SIZE`` bytes of custom claims in a session token.
    """
    return len(compact_json(dict(claims)).encode("utf-8", "surrogatepass"))


def _copy(value: object, levels: int) -> Any:
    if isinstance(value, Mapping):
        inner = _descend(levels)
        return {key: _copy(item, inner) for key, item in value.items() if isinstance(key, str)}
    if isinstance(value, list | tuple):
        inner = _descend(levels)
        return [_copy(item, inner) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int) else None


def _descend(levels: int) -> int:
    if levels == 0:
        raise _TooDeepError
    return levels - 1
