"""Reading the JSON body of a request, with Clerk's errors for what does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from typing import Final

from flask import request

from ....core.strict_json import read_json
from ... import errors
from ...errors import LocalClerkError

_TYPES: Final = {
    str: "string",
    bool: "boolean",
    dict: "object",
    list: "array of strings",
}


class Body:
    """The parameters in a body. A null counts as not given; ``in`` tells the two apart."""

    def __init__(self, *known: str) -> None:
        """Read the body of the current request; none is an empty one.

        :param known: The parameters of the endpoint.
        :raises LocalClerkError: ``request_body_invalid``, ``form_param_unknown``.
        """
        self._values = _read()
        for name in self._values:
            if name not in known:
                raise LocalClerkError(
                    "form_param_unknown",
                    422,
                    "is unknown",
                    f"{name} is not a valid parameter for this request.",
                    param=name,
                )

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def values(self) -> Mapping[str, Any]:
        """The parameters as they came."""
        return self._values

    def text(self, name: str) -> str | None:
        """Return a string, if given."""
        value: str | None = self._typed(name, str)
        return value

    def required(self, name: str) -> str:
        """Return a string.

        :raises LocalClerkError: ``form_param_missing``.
        """
        value = self.text(name)
        if not value:
            raise errors.param_missing(name)
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean; false unless given."""
        return bool(self._typed(name, bool))

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Return an object, if given."""
        value: dict[str, Any] | None = self._typed(name, dict)
        return value

    def mappings(self, *names: str) -> dict[str, dict[str, Any]]:
        """Return those of these objects that are given, such as the kinds of metadata."""
        found = ((name, self.mapping(name)) for name in names)
        return {name: value for name, value in found if value is not None}

    def texts(self, name: str) -> list[str]:
        """Return an array of strings; empty unless given."""
        value = self._typed(name, list) or []
        if not all(isinstance(item, str) for item in value):
            raise _type_invalid(name, _TYPES[list])
        return list(value)

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        """Return a whole number, if given; JSON's ``3600.0`` is one.

        :raises LocalClerkError: ``form_param_type_invalid``, ``form_param_value_invalid``.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if type(value) not in (int, float) or not math.isfinite(value):
            raise _type_invalid(name, "number")
        if not minimum <= value <= maximum:
            raise errors.param_invalid(name, f"{name} must be from {minimum} to {maximum}.")
        return int(value)

    def _typed(self, name: str, kind: type) -> Any:
        value = self._values.get(name)
        if value is not None and not isinstance(value, kind):
            raise _type_invalid(name, _TYPES[kind])
        return value


def _read() -> Mapping[str, Any]:
    if not request.get_data():
        return {}
    try:
        values = read_json(request.get_data().decode("utf-8"))
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise LocalClerkError(
            "request_body_invalid",
            400,
            "Request body invalid",
            "The request body is invalid. Please consult the API documentation for more "
            "information.",
        )
    return values


def _type_invalid(name: str, kind: str) -> LocalClerkError:
    return LocalClerkError(
        "form_param_type_invalid", 422, "is invalid", f"`{name}` must be a `{kind}`.", param=name
    )
