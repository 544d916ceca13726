"""A token that was made for another origin, on every path by which a token arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.loopback import Loopback
from tests.loopback import answer_json

OWN = "https://app.example.com"
OTHERS: list[Any] = [
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://evil.example/https://app.example.com",
    "https://app.example.com@evil.example",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "http://app.example.com",
    "https://APP.example.com",
    "https://sub.app.example.com",
    "https://example.com",
    "https://app\u3002example.com",
    "app.example.com",
    "null",
    "*",
    "",
    None,
    True,
    [OWN],
    {OWN: True},
]


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


@pytest.mark.parametrize("azp", OTHERS, ids=repr)
def test_a_token_for_another_origin_is_refused_on_every_path(
    azp: Any, keys: RSAKey, clerk: Loopback
) -> None:
    strict = Target(keys, authorized_parties=[OWN], api_url=clerk.url)
    spoilt = strict.token(azp=azp)
    refused = Reason.TOKEN_INVALID_AUTHORIZED_PARTIES
    strict.assert_refused(spoilt, refused)
    strict.assert_refused(session_cookies(spoilt), refused)

    handed = [f"__session={spoilt}; Path=/"]
    carried = {"Cookie": f"__clerk_handshake={strict.sign({'handshake': handed})}"}
    strict.assert_refused(carried, Reason.SESSION_TOKEN_AND_UAT_MISSING)

    clerk.respond = lambda call: answer_json({"directives": handed, "cookies": handed})
    strict.assert_refused(
        {"Cookie": "__clerk_handshake_nonce=nonce_1"}, Reason.SESSION_TOKEN_AND_UAT_MISSING
    )
    expired = strict.token(exp=3, iat=2, nbf=2)
    held = {"Cookie": f"{session_cookies(expired, 1)['Cookie']}; __refresh_{SUFFIX}=rt_1"}
    answer = strict.get("/open", {**held, **NAVIGATION})
    assert answer.status_code == 307
    assert "invalid-session-token" in answer.headers["X-Clerk-Auth-Reason"]


def test_the_honest_token_passes_on_every_path(keys: RSAKey, clerk: Loopback) -> None:
    strict = Target(keys, authorized_parties=[OWN], api_url=clerk.url)
    good = strict.token()
    strict.assert_signed_in(good)
    strict.assert_signed_in(session_cookies(good))
    handed = [f"__session={good}; Path=/"]
    strict.assert_signed_in({"Cookie": f"__clerk_handshake={strict.sign({'handshake': handed})}"})
    clerk.respond = lambda call: answer_json({"directives": handed, "cookies": handed})
    strict.assert_signed_in({"Cookie": "__clerk_handshake_nonce=nonce_1"})
    expired = strict.token(exp=3, iat=2, nbf=2)
    held = {"Cookie": f"{session_cookies(expired, 1)['Cookie']}; __refresh_{SUFFIX}=rt_1"}
    assert strict.get("/open", {**held, **NAVIGATION}).text == "user_1"
