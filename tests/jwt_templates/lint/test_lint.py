"""Lint: each planted fault is found where it stands, and nothing in what Clerk documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_clerk.jwt_templates import Mint
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import file_text
from flask_clerk.jwt_templates.lint import RULES
from flask_clerk.jwt_templates.lint import Finding
from flask_clerk.jwt_templates.lint import GuardedClaim
from flask_clerk.jwt_templates.lint import Person
from flask_clerk.jwt_templates.lint import Severity
from flask_clerk.jwt_templates.lint import Subject
from flask_clerk.jwt_templates.lint import Surroundings
from flask_clerk.jwt_templates.lint import lint
from tests.jwt_templates.test_documented_templates import JWT_TEMPLATES
from tests.jwt_templates.test_documented_templates import SESSION_TOKENS

TEMPLATE, SESSION = False, True
NOTHING = Surroundings()


def person(name: str, **metadata: str) -> Person:
    return Person(name, RenderContext(user={"id": "user_1", "public_metadata": metadata}))


def found_in(
    text: str, surroundings: Surroundings = NOTHING, *, is_session_token: bool = False
) -> list[Finding]:
    """Return what is found in a file with this text; a template's claims may stand alone."""
    subject = Subject("f.json", json.loads(text), text, is_session_token=is_session_token)
    return lint([subject], surroundings)


def template(claims: str, **fields: Any) -> str:
    """Return a template's file, whose claims begin on line 3."""
    others = "".join(f',\n"{name}": {json.dumps(value)}' for name, value in fields.items())
    return f'{{\n"name": "x", "claims":\n{claims}{others}\n}}'


PLANTED = [
    # reserved claims, in templates and in the session token, which has more of them
    (template('{"aud": 1,\n"sub": "{{user.id}}"}'), TEMPLATE, 4, "reserved-claim", "sub"),
    *(
        (f'{{\n"{name}": 1}}', SESSION, 2, "reserved-claim", name)
        for name in (
            *[
                "azp",
                "exp",
                "iat",
                "iss",
                "jti",
                "nbf",
                "sub",
                "sid",
                "v",
                "pla",
                "fea",
                "fva",
                "sts",
                "o",
                "act",
            ],
        )
    ),
    *(
        (template(f'{{"{name}": 1}}'), TEMPLATE, 3, "reserved-claim", name)
        for name in [
            "azp",
            "exp",
            "iat",
            "iss",
            "jti",
            "nbf",
            "sub",
            "sid",
            "v",
            "pla",
            "fea",
            "fva",
            "sts",
        ]
    ),
    # shortcodes
    (
        template('{"a": 1,\n"b": ["x",\n"{{user.id"]}'),
        TEMPLATE,
        5,
        "bad-shortcode",
        "'b[1]' cannot be read",
    ),
    (template('{"a": "{{ }}"}'), TEMPLATE, 3, "bad-shortcode", "Empty shortcode"),
    (
        template('{"a": "{{user.frist_name}}"}'),
        TEMPLATE,
        3,
        "unknown-shortcode",
        "Write {{user.first_name}}.",
    ),
    (
        template('{"a":\n{"b": "x {{user.publicMetadata.role}}"}}'),
        TEMPLATE,
        4,
        "unknown-shortcode",
        "Write {{user.public_metadata.role}}.",
    ),
    (
        '{"a": "{{user.email}}"}',
        SESSION,
        1,
        "unknown-shortcode",
        "Write {{user.primary_email_address}}.",
    ),
    ('{"a": "{{user}}"}', SESSION, 1, "unknown-shortcode", "{{user}} is no shortcode"),
    ('{"a": "{{weather.today}}"}', SESSION, 1, "unknown-shortcode", "or remove it"),
    (
        '{"a": "{{user.full_name.first}}"}',
        SESSION,
        1,
        "unknown-shortcode",
        "user.full_name has nothing inside",
    ),
    # operands
    (
        """{"a": "{{user.full_name || Nobody}}"}""",
        SESSION,
        1,
        "bad-operand",
        "Put text in single quotes: 'Nobody'.",
    ),
    ('{"a": "{{user.username || null}}"}', SESSION, 1, "bad-operand", "null is no literal"),
    ("""{"a": "{{'x' || user.id}}"}""", SESSION, 1, "bad-operand", "nothing after 'x' is ever"),
    ("""{"a": "{{user.id || 'x'}}"}""", SESSION, 1, "bad-operand", "nothing after user.id is"),
    (
        """{"a": "{{user.public_metadata || 'x'}}"}""",
        SESSION,
        1,
        "bad-operand",
        "nothing after user.public_metadata is",
    ),
    ('{"a": "{{false || user.username}}"}', SESSION, 1, "bad-operand", "false is always passed"),
    (
        """{"a": "{{user.username || user.username || 'x'}}"}""",
        SESSION,
        1,
        "bad-operand",
        "user.username stands twice",
    ),
    (
        '{"a": "{{user.email_verified || true}}"}',
        SESSION,
        1,
        "bad-operand",
        "can never be false, since true takes",
    ),
    (
        '{"a": "{{user.first_name || \\"x\\"}}"}',
        SESSION,
        1,
        "bad-shortcode",
        "text goes in single quotes",
    ),
    ('{"a": "{{user.id | user.username}}"}', SESSION, 1, "bad-shortcode", "expected || or }}"),
    # what others can read or write
    (
        template('{"a": "{{user.private_metadata.notes}}"}'),
        TEMPLATE,
        3,
        "private-metadata",
        "{{user.private_metadata.notes}} shows private",
    ),
    (
        '{"a": 1,\n"b": "{{org.private_metadata}}"}',
        SESSION,
        2,
        "private-metadata",
        "{{org.private_metadata}} shows private",
    ),
    (
        template('{"a": "{{user.unsafe_metadata}}"}'),
        TEMPLATE,
        3,
        "whole-unsafe-metadata",
        "The user can write anything",
    ),
    # names, volatile data, lifetimes
    (
        '{"a": {\n"a_claim_name_that_is_much_too_long": 1}}',
        SESSION,
        2,
        "long-name",
        "takes 34 bytes",
    ),
    ('{"a": "{{user.last_sign_in_at}}"}', SESSION, 1, "volatile-data", "changes often"),
    (
        template('{"a": "{{user.public_metadata.unreadCount}}"}'),
        TEMPLATE,
        3,
        "volatile-data",
        "{{user.public_metadata.unreadCount}} changes often",
    ),
    (template("{}", lifetime=301), TEMPLATE, 4, "long-lifetime", "outlives its session"),
    (template("{}", lifetime=86401), TEMPLATE, 4, "long-lifetime", "is forgotten after 86400"),
    # fields
    (template("{}", lifetime=29), TEMPLATE, 4, "invalid-field", "Set lifetime to a whole"),
    (template("{}", lifetme=60), TEMPLATE, 4, "invalid-field", "Write 'lifetime'."),
    (template("{}", x=60), TEMPLATE, 4, "invalid-field", "Use name, claims, lifetime"),
    (template("[]"), TEMPLATE, 2, "invalid-field", 'Add "claims": {}.'),
    ('{"claims": {}}', TEMPLATE, 1, "invalid-field", "Add the field 'name'"),
    (
        template("[" * 40 + "]" * 40).replace("[", '{"a": [', 1).replace("]" * 40, "]" * 40 + "}"),
        TEMPLATE,
        2,
        "invalid-field",
        "nested deeper than",
    ),
    # sizes, of the template itself
    (
        f'{{"a": 1,\n"b": "{"x" * 1200}"}}',
        SESSION,
        2,
        "size",
        "'b' takes 1208.",
    ),
    (template(f'{{"a": "{"x" * 3000}"}}'), TEMPLATE, 3, "size", "bytes in a cookie"),
]


