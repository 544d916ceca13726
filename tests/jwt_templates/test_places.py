"""The line of every value of a JSON text, whatever is in its strings and however it is laid out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_clerk.jwt_templates import file_text
from flask_clerk.jwt_templates import lines_of
from flask_clerk.jwt_templates import written
from flask_clerk.jwt_templates.places import Place

LAID_OUT = r"""{
  "name": "a", "claims": {"x": 1,
    "y": [
      {"z":
        "}{ \" ,: \\"},
      [], [1,
      2], {}
    ], "e\n\u00e9": {}
  },

  "lifetime": 60
}"""


def test_a_value_is_where_its_name_is() -> None:
    claims = ("claims",)
    assert lines_of(LAID_OUT) == {
        (): 1,
        ("name",): 2,
        claims: 2,
        (*claims, "x"): 2,
        (*claims, "y"): 3,
        (*claims, "y", 0): 4,
        (*claims, "y", 0, "z"): 4,
        (*claims, "y", 1): 6,
        (*claims, "y", 2): 6,
        (*claims, "y", 2, 0): 6,
        (*claims, "y", 2, 1): 7,
        (*claims, "y", 3): 7,
        (*claims, "e\né"): 8,
        ("lifetime",): 11,
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def places(value: Any, place: Place = ()) -> list[Place]:
    found = [place]
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in items:
            found += places(inner, (*place, step))
    return found


@given(json_values, st.sampled_from([None, 0, 2]), st.booleans())
def test_every_value_has_a_line_on_which_its_name_stands(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    rows = text.split("\n")

    lines = lines_of(text)

    assert list(lines) == places(value)
    assert list(lines.values()) == sorted(lines.values())
    for place, line in lines.items():
        if place and isinstance(place[-1], str):
            assert json.dumps(place[-1], ensure_ascii=ascii_only) in rows[line - 1]
    if indent is not None:
        assert len(set(lines.values())) == len(lines)


@given(json_values)
def test_a_files_text_holds_the_value_and_ends_its_line(value: Any) -> None:
    assert json.loads(file_text(value)) == value
    assert file_text(value).endswith("\n")


@pytest.mark.parametrize(
    ("place", "text"),
    [((), ""), (("a",), "a"), (("metadata", "roles", 0), "metadata.roles[0]"), ((0, "a"), "[0].a")],
)
def test_a_place_is_written_as_people_write_it(place: Place, text: str) -> None:
    assert written(place) == text
