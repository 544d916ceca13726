"""What a shortcode stands for, alone and inside text."""

from __future__ import annotations

import copy
import json
import math
from datetime import datetime
from types import MappingProxyType

import pytest

from flask_clerk.jwt_templates import DOCUMENTED_SHORTCODES
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import claims_size
from flask_clerk.jwt_templates import parse_claims
from flask_clerk.jwt_templates import render_claims
from flask_clerk.jwt_templates.vocabulary import MAX_VALUE_DEPTH

METADATA = {
    "text": "x",
    "empty": "",
    "zero": 0,
    "half": 0.5,
    "yes": True,
    "no": False,
    "none": None,
    "object": {"b": 1, "a": [True, None]},
    "list": ["é", 2],
    "a": {"b": {"c": "deep"}},
}
CONTEXT = RenderContext(
    user={"id": "user_1", "public_metadata": METADATA, "password_digest": "$2b$…"},
    org={"id": "org_1", "public_metadata": {"tier": "gold"}},
    org_membership={"public_metadata": {"title": "boss"}},
    session={"actor": {"sub": "user_2"}},
)


def render(value, context=CONTEXT):
    return render_claims(parse_claims({"claim": value}), context)["claim"]


@pytest.mark.parametrize(
    ("field", "as_text"),
    [
        ("text", "x"),
        ("empty", ""),
        ("zero", "0"),
        ("half", "0.5"),
        ("yes", "true"),
        ("no", "false"),
        ("none", "null"),
        ("missing", "null"),
        ("object", '{"b":1,"a":[true,null]}'),
        ("list", '["é",2]'),
    ],
)
def test_shortcode_keeps_its_type_alone_and_becomes_text_inside_text(field, as_text):
    shortcode = f"{{{{user.public_metadata.{field}}}}}"
    alone = render(shortcode)
    assert alone == METADATA.get(field)
    assert type(alone) is type(METADATA.get(field))
    assert render(f"<{shortcode}>") == f"<{as_text}>"
    assert render(f" {shortcode}") == f" {as_text}"
    assert render(shortcode * 2) == as_text * 2


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("user.public_metadata.none || 'a'", "a"),
        ("user.public_metadata.no || 'a'", "a"),
        ("user.public_metadata.zero || 'a'", 0),
        ("user.public_metadata.empty || 'a'", ""),
        ("user.public_metadata.none || user.public_metadata.no", False),
        ("user.public_metadata.no || user.public_metadata.none", None),
        ("false || 1 || 2", 1),
        ("false || 2.5", 2.5),
        ("'a' || user.id", "a"),
        ("nobody || true", True),
        ("user.id || null", "user_1"),
        ("false || null", None),
    ],
)
def test_first_operand_that_is_neither_null_nor_false_wins(expression, expected):
    result = render(f"{{{{ {expression} }}}}")
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("shortcode", sorted(DOCUMENTED_SHORTCODES))
def test_documented_shortcode_renders_what_the_context_says(shortcode):
    root, name = shortcode.split(".")
    assert render(f"{{{{{shortcode}}}}}", RenderContext(**{root: {name: "value"}})) == "value"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("user.public_metadata.a.b.c", "deep"),
        ("org.public_metadata.tier", "gold"),
        ("org_membership.public_metadata.title", "boss"),
        ("session.actor.sub", "user_2"),
    ],
)
def test_dots_walk_into_objects(path, expected):
    assert render(f"{{{{{path}}}}}") == expected


@pytest.mark.parametrize(
    "path",
    [
        "user",
        "user.unknown",
        "user.id.more",
        "user.id.__class__",
        "user.public_metadata.list.0",
        "user.public_metadata.a.z.c",
        "user.password_digest",
        "organization.id",
        "org_permissions",
        "__class__.__mro__",
        "User.id",
    ],
)
def test_unknown_shortcode_is_null_even_if_the_context_has_it(path):
    assert render(f"{{{{{path}}}}}") is None


def test_private_metadata_of_older_guides_is_rendered():
    context = RenderContext(user={"private_metadata": {"plan": "gold"}})
    assert render("{{user.private_metadata.plan}}", context) == "gold"


def test_empty_context_renders_every_shortcode_as_null():
    claims = {code: f"{{{{{code}}}}}" for code in DOCUMENTED_SHORTCODES}
    assert set(render_claims(parse_claims(claims), RenderContext()).values()) == {None}


def test_rendered_text_is_not_read_again():
    context = RenderContext(user={"first_name": "{{user.id}}", "id": "user_1"})
    assert render("Hi {{user.first_name}}", context) == "Hi {{user.id}}"


def test_braces_can_be_written_as_a_literal():
    assert render("{{ '{{' }} and }}") == "{{ and }}"


def test_nested_objects_and_lists_are_rendered():
    value = {"a": [{"b": "{{user.id}}"}, "x{{org.id}}", 1, None], "c": {}}
    assert render(value) == {"a": [{"b": "user_1"}, "xorg_1", 1, None], "c": {}}


def test_result_shares_nothing_with_template_or_context():
    parsed = parse_claims({"m": "{{user.public_metadata}}", "s": {"list": [1]}})
    before = copy.deepcopy(METADATA)
    first = render_claims(parsed, CONTEXT)
    first["m"]["a"]["b"]["c"] = "changed"
    first["m"]["list"].append("changed")
    first["s"]["list"].append(2)
    assert before == METADATA
    assert render_claims(parsed, CONTEXT) == {"m": before, "s": {"list": [1]}}


def test_read_only_mappings_and_tuples_become_plain_json():
    metadata = MappingProxyType({"a": MappingProxyType({"b": (1, 2)})})
    rendered = render("{{user.public_metadata}}", RenderContext(user={"public_metadata": metadata}))
    assert rendered == {"a": {"b": [1, 2]}}
    assert json.dumps(rendered)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, datetime(2026, 1, 1), b"x", {1, 2}], ids=repr
)
def test_value_that_json_cannot_hold_counts_as_missing(value):
    context = RenderContext(user={"public_metadata": {"a": value, 1: "key is no text"}})
    assert render("{{user.public_metadata}}", context) == {"a": None}
    assert render("{{user.public_metadata.a || 'none'}}", context) == "none"


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}], ids=["lists", "objects"])
def test_value_too_deep_to_encode_counts_as_missing(wrap):
    value: object = []
    for _ in range(MAX_VALUE_DEPTH - 1):
        value = wrap(value)
    context = RenderContext(user={"public_metadata": value})
    assert render("{{user.public_metadata}}", context) == value
    for _ in range(2000):
        value = wrap(value)
    context = RenderContext(user={"public_metadata": value})
    assert render("{{user.public_metadata}}", context) is None
    assert render("<{{user.public_metadata}}>", context) == "<null>"


@pytest.mark.parametrize("root", ["text", 1, ["id"], True], ids=repr)
def test_root_that_is_no_object_is_null(root):
    assert render("{{user.id}}", RenderContext(user=root)) is None


def test_context_hides_personal_data_from_its_repr():
    assert repr(CONTEXT) == "RenderContext()"


@pytest.mark.parametrize(
    ("claims", "size"),
    [
        ({}, 2),
        ({"a": 1}, 7),
        ({"a": [1, {"b": None}]}, 20),
        ({"a": "é"}, 10),
        ({"a": "\ud800"}, 11),
        (MappingProxyType({"a": True}), 10),
    ],
    ids=["empty", "number", "nested", "two-byte-letter", "lone-surrogate", "mapping"],
)
def test_size_is_the_bytes_of_compact_json(claims, size):
    assert claims_size(claims) == size
