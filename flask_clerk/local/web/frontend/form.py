"""Reading the form-encoded bodies of clerk-js, in which null is empty and objects are JSON."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import request

from ....core.strict_json import read_json
from ... import errors

#: Rows of a page unless the caller says otherwise, and at most (Frontend API, ``limit``).
_ROWS: Final = 10
_MOST_ROWS: Final = 500


def text(name: str) -> str | None:
    """Return a parameter of the body, ``None`` if it is missing or empty."""
    return request.form.get(name) or None


def required(name: str) -> str:
    """Return a parameter of the body.

    :raises LocalClerkError: ``form_param_missing``.
    """
    value = text(name)
    if value is None:
        raise errors.param_missing(name)
    return value


def flag(name: str) -> bool:
    """Whether a parameter of the body is true."""
    return request.form.get(name) == "true"


def json_object(name: str) -> dict[str, Any] | None:
    """Return an object in the body, ``None`` if it is missing or empty.

    :raises LocalClerkError: ``form_param_value_invalid``.
    """
    value = text(name)
    if value is None:
        return None
    try:
        found = read_json(value)
    except ValueError as error:
        raise errors.param_invalid(name, f"{name} must be a JSON object.") from error
    if not isinstance(found, dict):
        raise errors.param_invalid(name, f"{name} must be a JSON object.")
    return found


def page_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows that ``limit`` and ``offset`` ask for, and how many there are."""
    limit = min(request.args.get("limit", _ROWS, int), _MOST_ROWS)
    offset = request.args.get("offset", 0, int)
    if limit < 0 or offset < 0:
        raise errors.param_invalid("limit", "limit and offset must be 0 or more.")
    return {"data": rows[offset : offset + limit], "total_count": len(rows)}
