"""The handshake: what a browser is sent away with, and what it may bring back."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from flask_clerk.core.constants import RefreshReason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.errors import SigningKeyError
from tests.core.scene import APP
from tests.core.scene import EXPIRED
from tests.core.scene import HANDSHAKE
from tests.core.scene import LIVE
from tests.core.scene import NOW
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import TEMPLATE
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.core.scene import header
from tests.core.scene import query
from tests.core.scene import set_cookies
from tests.core.scene import without_query
from tests.signing import Signer


def test_returning_handshake_signs_in_and_sets_its_cookies(sign: Signer) -> None:
    scene = Scene(sign)
    lines = [f"__session={scene.token()}; Path=/; Secure", "__client_uat=1; Path=/"]
    scene.backend.handshake = lines
    state = scene.decide(cookies={"__clerk_handshake_nonce": "nonce_1"})
    assert (state.status, state.location) == (SIGNED_IN, None)
    assert set_cookies(state) == lines
    assert scene.backend.calls == [("handshake", "nonce_1")]


def test_returning_handshake_of_development_cleans_the_address_bar(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    scene.backend.handshake = [f"__session={scene.token()}; Path=/"]
    state = scene.decide(
        f"{APP}/a?x=1&__clerk_handshake_nonce=n&__clerk_help=h&__clerk_db_jwt=d&__clerk_handshake=t"
    )
    assert (state.status, state.location) == (SIGNED_IN, f"{APP}/a?x=1")
    assert header(state, "Cache-Control") == "no-store"


def test_handshake_may_carry_its_cookies_in_a_token(sign: Signer) -> None:
    scene = Scene(sign)
    lines = [f"__session={scene.token()}; Path=/"]
    state = scene.decide(cookies={"__clerk_handshake": sign({"handshake": lines})})
    assert (state.status, set_cookies(state)) == (SIGNED_IN, lines)
    assert scene.backend.calls == []


@pytest.mark.parametrize("payload", [{}, {"handshake": "__session=x"}, {"handshake": [1, None]}])
def test_handshake_token_without_cookies_signs_nobody_in(
    payload: dict[str, Any], sign: Signer
) -> None:
    state = Scene(sign).decide(cookies={"__clerk_handshake": sign(payload)})
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_MISSING)


@pytest.mark.parametrize("key", [LIVE, TEST], ids=["production", "development"])
def test_nonce_already_redeemed_signs_nobody_in(key: Any, sign: Signer) -> None:
    """Somebody who finds a used URL in a log or a history gains nothing by it."""
    scene = Scene(sign, key=key)
    scene.backend.handshake = BackendAPIError("gone", status=404, codes=("resource_not_found",))
    state = scene.decide(f"{APP}/?__clerk_handshake_nonce=nonce_1")
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_MISSING)
    assert set_cookies(state) == []


@pytest.mark.parametrize("nonce", ["a/../b", "a b", "a%0d", "n" * 257])
def test_what_cannot_be_a_nonce_costs_no_call(sign: Signer, nonce: str) -> None:
    scene = Scene(sign)
    state = scene.decide(f"{APP}/?__clerk_handshake_nonce={nonce}")
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_MISSING)
    assert scene.backend.calls == []


def test_another_apps_handshake_cookie_is_passed_over_in_production(sign: Signer) -> None:
    """Another app on the same parent domain can set our cookies; its key is not ours."""
    scene = Scene(sign)
    foreign = Signer(RSAKey.generate_key(2048, private=True))
    attack = foreign({"handshake": [f"__session={scene.token(sub='user_attacker')}; Path=/"]})
    state = scene.decide(cookies={**scene.cookies(scene.token()), "__clerk_handshake": attack})
    assert (state.status, state.to_auth().user_id) == (SIGNED_IN, "user_1")
    assert set_cookies(state) == []
    nobody = scene.decide(cookies={"__clerk_handshake": attack})
    assert (nobody.status, nobody.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_AND_UAT_MISSING)


@pytest.mark.parametrize(
    "changed",
    [{"age": 300}, {"nbf": NOW + 60}, {"iat": NOW + 60}, {"header": TEMPLATE}, {"sub": None}],
    ids=["expired", "early", "future", "template", "no subject"],
)
def test_handshake_with_a_token_that_is_no_good_signs_nobody_in_in_production(
    changed: dict[str, Any], sign: Signer
) -> None:
    scene = Scene(sign)
    scene.backend.handshake = [f"__session={scene.token(**changed)}; Path=/"]
    state = scene.decide(cookies={"__clerk_handshake_nonce": "nonce_1"})
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_TOKEN_AND_UAT_MISSING)
    assert set_cookies(state) == []


@pytest.mark.parametrize(
    "changed", [{"age": 3600}, {"nbf": NOW + 3600}, {"iat": NOW + 3600}], ids=str
)
def test_development_forgives_a_wrong_clock_right_after_a_handshake(
    changed: dict[str, Any], sign: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(sign, key=TEST)
    scene.backend.handshake = [f"__session={scene.token(**changed)}; Path=/"]
    state = scene.decide(f"{APP}/?__clerk_handshake_nonce=n")
    assert state.status == SIGNED_IN
    assert "set the clock" in caplog.text


@pytest.mark.parametrize("changed", [{"age": 90_000}, {"header": TEMPLATE}, {"sub": None}], ids=str)
def test_development_forgives_nothing_but_a_clock_wrong_by_a_day(
    changed: dict[str, Any], sign: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(sign, key=TEST)
    scene.backend.handshake = [f"__session={scene.token(**changed)}; Path=/"]
    state = scene.decide(f"{APP}/?__clerk_handshake_nonce=n")
    assert (state.status, state.reason) == (HANDSHAKE, Reason.DEV_BROWSER_MISSING)
    assert ("set the clock" in caplog.text) is ("age" in changed)


def test_switched_keys_in_development_say_what_to_do(sign: Signer) -> None:
    foreign = Signer(RSAKey.generate_key(2048, private=True))
    scene = Scene(sign, key=TEST)
    with pytest.raises(HandshakeError, match="clear this site's cookies") as caught:
        scene.decide(f"{APP}/?__clerk_handshake={foreign({'handshake': []})}")
    assert caught.value.reason == Reason.TOKEN_INVALID_SIGNATURE


def test_template_token_posing_as_a_handshake_sets_no_cookies(sign: Signer) -> None:
    """A template's claims are the app's to choose; its token is signed with the same key."""
    scene = Scene(sign)
    lines = [f"__session={scene.token(sub='user_attacker')}; Path=/"]
    forged = sign({"handshake": lines, "sub": "user_attacker"}, TEMPLATE)
    state = scene.decide(cookies={"__clerk_handshake": forged})
    assert (state.status, set_cookies(state)) == (SIGNED_OUT, [])


@pytest.mark.parametrize(
    "line", ["a=1\r\nX-Evil: 1", "a=1\nb", "a=\x00", "a=\x7f", "a=\u2028", "a=\u0100"], ids=repr
)
def test_set_cookie_line_that_could_forge_a_header_is_dropped(line: str, sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.handshake = [line, f"__session={scene.token()}; Path=/"]
    state = scene.decide(cookies={"__clerk_handshake_nonce": "n"})
    assert set_cookies(state) == scene.backend.handshake[1:]
    assert state.status == SIGNED_IN


def test_keys_that_cannot_be_loaded_sign_a_handshake_out(sign: Signer) -> None:
    scene = Scene(sign, jwt_key=None)
    scene.backend.jwks = SigningKeyError("down")
    scene.backend.handshake = [f"__session={scene.token()}; Path=/"]
    state = scene.decide(cookies={"__clerk_handshake_nonce": "n"})
    assert (state.status, set_cookies(state)) == (SIGNED_OUT, [])


def test_handshake_tells_the_frontend_api_all_it_needs(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    token = scene.expired()
    state = scene.decide(f"{APP}/a%20b?x=1&__dev_session=l", cookies=scene.cookies(token))
    assert without_query(state.location) == (
        "https://foo-bar-13.clerk.accounts.dev/v1/client/handshake"
    )
    sent = query(state.location)
    assert sent.pop("__clerk_api_version")
    assert sent == {
        "redirect_url": f"{APP}/a%20b?x=1",
        "suffixed_cookies": "false",
        "__clerk_hs_reason": EXPIRED + RefreshReason.NO_COOKIE,
        "format": "nonce",
        "__session": token,
        "__clerk_db_jwt": "dvb_1",
    }
    assert header(state, "Cache-Control") == "no-store"
    assert header(state, "X-Clerk-Auth-Status") == HANDSHAKE


def test_handshake_of_production_carries_no_development_browser(sign: Signer) -> None:
    scene = Scene(sign)
    state = scene.decide(cookies={"__client_uat": "5", "__clerk_db_jwt": "dvb_1"})
    assert state.status == HANDSHAKE
    assert "__clerk_db_jwt" not in query(state.location)
    assert "__session" not in query(state.location)


def test_without_a_secret_key_no_nonce_is_asked_for(sign: Signer) -> None:
    """A nonce could not be redeemed: the handshake comes back in a token."""
    scene = Scene(sign, secret_key=None)
    state = scene.decide(cookies={"__client_uat": "5"})
    assert state.status == HANDSHAKE
    assert "format" not in query(state.location)


@pytest.mark.parametrize(
    ("cookies_sent", "headers"),
    [
        ({}, {}),
        ({"__client_uat": "5"}, {}),
        ({"__session": "garbage"}, {}),
        ({"__clerk_redirect_count": "x"}, {"Referer": "https://elsewhere.example/"}),
    ],
    ids=["nothing", "client_uat", "garbage", "cross-origin"],
)
def test_with_only_a_jwt_key_nothing_redirects(
    cookies_sent: dict[str, str], headers: dict[str, str], sign: Signer
) -> None:
    """Difference 8: a JWT key alone is enough for an API."""
    scene = Scene(sign, key=None, secret_key=None)
    state = scene.decide(cookies=cookies_sent, headers=headers)
    assert (state.status, state.location) == (SIGNED_OUT, None)


def test_with_only_a_jwt_key_tokens_are_verified(sign: Signer) -> None:
    scene = Scene(sign, key=None, secret_key=None)
    in_cookie = scene.token(iss="https://clerk.example.com")
    assert scene.decide(headers={"Authorization": f"Bearer {scene.token()}"}).is_signed_in
    assert scene.decide(cookies={"__session": in_cookie}).is_signed_in
    expired = scene.decide(headers={"Authorization": f"Bearer {scene.expired()}"})
    assert (expired.status, expired.location) == (SIGNED_OUT, None)
    elsewhere = {"Referer": "https://elsewhere.example/"}
    assert scene.decide(cookies={"__session": in_cookie}, headers=elsewhere).is_signed_in


@pytest.mark.parametrize(
    ("proxy_url", "expected"),
    [
        ("https://app.example.com/clerk", "https://app.example.com/clerk"),
        ("https://app.example.com/clerk/", "https://app.example.com/clerk"),
        ("/__clerk", f"{APP}/__clerk"),
        ("/", APP),
    ],
)
def test_handshake_goes_through_the_proxy(proxy_url: str, expected: str, sign: Signer) -> None:
    scene = Scene(sign, proxy_url=proxy_url)
    state = scene.decide(cookies={"__client_uat": "5"})
    assert without_query(state.location) == f"{expected}/v1/client/handshake"


@pytest.mark.parametrize("count", ["3", "4", "99", "999999999", " 3 ", "003"])
def test_loop_guard_stops_at_three_or_more(
    count: str, sign: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    """Difference 5: a count above three, which no honest browser has, stops as well."""
    scene = Scene(sign)
    state = scene.decide(cookies={"__client_uat": "5", "__clerk_redirect_count": count})
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.UAT_WITHOUT_SESSION_TOKEN)
    assert set_cookies(state) == []
    assert "belong to one Clerk instance" in caplog.text


@pytest.mark.parametrize(
    ("count", "following"),
    [("0", 1), ("2", 3), ("", 1), ("x", 1), ("-1", 1), ("1e9", 1), ("٣", 1), ("9" * 5000, 1)],
    ids=["none", "two", "empty", "letter", "negative", "exponent", "other digits", "huge"],
)
def test_redirect_count_is_a_plain_number_or_none(count: str, following: int, sign: Signer) -> None:
    scene = Scene(sign)
    state = scene.decide(cookies={"__client_uat": "5", "__clerk_redirect_count": count})
    assert set_cookies(state) == [
        f"__clerk_redirect_count={following}; SameSite=Lax; HttpOnly; Max-Age=2"
    ]


@pytest.mark.parametrize(
    ("headers", "goes"),
    [
        ({"Sec-Fetch-Dest": "document"}, True),
        ({"Sec-Fetch-Dest": "iframe"}, True),
        ({"Sec-Fetch-Dest": "image"}, False),
        ({"Sec-Fetch-Dest": "Document"}, False),
        ({"Sec-Fetch-Dest": "", "Accept": "text/html,*/*"}, True),
        ({"Sec-Fetch-Dest": "", "Accept": "*/*, text/html"}, False),
        ({"Sec-Fetch-Dest": "", "Accept": ""}, False),
        ({"Sec-Fetch-Dest": "empty", "Accept": "text/html"}, False),
    ],
    ids=str,
)
def test_only_who_asks_for_a_document_goes(
    headers: dict[str, str], goes: bool, sign: Signer
) -> None:
    state = Scene(sign).decide(cookies={"__client_uat": "5"}, headers=headers)
    assert state.status == (HANDSHAKE if goes else SIGNED_OUT)
    assert state.reason == Reason.UAT_WITHOUT_SESSION_TOKEN
