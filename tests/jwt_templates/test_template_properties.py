"""What holds for every template and every context."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_clerk.jwt_templates import SHORTCODES
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import ReservedClaimError
from flask_clerk.jwt_templates import ShortcodeError
from flask_clerk.jwt_templates import Template
from flask_clerk.jwt_templates import claims_size
from flask_clerk.jwt_templates import parse_claims
from flask_clerk.jwt_templates import parse_text
from flask_clerk.jwt_templates import render_claims
from flask_clerk.jwt_templates.vocabulary import TEMPLATE_RESERVED_CLAIMS

# A busy machine must not fail a property.
unhurried = settings(deadline=None)

ROOTS = ("user", "org", "org_membership", "session")
NAMES = st.sampled_from(sorted({code.split(".")[1] for code in SHORTCODES} | {"a", "b"}))

static_texts = st.text(max_size=8).filter(lambda text: "{" not in text)
numbers_and_constants = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = numbers_and_constants | st.text(max_size=8)
static_scalars = numbers_and_constants | static_texts


def json_of(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=8,
    )


contexts = st.builds(
    RenderContext,
    **{
        root: json_of(scalars) | st.dictionaries(NAMES, json_of(scalars), max_size=5)
        for root in ROOTS
    },
)

paths = st.lists(NAMES, max_size=3).flatmap(
    lambda names: st.sampled_from(ROOTS).map(lambda root: ".".join([root, *names]))
) | st.sampled_from(sorted(SHORTCODES))
literals = (
    st.text(st.characters(exclude_characters="'"), max_size=8).map(lambda text: f"'{text}'")
    | st.integers(-(10**30), 10**30).map(str)
    | st.sampled_from(["true", "false", "0.5", "-1e3"])
)
expressions = st.lists(paths | literals, min_size=1, max_size=3).map(" || ".join)
shortcodes = expressions.map(lambda expression: f"{{{{ {expression} }}}}")
dynamic_texts = st.lists(shortcodes | static_texts, max_size=4).map("".join)
claims_of = st.dictionaries(
    st.text(max_size=6), json_of(static_scalars | dynamic_texts), max_size=4
)


def same_json(left, right):
    """Equality that tells 1 from 1.0 and from true."""
    return json.dumps(left) == json.dumps(right)


@unhurried
@given(text=st.text(st.sampled_from("{}|'\". user1-e\n"), max_size=30))
def test_any_text_is_read_or_refused_with_a_position_inside_it(text):
    try:
        parsed = parse_text(text)
    except ShortcodeError as error:
        assert 0 <= error.position < len(text)  # noqa: PT017 (either outcome is right)
    else:
        assert bool(parsed.shortcodes) == ("{{" in text)


@unhurried
@given(claims=claims_of, context=contexts)
def test_rendering_never_raises_and_gives_json_of_the_same_shape(claims, context):
    parsed = parse_claims(claims)
    rendered = render_claims(parsed, context)
    assert list(rendered) == list(claims)
    assert same_json(json.loads(json.dumps(rendered)), rendered)
    assert claims_size(rendered) > 0
    assert same_json(rendered, render_claims(parsed, context))


@unhurried
@given(
    claims=st.dictionaries(st.text(max_size=6), json_of(static_scalars), max_size=4),
    context=contexts,
)
def test_static_claims_are_unchanged(claims, context):
    parsed = parse_claims(claims)
    assert same_json(render_claims(parsed, context), claims)
    assert list(parsed.shortcodes()) == []


@unhurried
@given(value=json_of(scalars), names=st.lists(NAMES, max_size=4))
def test_walking_finds_the_value_with_its_type(value, names):
    metadata = value
    for name in reversed(names):
        metadata = {"other": 1, name: metadata}
    shortcode = "{{" + ".".join(["user", "public_metadata", *names]) + "}}"
    rendered = render_claims(
        parse_claims({"a": shortcode}), RenderContext(user={"public_metadata": metadata})
    )
    assert same_json(rendered["a"], value)


@unhurried
@given(before=static_texts, expression=expressions, after=static_texts, context=contexts)
def test_shortcode_inside_text_is_the_text_of_the_shortcode_alone(
    before, expression, after, context
):
    shortcode = f"{{{{{expression}}}}}"
    alone = render_claims(parse_claims({"a": shortcode}), context)["a"]
    inside = render_claims(parse_claims({"a": f"{before}.{shortcode}{after}"}), context)["a"]
    text = (
        alone
        if isinstance(alone, str)
        else json.dumps(alone, ensure_ascii=False, separators=(",", ":"))
    )
    assert inside == f"{before}.{text}{after}"


@unhurried
@given(operands=st.lists(paths | literals, min_size=1, max_size=5), context=contexts)
def test_conditional_is_the_first_operand_that_counts_or_the_last(operands, context):
    def render(expression):
        return render_claims(parse_claims({"a": f"{{{{{expression}}}}}"}), context)["a"]

    values = [render(operand) for operand in operands]
    counted = [value for value in values if value is not None and value is not False]
    assert same_json(render(" || ".join(operands)), counted[0] if counted else values[-1])


@unhurried
@given(
    claims=claims_of,
    lifetime=st.integers(30, 315_360_000),
    skew=st.integers(0, 300),
    is_custom=st.booleans(),
)
def test_template_survives_json(claims, lifetime, skew, is_custom):
    claims = {name: value for name, value in claims.items() if name not in TEMPLATE_RESERVED_CLAIMS}
    template = Template("api", claims, lifetime, skew, is_custom, "RS256")
    assert Template.from_json(json.loads(json.dumps(template.to_json()))) == template
    assert same_json(template.claims, claims)


@unhurried
@given(claims=claims_of, reserved=st.sampled_from(sorted(TEMPLATE_RESERVED_CLAIMS)))
def test_no_template_sets_a_reserved_claim(claims, reserved):
    with pytest.raises(ReservedClaimError):
        Template("api", {**claims, reserved: "x"})
