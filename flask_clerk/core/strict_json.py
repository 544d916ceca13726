"""JSON without what its readers disagree about: ``NaN``, twin names, lone surrogates, abysses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from typing import Final
from typing import NoReturn

#: The members of a JSON object, in order.
Members = list[tuple[str, Any]]

#: Levels. Python's own limit depends on how deep the caller is; no claim comes near this one.
MAX_DEPTH: Final = 64


def make_object(members: Members) -> dict[str, Any]:
    """Return a ``dict`` of an object's members.

    :raises ValueError: If two have one name.
    """
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("duplicate name")
    return found


def decoder_of(make: Callable[[Members], Any]) -> json.JSONDecoder:
    """Return what :func:`read_json` decodes with.

    :param make: Makes an object of its members; it must refuse two of one name.
    """
    return json.JSONDecoder(object_pairs_hook=make, parse_constant=_refuse_constant)


def read_json(text: str, decoder: json.JSONDecoder | None = None) -> Any:
    """Return the value of a JSON text (RFC 7493, sections 2.1 to 2.3).

    :param decoder: From :func:`decoder_of`; unless given, objects are ``dict``.
    :raises ValueError: For what is no JSON, and for what only some readers take for it; a
        :class:`json.JSONDecodeError` says where.
    """
    try:
        found = (decoder or _PLAIN).decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _refuse_depth(found)
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _refuse_depth(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        children = (value.values() if isinstance(value, dict) else value for value in level)
        level = [child for group in children for child in group if isinstance(child, (dict, list))]
        if not level:
            return
    raise ValueError("nested too deeply")


_PLAIN: Final = decoder_of(make_object)
