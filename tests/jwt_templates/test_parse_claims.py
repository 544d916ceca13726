"""The claims of a template: names, types and limits."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import pytest

from flask_clerk.jwt_templates import SESSION_RESERVED_CLAIMS
from flask_clerk.jwt_templates import TEMPLATE_RESERVED_CLAIMS
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import ReservedClaimError
from flask_clerk.jwt_templates import ShortcodeError
from flask_clerk.jwt_templates import TemplateError
from flask_clerk.jwt_templates import claims_size
from flask_clerk.jwt_templates import parse_claims
from flask_clerk.jwt_templates import render_claims
from flask_clerk.jwt_templates.vocabulary import MAX_TEMPLATE_DEPTH
from flask_clerk.jwt_templates.vocabulary import MAX_TEMPLATE_SIZE

TEMPLATE_CLAIMS = ["azp", "exp", "iat", "iss", "jti", "nbf", "sub", "sid", "v", "pla", "fea"]
LATER_DEFAULTS = ["fva", "sts"]


def nested_lists(levels):
    value: str | list[Any] = "{{user.id}}"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("name", [*TEMPLATE_CLAIMS, *LATER_DEFAULTS])
def test_claim_that_clerk_sets_is_reserved_in_templates(name):
    with pytest.raises(ReservedClaimError, match=rf"reserved claim: {name}\. Remove it"):
        parse_claims({"aud": "x", name: "x"}, reserved=TEMPLATE_RESERVED_CLAIMS)


@pytest.mark.parametrize("name", [*TEMPLATE_CLAIMS, *LATER_DEFAULTS, "o", "act"])
def test_claim_that_clerk_sets_is_reserved_in_session_tokens(name):
    with pytest.raises(ReservedClaimError) as caught:
        parse_claims({name: "x"}, reserved=SESSION_RESERVED_CLAIMS)
    assert caught.value.claims == (name,)
    assert caught.value.where == name
    assert caught.value.reason == "jwt_template_reserved_claim"


@pytest.mark.parametrize("name", ["aud", "role", "org_id", "metadata", "SUB"])
def test_other_names_are_free(name):
    claims = {name: "x"}
    assert (
        render_claims(parse_claims(claims, reserved=SESSION_RESERVED_CLAIMS), RenderContext())
        == claims
    )


def test_all_reserved_claims_are_named_at_once():
    with pytest.raises(ReservedClaimError, match="exp, sub"):
        parse_claims({"sub": "x", "role": "x", "exp": 1}, reserved=TEMPLATE_RESERVED_CLAIMS)


def test_reserved_name_is_free_deeper_down():
    claims = {"metadata": {"sub": "x"}}
    parsed = parse_claims(claims, reserved=TEMPLATE_RESERVED_CLAIMS)
    assert render_claims(parsed, RenderContext()) == claims


def test_keys_are_static():
    claims = {"{{user.id}}": {"{{": 1}}
    assert render_claims(parse_claims(claims), RenderContext(user={"id": "u"})) == claims


@pytest.mark.parametrize("claims", [None, "{}", [], 1], ids=repr)
def test_claims_that_are_no_object_are_refused(claims):
    with pytest.raises(TemplateError, match="must be a JSON object"):
        parse_claims(claims)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, b"x", ("a",), {"a"}, object()],
    ids=["nan", "infinity", "bytes", "tuple", "set", "object"],
)
def test_value_that_json_cannot_hold_is_refused_with_its_place(value):
    with pytest.raises(TemplateError, match="not a JSON value") as caught:
        parse_claims({"a": {"b": [0, value]}})
    assert caught.value.where == "a.b[1]"
    assert caught.value.reason == "template-invalid"


def test_name_that_is_no_text_is_refused():
    with pytest.raises(TemplateError, match="Name 1 must be text") as caught:
        parse_claims({"a": {1: "x"}})
    assert caught.value.where == "a"


def test_malformed_shortcode_names_the_claim_it_stands_in():
    with pytest.raises(ShortcodeError) as caught:
        parse_claims({"a": [{"b": "x"}, {"b": "no {{user.id"}]})
    assert (caught.value.where, caught.value.position) == ("a[1].b", 3)


def test_deepest_template_renders_and_one_level_more_is_refused():
    deepest = {"a": nested_lists(MAX_TEMPLATE_DEPTH - 1)}
    rendered = render_claims(parse_claims(deepest), RenderContext(user={"id": "u"}))
    assert str(rendered).strip("{}[]'a: ") == "u"
    with pytest.raises(TemplateError, match="nested deeper than 32 levels: flatten"):
        parse_claims({"a": nested_lists(MAX_TEMPLATE_DEPTH)})


def test_objects_count_as_levels():
    value: dict[str, object] = {}
    for _ in range(MAX_TEMPLATE_DEPTH):
        value = {"a": value}
    with pytest.raises(TemplateError, match="nested deeper"):
        parse_claims(value)


def test_nesting_that_would_exhaust_the_stack_is_refused_too():
    with pytest.raises(TemplateError, match="nested deeper"):
        parse_claims({"a": nested_lists(100_000)})


def test_largest_template_is_read_and_one_byte_more_is_refused():
    room = MAX_TEMPLATE_SIZE - claims_size({"a": ""})
    assert parse_claims({"a": "x" * room}).nodes
    with pytest.raises(TemplateError, match="take 65537 bytes: shorten them to 65536"):
        parse_claims({"a": "x" * (room + 1)})


def test_any_mapping_will_do():
    parsed = parse_claims(MappingProxyType({"a": "{{user.id}}"}))
    assert render_claims(parsed, RenderContext(user={"id": "u"})) == {"a": "u"}


def test_shortcodes_are_listed_with_the_claim_they_stand_in():
    parsed = parse_claims(
        {
            "static": 1,
            "name": "{{user.first_name}} {{user.last_name}}",
            "metadata": {"roles": ["x", "{{user.public_metadata.a.b}}"]},
        }
    )
    listed = [(where, code.operands[0], code.position) for where, code in parsed.shortcodes()]
    assert [(where, path.shortcode, position) for where, path, position in listed] == [
        ("name", "user.first_name", 0),
        ("name", "user.last_name", 20),
        ("metadata.roles[1]", "user.public_metadata", 0),
    ]
