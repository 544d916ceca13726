"""Handshakes replayed, forged, and with cookies that say more than cookies may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json

DEVELOPMENT = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


def test_a_nonce_serves_once_and_a_replay_signs_nobody_in(keys: RSAKey, clerk: Loopback) -> None:
    target = Target(keys, api_url=clerk.url)
    unused = {"nonce_1"}

    def redeem(call: Call) -> object:
        if call.query["nonce"] not in unused:
            return answer_json({"errors": [{"code": "resource_not_found"}]}, 404)
        unused.discard(call.query["nonce"])
        return answer_json({"directives": [f"__session={target.token()}; Path=/"]})

    clerk.respond = redeem  # type: ignore[assignment]
    path = "/open?__clerk_handshake_nonce=nonce_1"
    assert target.get(path).text == "user_1"
    for _ in range(3):
        replayed = target.get(path)
        assert replayed.text == "nobody"
        assert replayed.headers["X-Clerk-Auth-Reason"] == Reason.SESSION_TOKEN_MISSING
        assert "Set-Cookie" not in replayed.headers
    assert [call.query["nonce"] for call in clerk.calls] == ["nonce_1"] * 4


@pytest.mark.parametrize(
    "nonce",
    [
        "../sessions",
        "a/../../users",
        "a%2F..%2Fusers",
        "a&secret=1",
        "a b",
        "a\u00e9",
        "a\n",
        "n" * 257,
        "' OR 1=1",
    ],
)
def test_a_nonce_of_another_form_costs_no_call(nonce: str, keys: RSAKey, clerk: Loopback) -> None:
    target = Target(keys, api_url=clerk.url)
    answer = target.client.get("/open", query_string={"__clerk_handshake_nonce": nonce})
    assert answer.text == "nobody"
    assert clerk.calls == []


def test_a_replayed_handshake_token_brings_back_no_session_that_has_expired(
    target: Target,
) -> None:
    """Handshake tokens carry no times: what they hand out does."""
    expired = target.token(exp=3, iat=2, nbf=2)
    token = target.sign({"handshake": [f"__session={expired}; Path=/", "__client_uat=2; Path=/"]})
    answer = target.get("/open", {"Cookie": f"__clerk_handshake={token}"})
    assert answer.text == "nobody"
    assert "Set-Cookie" not in answer.headers
    good = target.sign({"handshake": [f"__session={target.token()}; Path=/"]})
    assert target.get("/open", {"Cookie": f"__clerk_handshake={good}"}).text == "user_1"


def test_a_forged_handshake_sets_no_cookies(target: Target, forger: RSAKey) -> None:
    lines = {"handshake": [f"__session={target.token()}; Path=/", "evil=1; Path=/"]}
    honest = target.sign(lines)
    head, body, signature = honest.split(".")
    for token in (
        target.sign(lines, key=forger),
        target.sign(lines, {"alg": "none"}),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{honest}.",
        "nonsense",
    ):
        for path, sent in (
            ("/open", {"Cookie": f"__clerk_handshake={token}"}),
            (f"/open?__clerk_handshake={token}", {}),
        ):
            answer = target.get(path, sent)
            assert answer.text == "nobody"
            assert "Set-Cookie" not in answer.headers
    assert target.get("/open", {"Cookie": f"__clerk_handshake={honest}"}).text == "user_1"


@pytest.mark.parametrize(
    "line",
    [
        "a=b\r\nSet-Cookie: evil=1",
        "a=b\nLocation: https://evil.example",
        "a=b\r\n\r\n<script>alert(1)</script>",
        "a=b\x00",
        "a=b\x0bc",
        "a=b\u2028c",
        "a=caf\u00e9",
        "a=b\x85Set-Cookie: evil=1",
    ],
    ids=repr,
)
def test_a_cookie_that_could_split_the_answer_is_dropped(
    line: str, keys: RSAKey, clerk: Loopback
) -> None:
    target = Target(keys, api_url=clerk.url)
    lines = [line, f"__session={target.token()}; Path=/"]
    clerk.respond = lambda call: answer_json({"directives": lines})
    for answer in (
        target.get("/open", {"Cookie": f"__clerk_handshake={target.sign({'handshake': lines})}"}),
        target.get("/open?__clerk_handshake_nonce=nonce_1"),
    ):
        assert answer.text == "user_1"
        [kept] = answer.headers.getlist("Set-Cookie")
        assert kept.startswith("__session=")
        assert "Location" not in answer.headers


def test_in_development_a_handshake_leads_back_to_its_own_page_only(
    keys: RSAKey, clerk: Loopback
) -> None:
    target = Target(
        keys, publishable_key=DEVELOPMENT, secret_key="sk_test_secret", api_url=clerk.url
    )
    for path in ("/open", "//evil.example/open", "/\\evil.example", "/@evil.example"):
        answer = target.client.get(
            "/?__clerk_handshake_nonce=x%20y&a=1", environ_overrides={"PATH_INFO": path}
        )
        assert answer.status_code == 307
        assert answer.headers["Location"].startswith("http://localhost/")


def test_in_development_a_page_without_a_host_leads_nowhere(keys: RSAKey, clerk: Loopback) -> None:
    """``http:///evil.example`` is ``http://evil.example`` to a browser."""
    target = Target(
        keys, publishable_key=DEVELOPMENT, secret_key="sk_test_secret", api_url=clerk.url
    )
    for host in ("a!b", "", "-\x7f-", "a,b", "a=b.example"):
        answer = target.client.get(
            "/evil.example/?__clerk_handshake_nonce=x%20y", environ_overrides={"HTTP_HOST": host}
        )
        assert not answer.headers.get("Location", "").startswith("http:///"), host
