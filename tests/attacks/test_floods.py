"""Requests that cost the server more than the sender: size, nesting, collisions, backtracking.

Nothing here is timed. What could run away runs in a process of its own, which is ended when it
takes a hundred times longer than it should.
"""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

import flask_clerk
from flask_clerk.core.constants import Reason
from flask_clerk.core.tokens import MAX_TOKEN_SIZE
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.signing import base64url

PACKAGE = Path(flask_clerk.__file__).parent
MEGABYTE = 1024 * 1024
#: Seconds. Each of the processes below is done in one.
FAR_TOO_LONG = 120


# Sizes


OVERSIZED: dict[str, dict[str, Any]] = {
    "bearer": {"HTTP_AUTHORIZATION": "Bearer " + "a" * 8 * MEGABYTE},
    "bearer-of-spaces": {"HTTP_AUTHORIZATION": "Bearer" + " " * 8 * MEGABYTE},
    "bearer-of-dots": {"HTTP_AUTHORIZATION": "Bearer " + "a." * 4 * MEGABYTE},
    "cookie": {"HTTP_COOKIE": f"__session_{SUFFIX}=" + "a" * 8 * MEGABYTE},
    "cookie-of-semicolons": {"HTTP_COOKIE": ";" * 8 * MEGABYTE},
    "cookie-of-equals": {"HTTP_COOKIE": "=" * 8 * MEGABYTE},
    "cookie-of-escapes": {"HTTP_COOKIE": "__session=" + "%41" * 2 * MEGABYTE},
    "cookie-of-broken-escapes": {"HTTP_COOKIE": "__session=" + "%" * 8 * MEGABYTE},
    "cookie-of-spaces": {"HTTP_COOKIE": " " * 8 * MEGABYTE + "__client_uat=1"},
    "many-cookies": {"HTTP_COOKIE": "; ".join(f"c{i}={i}" for i in range(200_000))},
    "many-handshakes": {"HTTP_COOKIE": "__clerk_handshake=x; " * 200_000},
    "client-uat": {"HTTP_COOKIE": f"__session=a; __client_uat={'9' * MEGABYTE}"},
    "client-uat-in-hexadecimal": {"HTTP_COOKIE": f"__session=a; __client_uat=0x{'f' * MEGABYTE}"},
    "client-uat-of-spaces": {"HTTP_COOKIE": f"__session=a; __client_uat=1{' ' * MEGABYTE}x"},
    "query": {"QUERY_STRING": "a=" + "b" * 4 * MEGABYTE},
    "query-of-pairs": {"QUERY_STRING": "a=b&" * MEGABYTE},
    "query-of-handshakes": {"QUERY_STRING": "__clerk_handshake=x&" * 100_000},
    "referer": {"HTTP_REFERER": "https://" + "a" * 4 * MEGABYTE},
    "referer-of-colons": {"HTTP_REFERER": "https://a" + ":1" * 2 * MEGABYTE},
    "host": {"HTTP_HOST": "a" * MEGABYTE},
    "host-of-dots": {"HTTP_HOST": "." * MEGABYTE},
    "accept": {"HTTP_ACCEPT": "text/html," * 200_000},
    "path": {"PATH_INFO": "/page/" + "a/" * MEGABYTE},
}


@pytest.mark.parametrize("environ", OVERSIZED.values(), ids=OVERSIZED)
def test_what_is_far_too_large_is_refused(environ: dict[str, Any], target: Target) -> None:
    target.app.testing = False
    answer = target.client.get("/page", headers=NAVIGATION, environ_overrides=environ)
    assert answer.status_code in {307, 400, 401, 404}
    assert "Traceback" not in answer.text


