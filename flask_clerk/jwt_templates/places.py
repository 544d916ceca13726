"""Where in a JSON text its values stand, and the text that a template's file has."""

from __future__ import annotations

import json
import re
from typing import Final
from typing import TypeAlias

#: Names and indexes that lead to a value: ``("claims", "roles", 0)``.
Place: TypeAlias = "tuple[str | int, ...]"

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:\n]|[^\s\[\]{},:"]+')


def file_text(value: object) -> str:
    """Return JSON as it stands in a file under version control: a line for each value."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def lines_of(text: str) -> dict[Place, int]:
    """Return the line of every value, from 1: where its name is, or in a list where it begins.

    :param text: Valid JSON.
    """
    lines: dict[Place, int] = {}
    open_places: list[Place] = []
    place: Place = ()
    awaits_name = False
    line = 1
    for token in _TOKENS.findall(text):
        if token == "\n":
            line += 1
        elif token == ",":
            last = place[-1]
            awaits_name = isinstance(last, str)
            place = place if isinstance(last, str) else (*place[:-1], last + 1)
        elif token in ("]", "}"):
            place = open_places.pop()
            awaits_name = False
        elif awaits_name:
            place = (*open_places[-1], json.loads(token))
            lines.setdefault(place, line)
            awaits_name = False
        elif token != ":":
            lines.setdefault(place, line)
            if token in ("[", "{"):
                open_places.append(place)
                awaits_name = token == "{"
                place = place if awaits_name else (*place, 0)
    return lines


def written(place: Place) -> str:
    """Return a place as people write it: ``metadata.roles[0]``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