@pytest.mark.parametrize(("text", "is_session_token", "line", "rule", "words"), PLANTED)
def test_a_planted_fault_is_found_where_it_stands(
    text: str, is_session_token: bool, line: int, rule: str, words: str
) -> None:
    findings = found_in(text, is_session_token=is_session_token)

    hits = [finding for finding in findings if finding.rule == rule and finding.line == line]
    assert any(words in f"{hit.reason} {hit.repair}" for hit in hits), findings
    assert {finding.rule for finding in findings} == {rule}
    for finding in findings:
        assert finding.reason.endswith(".")
        assert finding.repair.endswith(".")
        assert ".." not in finding.reason + finding.repair


def test_every_rule_has_its_faults_planted() -> None:
    by_guards_alone = {"guarded-claim"}
    assert {case[3] for case in PLANTED} | by_guards_alone == {rule.id for rule in RULES}


GUARDED = Surroundings(
    guarded=(
        GuardedClaim("role", "admin"),
        GuardedClaim("metadata.role", "books"),
        GuardedClaim("plan", "api.plan", of_sessions=False, of_templates=True),
    )
)


@pytest.mark.parametrize(
    ("text", "line", "source"),
    [
        ('{"x": 1,\n"role": "{{user.unsafe_metadata.role}}"}', 2, "{{user.unsafe_metadata.role}}"),
        (
            """{\n"role": "{{user.public_metadata.role || user.unsafe_metadata.r || 'x'}}"}""",
            2,
            "{{user.unsafe_metadata.r}}",
        ),
        ('{"role": ["a",\n"is {{user.unsafe_metadata.r}}"]}', 2, "{{user.unsafe_metadata.r}}"),
        (
            '{"metadata": {"a": 1,\n"role": "{{user.unsafe_metadata.role}}"}}',
            2,
            "{{user.unsafe_metadata.role}}",
        ),
        (
            '{"metadata.role": 1, "metadata":\n"{{user.unsafe_metadata}}"}',
            None,
            "a claim of the whole name wins",
        ),
        ('{"metadata": "{{user.unsafe_metadata}}"}', 1, "{{user.unsafe_metadata.role}}"),
        ('{"metadata": {"role": "{{user.public_metadata.role}}"}}', None, "not user-writable"),
        ('{"roles": "{{user.unsafe_metadata.roles}}"}', None, "another claim"),
        ('{"metadata": {"rolex": "{{user.unsafe_metadata.r}}"}}', None, "another claim"),
    ],
)
def test_a_guarded_claim_that_the_user_can_write_is_found(
    text: str, line: int | None, source: str
) -> None:
    findings = found_in(text, GUARDED, is_session_token=True)

    hits = [finding for finding in findings if finding.rule == "guarded-claim"]
    assert [hit.line for hit in hits] == ([] if line is None else [line]), source
    for hit in hits:
        assert hit.severity is Severity.ERROR
        assert f"it comes from {source}." in hit.reason


