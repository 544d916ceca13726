"""Reading ``{{ … }}`` and saying where it cannot be read."""

from __future__ import annotations

import time

import pytest

from flask_clerk.jwt_templates import Literal
from flask_clerk.jwt_templates import Path
from flask_clerk.jwt_templates import Shortcode
from flask_clerk.jwt_templates import ShortcodeError
from flask_clerk.jwt_templates import TemplateError
from flask_clerk.jwt_templates import parse_text

OPERANDS = [
    pytest.param("user.id", Path(("user", "id")), id="path"),
    pytest.param("nobody", Path(("nobody",)), id="bare-word"),
    pytest.param("null", Path(("null",)), id="null-is-no-literal"),
    pytest.param(
        "user.public_metadata.my-key",
        Path(("user", "public_metadata", "my-key")),
        id="path-with-dash",
    ),
    pytest.param(
        "user.public_metadata.ключ.0",
        Path(("user", "public_metadata", "ключ", "0")),
        id="path-in-cyrillic",
    ),
    pytest.param("'Awesome User'", Literal("Awesome User"), id="text"),
    pytest.param("''", Literal(""), id="empty-text"),
    pytest.param("'a || b }} {{ \"c\"'", Literal('a || b }} {{ "c"'), id="text-hides-syntax"),
    pytest.param("true", Literal(True), id="true"),
    pytest.param("false", Literal(False), id="false"),
    pytest.param("30", Literal(30), id="integer"),
    pytest.param("-0.5", Literal(-0.5), id="negative"),
    pytest.param("9" * 40, Literal(int("9" * 40)), id="longest-number"),
    pytest.param("2e3", Literal(2000.0), id="exponent"),
]

MALFORMED = [
    pytest.param("Hi {{user.id", 3, "add }}", id="never-closed"),
    pytest.param("{{", 0, "add }}", id="only-opened"),
    pytest.param("{{user.id || ", 0, "add }}", id="never-closed-after-or"),
    pytest.param("{{user.id}", 9, "expected || or }}", id="half-closed"),
    pytest.param("Hi {{ }}", 3, "Empty shortcode", id="empty"),
    pytest.param("{{}}", 0, "Empty shortcode", id="empty-without-space"),
    pytest.param("{{user.id || }}", 13, "expected a value", id="operand-missing-after"),
    pytest.param("{{|| user.id}}", 2, "expected a value", id="operand-missing-before"),
    pytest.param("{{user.id | 'a'}}", 10, "expected || or }}", id="single-bar"),
    pytest.param("{{user.id user.name}}", 10, "expected || or }}", id="two-operands"),
    pytest.param("{{{user.id}}}", 2, "expected a value", id="three-braces"),
    pytest.param("{{user.{{id}}}}", 2, "A name is missing", id="shortcode-in-shortcode"),
    pytest.param('{{user.id || "a"}}', 13, "single quotes", id="double-quotes"),
    pytest.param("{{user.id || 'a}}", 13, "add the second '", id="text-never-closed"),
    pytest.param("{{user..id}}", 2, "A name is missing", id="two-dots"),
    pytest.param("{{ user. }}", 3, "A name is missing", id="dot-at-the-end"),
    pytest.param("{{ .5 }}", 3, "A name is missing", id="dot-at-the-start"),
    pytest.param("{{user.age || 007}}", 14, "not a JSON number", id="leading-zeros"),
    pytest.param("{{user.age || 1.}}", 14, "not a JSON number", id="no-decimals"),
    pytest.param("{{user.age || +1}}", 14, "not a JSON number", id="plus"),
    pytest.param("{{user.age || -x}}", 14, "not a JSON number", id="minus-word"),
    pytest.param("{{user.age || 1٣}}", 14, "not a JSON number", id="arabic-digit"),
    pytest.param("{{user.age || 1e999}}", 14, "too large", id="infinite"),
    pytest.param("{{user.age || " + "9" * 41 + "}}", 14, "at most 40", id="long-number"),
]


@pytest.mark.parametrize(("source", "operand"), OPERANDS)
def test_operand_is_read_with_its_type(source, operand):
    (shortcode,) = parse_text(f"{{{{ {source} }}}}").shortcodes
    assert shortcode.operands == (operand,)
    if isinstance(operand, Literal):
        assert type(shortcode.operands[0].value) is type(operand.value)


@pytest.mark.parametrize("text", ["{{user.id||'a'||1}}", "{{\n user.id\t||  'a' || 1 }}"])
def test_space_around_operands_means_nothing(text):
    operands = (Path(("user", "id")), Literal("a"), Literal(1))
    assert parse_text(text).parts == (Shortcode(operands, position=0),)


def test_text_and_shortcodes_keep_their_order_and_position():
    assert parse_text("Hi {{user.id}}{{org.id}}!").parts == (
        "Hi ",
        Shortcode((Path(("user", "id")),), position=3),
        Shortcode((Path(("org", "id")),), position=14),
        "!",
    )


@pytest.mark.parametrize("text", ["", "plain", "{ user.id }", "}} {", "a }} b"])
def test_text_that_opens_no_shortcode_is_static(text):
    parsed = parse_text(text)
    assert parsed.shortcodes == ()
    assert "".join(part for part in parsed.parts if isinstance(part, str)) == text


@pytest.mark.parametrize(("text", "position", "advice"), MALFORMED)
def test_malformed_shortcode_says_where_and_what_to_do(text, position, advice):
    with pytest.raises(ShortcodeError) as caught:
        parse_text(text, where="metadata.role")
    assert caught.value.position == position
    assert caught.value.where == "metadata.role"
    assert caught.value.reason == "shortcode-invalid"
    assert advice in caught.value.message
    assert f"(claim 'metadata.role', position {position})" in str(caught.value)
    assert isinstance(caught.value, TemplateError)


def test_error_of_a_lone_text_names_no_claim():
    with pytest.raises(ShortcodeError, match=r"\(position 0\)$") as caught:
        parse_text("{{}}")
    assert caught.value.where == ""


def test_error_quotes_no_more_than_a_line():
    with pytest.raises(ShortcodeError) as caught:
        parse_text("{{" + "a" * 10_000 + "..b}}")
    assert len(caught.value.message) < 150


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{" * 100_000, id="opened-often"),
        pytest.param("{{user.id||" * 50_000, id="or-often"),
        pytest.param("{{" + " " * 200_000, id="space"),
        pytest.param("{{" + "9" * 200_000, id="digits"),
        pytest.param("{{" + "a." * 100_000, id="dots"),
        pytest.param("{{'" + "{{" * 100_000, id="text"),
    ],
)
def test_hostile_text_is_refused_in_linear_time(text):
    began = time.perf_counter()
    with pytest.raises(ShortcodeError):
        parse_text(text)
    assert time.perf_counter() - began < 2
