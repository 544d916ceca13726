"""Reading query parameters, and answering one page of a list."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Final
from typing import TypeVar

from flask import request

from ... import errors

_T = TypeVar("_T")

Json = dict[str, Any]

_DEFAULT_LIMIT: Final = 10
_MAX_LIMIT: Final = 500
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


def text(name: str) -> str | None:
    """Return a parameter; one that is empty is none."""
    return request.args.get(name) or None


def flag(name: str) -> bool | None:
    """Return a boolean parameter.

    :raises LocalClerkError: ``form_param_value_invalid``.
    """
    value = text(name)
    if value is None:
        return None
    if value not in _TRUTH:
        raise errors.param_invalid(name, f"{name} must be true or false.")
    return _TRUTH[value]


def integer(name: str, minimum: int = 0, maximum: int | None = None) -> int | None:
    """Return a whole number; ``10.0`` is one, since some libraries send it so.

    :raises LocalClerkError: ``form_param_value_invalid``.
    """
    value = text(name)
    if value is None:
        return None
    digits = value.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise errors.param_invalid(name, f"{name} must be a whole number.")
    number = int(digits)
    if number < minimum or (maximum is not None and number > maximum):
        raise errors.param_invalid(name, f"{name} must be {_range(minimum, maximum)}.")
    return number


def signed(name: str) -> tuple[list[str], list[str]]:
    """Return the values to include and those to exclude: ``+`` or nothing before, or ``-``."""
    included: list[str] = []
    excluded: list[str] = []
    for value in request.args.getlist(name):
        # A plus that was not escaped has come as a blank.
        (excluded if value.startswith("-") else included).append(value.lstrip("+- "))
    return included, excluded


def page(found: Sequence[_T]) -> Sequence[_T]:
    """Return the part of a list that ``limit`` and ``offset`` ask for."""
    limit = integer("limit", 1, _MAX_LIMIT) or _DEFAULT_LIMIT
    offset = integer("offset") or 0
    return found[offset : offset + limit]


def paginated(found: Sequence[_T], shown: Callable[[_T], Json], *, name: str = "data") -> Json:
    """Return a page with how many there are in all."""
    return {name: [shown(each) for each in page(found)], "total_count": len(found)}


def listed(found: Sequence[_T], shown: Callable[[_T], Json]) -> Json | list[Json]:
    """Return a bare page or, asked for with ``paginated``, one with a count."""
    if flag("paginated"):
        return paginated(found, shown)
    return [shown(each) for each in page(found)]


def order(allowed: Sequence[str], default: str = "-created_at") -> tuple[str, bool]:
    """Return the field that ``order_by`` names, and whether the order is descending.

    :raises LocalClerkError: ``form_param_value_invalid``.
    """
    value = (text("order_by") or default).strip()
    name = value.lstrip("+-")
    if name not in allowed:
        raise errors.param_invalid("order_by", f"order_by must be one of {', '.join(allowed)}.")
    return name, value.startswith("-")


def _range(minimum: int, maximum: int | None) -> str:
    return f"{minimum} or more" if maximum is None else f"from {minimum} to {maximum}"