@pytest.mark.parametrize(
    ("claim", "severity"), [("role", Severity.WARNING), ("plan", Severity.ERROR)]
)
def test_a_templates_claim_counts_where_its_tokens_are_let_in(
    claim: str, severity: Severity
) -> None:
    (finding,) = found_in(template(f'{{"{claim}": "{{{{user.unsafe_metadata.x}}}}"}}'), GUARDED)
    assert (finding.rule, finding.severity, finding.line) == ("guarded-claim", severity, 3)


def test_sizes_are_those_of_the_person_whose_token_is_largest() -> None:
    text = '{\n"id": "{{user.id}}",\n"metadata": "{{user.public_metadata}}"\n}'
    small, large = person("user_small", a="x"), person("user_large", a="x" * 1300)
    huge = person("user_huge", a="x" * 4000)
    mint = Mint("https://clerk.example.com")

    assert found_in(text, Surroundings((small,), mint=mint), is_session_token=True) == []
    (warning,) = found_in(text, Surroundings((small, large), mint=mint), is_session_token=True)
    assert (warning.rule, warning.severity, warning.line) == ("size", Severity.WARNING, 3)
    assert warning.reason == (
        "For user_large the claims take 1335 bytes, and Clerk recommends at most 1200: "
        "'metadata' takes 1321."
    )
    (error,) = found_in(text, Surroundings((huge, large), mint=mint), is_session_token=True)
    assert (error.rule, error.severity, error.line) == ("size", Severity.ERROR, 3)
    assert error.reason.startswith("For user_huge the token takes 6105 bytes in a cookie")


def test_a_revocation_that_is_remembered_for_longer_covers_a_longer_lifetime() -> None:
    text = template("{}", lifetime=100_000)

    assert [each.severity for each in found_in(text)] == [Severity.ERROR]
    longer = Surroundings(revocation_lifetime=100_000)
    assert [each.severity for each in found_in(text, longer)] == [Severity.WARNING]


DOCUMENTED = [
    *((case, TEMPLATE) for case in JWT_TEMPLATES),
    *((case, SESSION) for case in SESSION_TOKENS),
]
#: The page's complete example shows what an invalid shortcode gives, and calls it that.
SHOWN_AS_FAULTS = {
    "invalid_shortcode": "unknown-shortcode",
    "unsafe_meta": "whole-unsafe-metadata",
}


@pytest.mark.parametrize(
    ("case", "is_session_token"), DOCUMENTED, ids=[str(case.id) for case, _ in DOCUMENTED]
)
def test_nothing_is_found_in_what_clerk_documents(case: Any, is_session_token: bool) -> None:
    claims = {name: value for name, value in case.values[0].items() if name not in SHOWN_AS_FAULTS}
    document = claims if is_session_token else {"name": "documented", "claims": claims}

    assert found_in(file_text(document), is_session_token=is_session_token) == []


def test_of_clerks_complete_example_only_what_it_shows_as_faults_is_found() -> None:
    (case,) = (case for case in JWT_TEMPLATES if case.id == "complete-example")
    text = file_text({"name": "documented", "claims": case.values[0]})

    findings = found_in(text)

    lines = text.splitlines()
    told = {lines[each.line - 1].split('"')[1]: each.rule for each in findings}
    assert told == SHOWN_AS_FAULTS
    assert {each.severity for each in findings} == {Severity.WARNING}


def test_findings_stand_in_the_order_of_the_lines_and_read_as_json() -> None:
    text = '{"a": "{{user.last_sign_in_at}}",\n"b": "{{user.private_metadata}}",\n"sub": 1}'

    findings = found_in(text, is_session_token=True)

    assert [each.line for each in findings] == [1, 2, 3]
    assert findings[2].to_json() == {
        "rule": "reserved-claim",
        "severity": "error",
        "path": "f.json",
        "line": 3,
        "reason": "You can't use the reserved claim: sub.",
        "repair": "Remove it from the template; only Clerk sets it.",
    }


def test_names_that_others_agreed_upon_may_be_long() -> None:
    claims = {"https://hasura.io/jwt/claims/and/more": {"x-hasura-default-role": "user"}}
    assert found_in(file_text(claims), is_session_token=True) == []
