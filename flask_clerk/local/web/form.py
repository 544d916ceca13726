"""A form as a page shows it: what was typed, and what is wrong with it, next to each field."""

from __future__ import annotations

import json
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any
from typing import Final

from flask import request

from ...core.strict_json import read_json
from ..errors import LocalClerkError

#: The key of what is wrong with the form as a whole.
WHOLE: Final = ""


class Form:
    """The fields of one form, by name. What a person typed is never lost to an error."""

    def __init__(self, name: str, values: Mapping[str, str | None]) -> None:
        """Fill in a form.

        :param name: Tells its fields' ids from those of other forms on the page.
        :param values: Every field of the form.
        """
        self.name = name
        self.values = {field: value or "" for field, value in values.items()}
        self.errors: dict[str, str] = {}
        self.status = 200

    @classmethod
    def sent(cls, name: str, fields: Collection[str]) -> Form:
        """Return the form as the request brings it."""
        return cls(name, {field: request.form.get(field, "") for field in fields})

    def __getitem__(self, field: str) -> str:
        return self.values[field]

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.errors

    @property
    def first_error(self) -> str | None:
        """The first field that is wrong, where the cursor should be."""
        return next((field for field in self.values if field in self.errors), None)

    def error(self, field: str = WHOLE) -> str | None:
        """Return what is wrong with a field."""
        return self.errors.get(field)

    def fail(self, field: str, message: str, status: int = 422) -> None:
        """Note what is wrong with a field; the first word stands."""
        self.errors.setdefault(field, message)
        self.status = status

    def refuse(self, error: LocalClerkError) -> None:
        """Note what the instance refused, next to the field that it names."""
        field = error.param if error.param in self.values else None
        message = error.long_message
        if error.retry_after is not None:
            message = f"Too many attempts. Try again in {error.retry_after} seconds."
        self.fail(field or WHOLE, message, error.status)

    def require(self, **messages: str) -> None:
        """Note every field that is empty.

        :param messages: What to say, by field.
        """
        for field, message in messages.items():
            if not self.values[field].strip():
                self.fail(field, message)

    def json_object(self, field: str) -> dict[str, Any]:
        """Return the JSON object typed into a field; an empty field is an empty object."""
        try:
            value = read_json(self.values[field] or "{}")
        except json.JSONDecodeError as error:
            self.fail(field, f"Line {error.lineno}, column {error.colno}: {error.msg}.")
            return {}
        except ValueError as error:
            self.fail(field, f"This is no JSON that everybody reads alike: {error}.")
            return {}
        if not isinstance(value, dict):
            self.fail(field, 'This must be a JSON object, such as {"role": "admin"}.')
            return {}
        return value

    def whole_number(self, field: str) -> int | None:
        """Return the number typed into a field, or ``None`` for an empty one."""
        text = self.values[field].strip()
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 12:
            self.fail(field, "Enter a whole number.")
            return None
        return int(text)