def test_a_body_is_never_read_to_decide(target: Target) -> None:
    """Neither the decision nor a refusal touches what a stranger uploads."""

    class Untouched(BytesIO):
        def read(self, *size: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = readinto = read  # type: ignore[assignment]

    for sent in ({}, {"HTTP_AUTHORIZATION": "Bearer nonsense"}, {"HTTP_COOKIE": "__client_uat=1"}):
        answer = target.client.post(
            "/page",
            environ_overrides={
                "wsgi.input": Untouched(),
                "CONTENT_LENGTH": str(2**40),
                "CONTENT_TYPE": "application/x-www-form-urlencoded",
                "HTTP_CONTENT_ENCODING": "gzip",
                **sent,
            },
        )
        assert answer.status_code == 401


def test_a_token_is_capped_before_it_is_decoded(target: Target) -> None:
    """Signed though it is: the largest that passes, and one that is a little larger."""
    free = MAX_TOKEN_SIZE - len(target.token(x=""))
    largest = target.token(x="a" * (free * 3 // 4 - 3))
    assert MAX_TOKEN_SIZE - 8 < len(largest) <= MAX_TOKEN_SIZE
    target.assert_signed_in(largest)
    target.assert_refused(target.token(x="a" * (free * 3 // 4 + 3)), Reason.TOKEN_INVALID)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a":' * 3_000,
        b"[" * 9_000,
        b'{"a":' + b"9" * 9_000 + b"}",
        b'{"exp":1e' + b"9" * 9_000 + b"}",
        b'{"a":"' + b"\\u0041" * 1_500 + b'"}',
        b'{"a":0.' + b"1" * 9_000 + b"}",
        b"{" + b" " * 9_000 + b"}",
        b"{" + b",".join(b'"%d":0' % i for i in range(900)) + b"}",
    ],
    ids=lambda payload: repr(payload)[:20],
)
def test_json_made_to_be_slow_is_read_or_refused(payload: bytes, target: Target) -> None:
    header = base64url(b'{"alg":"RS256","kid":"ins_test","typ":"JWT"}')
    target.assert_refused(
        f"{header}.{base64url(payload)}.AAAA", Reason.TOKEN_INVALID, Reason.TOKEN_INVALID_SIGNATURE
    )
    deep = f"{base64url(payload)}.{base64url(b'{}')}.AAAA"
    target.assert_refused(
        deep,
        Reason.TOKEN_INVALID,
        Reason.TOKEN_INVALID_ALGORITHM,
    )


def test_ids_in_organization_urls_may_be_of_any_size(keys: RSAKey) -> None:
    """Python converts no more than some thousand digits to a number."""
    target = Target(keys, organization_patterns=["/orgs/<int:id>", "/teams/<float:id>"])
    target.app.add_url_rule("/<path:rest>", "rest", lambda rest: "page")
    for path in ("/orgs/1", f"/orgs/{'9' * 10_000}", f"/teams/{'9' * 10_000}.0"):
        held = {**NAVIGATION, "Authorization": f"Bearer {target.token()}"}
        assert target.get(path, held).text == "page"
        held = {**NAVIGATION, "Cookie": f"__session={target.token()}; __client_uat=1"}
        assert target.get(path, held).status_code in {200, 307}


# Collisions


def test_names_that_strangers_choose_cannot_be_made_to_collide() -> None:
    """Python salts the hashes of text anew in each process, but not those of numbers.

    Names of cookies, of parameters and of claims are text in every reader used here.
    """
    source = "import sys; print([hash(name) for name in sys.argv[1:]])"
    names = [f"c{i}" for i in range(50)]
    seen = {
        subprocess.run(
            [sys.executable, "-c", source, *names], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(3)
    }
    assert len(seen) == 3


# Regular expressions


_ANYWHERE = {"findall", "finditer", "search", "split", "sub", "subn"}


def expressions() -> Iterator[tuple[str, bool]]:
    """Yield every regular expression of the package, and whether it is looked for anywhere.

    One that is put together from parts is no literal, and stops the tests.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        calls = [
            (node, node.func.value.id, node.func.attr)
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ]
        searched = {owner for _, owner, method in calls if method in _ANYWHERE}
        names = {
            node.value: ast.unparse(
                node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            )
            for node in nodes
            if isinstance(node, (ast.Assign, ast.AnnAssign))
        }
        for call, owner, method in calls:
            if owner == "re" and method != "escape":
                is_compiled = method == "compile"
                is_searched = (
                    names.get(call) in {None, *searched} if is_compiled else method in _ANYWHERE
                )
                yield ast.literal_eval(call.args[0]), is_searched


EXPRESSIONS = sorted(set(expressions()))


def repeats_within_repeats(pattern: str) -> bool:
    """Whether an unbounded repetition holds another one: ``(a+)+`` takes exponential time.

    One whose every round begins with a character that the inner one cannot match, as in
    ``(?:,[^,]+)*``, can be read in one way only.
    """
    parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

    def walk(parsed: Any, separators: set[int] | None) -> bool:
        for operation, argument in parsed:
            name = str(operation)
            if name in {"MAX_REPEAT", "MIN_REPEAT"}:
                _, most, inner = argument
                is_unbounded = int(most) > 1_000
                if is_unbounded and separators is not None and not separators & excluded(inner):
                    return True
                if walk(inner, first_of(inner) if is_unbounded else separators):
                    return True
                continue
            inner_parts = {
                "SUBPATTERN": lambda argument: [argument[-1]],
                "BRANCH": lambda argument: argument[1],
                "ASSERT": lambda argument: [argument[1]],
                "ASSERT_NOT": lambda argument: [argument[1]],
            }.get(name, lambda argument: [])
            if any(walk(part, separators) for part in inner_parts(argument)):
                return True
        return False

    return walk(parser.parse(pattern), None)


def first_of(parsed: Any) -> set[int]:
    """Return the one character that a part must begin with, if there is one."""
    [(operation, argument), *_] = parsed
    if str(operation) == "SUBPATTERN":
        return first_of(argument[-1])
    return {argument} if str(operation) == "LITERAL" else set()


def excluded(parsed: Any) -> set[int]:
    """Return the characters that ``[^…]`` names."""
    [(operation, argument), *_] = parsed
    if str(operation) == "NOT_LITERAL":
        return {argument}
    names = [(str(kind), value) for kind, value in argument] if str(operation) == "IN" else []
    if ("NEGATE", None) not in names:
        return set()
    return {value for kind, value in names if kind == "LITERAL"}


def test_the_audit_knows_a_bad_expression() -> None:
    assert repeats_within_repeats("(a+)+$")
    assert repeats_within_repeats("(?:x|(?:[a-z]*,)*)b")
    assert repeats_within_repeats("(?:,[^.]+)*")
    assert not repeats_within_repeats("(?:,[^,]+)*")
    assert not repeats_within_repeats("[a-z]+,[0-9]*")


def test_the_audit_sees_the_expressions_that_there_are() -> None:
    assert r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*" in dict(EXPRESSIONS)
    assert len(EXPRESSIONS) >= 12


HAYSTACKS = [
    "a", "0", " ", "\t", "-", "_", ".", ":", "/", "%", "[", "<", "{", "a.", "0.", ":0", "%4",
    "http://", "a:", "-----", "-----BEGIN ", "org:", "{{", "}}", "'", "||", " |", "x,", "\\",
]  # fmt: skip

_LOOK_FOR = """
import itertools, json, re, sys
expressions, heads, pieces = json.load(sys.stdin)
for expression, is_searched in expressions:
    compiled = re.compile(expression)
    look = compiled.search if is_searched else compiled.fullmatch
    for head, piece, tail in itertools.product(heads, pieces, ("", "!", "\\0")):
        look(head + piece * (50_000 // len(piece)) + tail)
"""


def test_no_expression_runs_away() -> None:
    assert not list(filter(repeats_within_repeats, dict(EXPRESSIONS)))
    heads = ["", "https://", "-----", "org:", "0x", "a"]
    work = json.dumps([EXPRESSIONS, heads, HAYSTACKS])
    done = subprocess.run(
        [sys.executable, "-c", _LOOK_FOR],
        input=work,
        text=True,
        capture_output=True,
        timeout=FAR_TOO_LONG,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
