"""The same name twice in JSON, cookies or headers: readers disagree about which one counts."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.signing import SESSION_HEADER
from tests.signing import to_json


def with_member(document: bytes, member: bytes, *, first: bool) -> bytes:
    return b"{" + member + b"," + document[1:] if first else document[:-1] + b"," + member + b"}"


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize(
    "member",
    [
        b'"alg":"none"',
        b'"alg":"RS256"',
        b'"\\u0061lg":"RS256"',
        b'"cat":"cl_B7d4PD222AAA"',
        b'"kid":"other"',
        b'"typ":"at+jwt"',
    ],
)
def test_a_header_with_twin_names_is_refused_though_it_is_signed(
    member: bytes, first: bool, target: Target
) -> None:
    header = with_member(to_json(SESSION_HEADER), member, first=first)
    target.assert_refused(target.sign(target.claims(), header), Reason.TOKEN_INVALID)


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize(
    "member",
    [
        b'"sub":"user_2"',
        b'"s\\u0075b":"user_2"',
        b'"exp":9999999999',
        b'"sts":"active"',
        b'"azp":"https://evil.example"',
        b'"o":{"id":"org_1","id":"org_2"}',
        b'"deep":[{"a":{"b":1,"b":2}}]',
    ],
)
def test_claims_with_twin_names_are_refused_though_they_are_signed(
    member: bytes, first: bool, target: Target
) -> None:
    claims = with_member(to_json(target.claims()), member, first=first)
    target.assert_refused(target.sign(claims), Reason.TOKEN_INVALID)


def test_names_that_only_look_alike_are_no_twins(target: Target) -> None:
    alike: dict[str, Any] = {
        "Sub": "user_2",
        "sub ": "user_2",
        "\u0455ub": "user_2",
        "user": {"sub": "user_2"},
    }
    target.assert_signed_in(target.token(**alike))


def test_the_first_cookie_of_a_name_counts_whatever_the_second_says(target: Target) -> None:
    own, other = target.token(), target.token(sub="user_2")
    first, second = session_cookies(own)["Cookie"], session_cookies(other)["Cookie"]
    target.assert_signed_in({"Cookie": f"{first}; {second}"}, "user_1")
    target.assert_signed_in({"Cookie": f"{second}; {first}"}, "user_2")
    nonsense = session_cookies("nonsense")["Cookie"]
    target.assert_refused({"Cookie": f"{nonsense}; {first}"}, Reason.TOKEN_INVALID)


@pytest.mark.parametrize(
    "value",
    ["Bearer {good},Bearer {bad}", "Bearer {bad},Bearer {good}", "Bearer {bad}, {good}"],
)
def test_two_authorization_headers_are_none(value: str, target: Target) -> None:
    """Servers join headers of one name with a comma (RFC 9110, section 5.3)."""
    sent = value.format(good=target.token(), bad=target.token(sub="user_2"))
    target.assert_refused({"Authorization": sent}, Reason.TOKEN_INVALID)
