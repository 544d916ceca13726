"""Nonsense, and worse, through a running app: 200, 401 or 403, and never a stack trace."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import g
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk.core.instance import Instance
from flask_clerk.extension import connect
from flask_clerk.globals import clerk_of
from tests.signing import MovableClock
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import make_app

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def apps(public_pem: str) -> list[Flask]:
    """Return an API that sees tokens only, and a site with handshakes; both answer 500, if ever."""
    found = []
    for more in ({}, {"publishable_key": PUBLISHABLE_KEY, "redirect_to_sign_in": True}):
        app = make_app(public_pem, **more)
        app.testing = False
        app.add_url_rule("/open", "open", lambda: g.auth.user_id or "nobody")
        app.add_url_rule("/page", "page", require_auth(lambda: "secret"), methods=["GET", "POST"])
        app.add_url_rule("/claim", "claim", require_claim("role", "admin")(lambda: "secret"))
        found.append(app)
    return found


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def environ(path: str, **headers: Any) -> dict[str, Any]:
    """Return a WSGI environment as a careless server hands it on: header bytes as latin-1."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **headers,
    }


def send(app: Flask, path: str, **headers: Any) -> tuple[int, str]:
    body, status, _ = run_wsgi_app(app.wsgi_app, environ(path, **headers), buffered=True)
    return int(status.split()[0]), b"".join(body).decode()


def assert_refused(app: Flask, **headers: Any) -> None:
    status, text = send(app, "/open", **headers)
    assert (status, text) == (200, "nobody")
    for path in ("/page", "/claim"):
        status, text = send(app, path, **headers)
        assert status == 401
        assert "Traceback" not in text
        assert "secret" not in text


VALUES = {
    "empty": "",
    "space": " ",
    "scheme-alone": "Bearer",
    "scheme-and-space": "Bearer ",
    "scheme-twice": "Bearer Bearer",
    "lower-case-scheme": "bearer {token}",
    "tab": "Bearer\t{token}",
    "comma-joined": "Bearer {token}, Bearer {token}",
    "two-joined": "{token},{token}",
    "quoted": 'Bearer "{token}"',
    "dots": "Bearer ..",
    "many-dots": "Bearer " + "." * 5000,
    "four-parts": "Bearer {token}.x",
    "two-parts": "Bearer a.b",
    "padded": "Bearer {token}==",
    "megabyte": "Bearer " + "a" * MEGABYTE,
    "megabyte-of-dots": "Bearer " + "a." * (MEGABYTE // 2),
    "null": "Bearer a\x00b",
    "control": "Bearer \x01\x7f",
    "latin-1": "Bearer caf\xe9",
    "utf-8-bytes": "Bearer \xf0\x9f\x98\x80",
    "broken-utf-8": "Bearer \xff\xfe\xc0",
    "arabic-digits": "Bearer \xd9\xa1\xd9\xa2.\xd9\xa3.\xd9\xa4",
    "nested": "Bearer Bearer {token}",
    "json": 'Bearer {"a": 1}',
    "percent": "Bearer %65%79",
    "line-folding": "Bearer {token}\r\n evil",
    "api-key": "Bearer ak_0123",
    "oauth": "Bearer oat_0123",
    "machine": "Bearer mt_0123",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("which", [0, 1], ids=["api", "site"])
def test_a_strange_authorization_is_nobody(
    which: int, value: str, apps: list[Flask], token: Token
) -> None:
    assert_refused(apps[which], HTTP_AUTHORIZATION=value.replace("{token}", token()))


COOKIES = {
    "empty": "",
    "name-alone": "__session",
    "no-value": "__session=",
    "equals-alone": "=",
    "nonsense": ";;;=;=;;",
    "quotes": '__session="{token}"; __client_uat="1"',
    "nested": "__session=__session={token}; __client_uat=1",
    "first-wins": "__session=nonsense; __session={token}; __client_uat=1",
    "similar-name": "__sessionx={token}; x__session={token}; __client_uat=1",
    "another-suffix": "__session_AAAAAAAA={token}; __client_uat_AAAAAAAA=1; __client_uat=1",
    "upper-case": "__SESSION={token}; __client_uat=1",
    "escaped-name": "%5F%5Fsession={token}; __client_uat=1",
    "escaped-semicolon": "x=1%3B__session={token}; __client_uat=1",
    "broken-escape": "__session=%zz{token}; __client_uat=1",
    "bad-utf-8-escape": "__session=%ff%fe; __client_uat=1",
    "latin-1": "__session=caf\xe9; __client_uat=\xb2",
    "megabyte": "__session=" + "a" * MEGABYTE + "; __client_uat=1",
    "megabyte-of-cookies": "a=b; " * (MEGABYTE // 5) + "__client_uat=1",
    "huge-uat": "__session={token}; __client_uat=" + "9" * 10_000,
    "infinite-uat": "__session=a.b.c; __client_uat=1e999999999; __client_uat_x=NaN",
    "negative-uat": "__session=a.b.c; __client_uat=-1",
    "uat-of-words": "__session=a.b.c; __client_uat=yesterday",
    "handshake": "__clerk_handshake=nonsense",
    "handshake-of-the-session": "__clerk_handshake={token}",
    "redirect-count": "__clerk_redirect_count=" + "9" * 5000,
    "redirect-count-of-words": "__clerk_redirect_count=-1e9; __client_uat=1",
}


@pytest.mark.parametrize("value", COOKIES.values(), ids=COOKIES)
@pytest.mark.parametrize("which", [0, 1], ids=["api", "site"])
def test_a_strange_cookie_is_nobody(
    which: int, value: str, apps: list[Flask], token: Token
) -> None:
    assert_refused(apps[which], HTTP_COOKIE=value.replace("{token}", token()))


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": ""},
        {"HTTP_HOST": "["},
        {"HTTP_HOST": "[::1"},
        {"HTTP_HOST": "evil host"},
        {"HTTP_HOST": "a@b:c"},
        {"HTTP_HOST": "caf\xe9.example"},
        {"HTTP_HOST": "evil.example\r\nX: y"},
        {"QUERY_STRING": "a=%ff&\xff=\xfe&&&=="},
        {"QUERY_STRING": "redirect_url=https://evil.example"},
        {"HTTP_REFERER": "http://["},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ACCEPT": "\xfftext/html"},
        {"HTTP_ACCEPT": "a" * 65_536},
        {"HTTP_SEC_FETCH_DEST": "\xff"},
        {"SCRIPT_NAME": "/caf\xc3\xa9/\xff"},
        {"SCRIPT_NAME": "//evil.example"},
        {"wsgi.url_scheme": "javascript"},
    ],
    ids=lambda headers: repr(headers)[:50],
)
@pytest.mark.parametrize("held", [False, True], ids=["nobody", "somebody"])
@pytest.mark.parametrize("which", [0, 1], ids=["api", "site"])
def test_strange_surroundings_change_no_verdict(
    which: int, held: bool, headers: dict[str, Any], apps: list[Flask], token: Token
) -> None:
    sent = {"HTTP_AUTHORIZATION": f"Bearer {token()}"} if held else {}
    status, text = send(apps[which], "/page", **headers, **sent)
    assert (status, text) == (200, "secret") if held else status == 401


@pytest.mark.parametrize(
    "surroundings",
    [
        {"HTTP_HOST": "["},
        {"HTTP_HOST": "evil.example\r\nX: y"},
        {"QUERY_STRING": "a=\xff%0d%0aX:y"},
        {"SCRIPT_NAME": "//evil.example"},
        {"PATH_INFO": "/page"},
    ],
    ids=repr,
)
def test_a_navigation_from_strange_surroundings_is_answered(
    surroundings: dict[str, Any], apps: list[Flask]
) -> None:
    """Neither the redirect to sign in nor the handshake can be made to fail or to split headers."""
    for sent in ({}, {"HTTP_COOKIE": "__client_uat=1"}):
        raw = environ("/page", HTTP_ACCEPT="text/html", HTTP_SEC_FETCH_DEST="document", **sent)
        _, status, headers = run_wsgi_app(apps[1].wsgi_app, {**raw, **surroundings}, buffered=True)
        assert int(status.split()[0]) in {302, 307}
        location = headers["Location"]
        assert location.startswith("https://accounts.example.com/sign-in?") or (
            location.startswith("https://clerk.example.com/v1/client/handshake?")
        )
        assert location.isascii()
        assert location.isprintable()
        assert "X" not in headers


CLAIMS: dict[str, dict[str, Any]] = {
    "sub-number": {"sub": 1},
    "sub-list": {"sub": ["user_1"]},
    "sub-missing": {"sub": None},
    "exp-missing": {"exp": None},
    "exp-text": {"exp": "4000000000"},
    "exp-list": {"exp": [4_000_000_000]},
    "exp-true": {"exp": True},
    "exp-negative": {"exp": -1},
    "exp-enormous": {"exp": 10**400},
    "nbf-text": {"nbf": "0"},
    "nbf-enormous": {"nbf": 10**400},
    "iat-object": {"iat": {}},
    "iat-enormous": {"iat": 10**400},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("which", [0, 1], ids=["api", "site"])
def test_a_signed_token_with_impossible_claims_is_nobody(
    which: int, claims: dict[str, Any], apps: list[Flask], token: Token
) -> None:
    assert_refused(apps[which], HTTP_AUTHORIZATION=f"Bearer {token(**claims)}")


@pytest.mark.parametrize(
    "claims",
    [
        {"o": "org_1"},
        {"o": {"id": 3, "rol": ["admin"], "per": 1, "fpm": {}}},
        {"fea": 3, "pla": ["u:pro"], "fva": "now"},
        {"v": "2", "org_permissions": "all"},
        {"act": [], "sts": 3, "sid": {}},
        {"role": {"admin": "admin"}},
        {"role": ["member", ["admin"]]},
    ],
    ids=repr,
)
def test_malformed_claims_of_a_signed_session_grant_nothing(
    claims: dict[str, Any], apps: list[Flask], token: Token
) -> None:
    for app in apps:
        sent = {"HTTP_AUTHORIZATION": f"Bearer {token(**claims)}"}
        assert send(app, "/open", **sent) == (200, "user_1")
        assert send(app, "/claim", **sent)[0] == 403


header_text = st.text(st.characters(max_codepoint=255), max_size=200)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(header_text, header_text, header_text, header_text)
def test_whatever_the_headers_say_the_answer_is_a_refusal(
    apps: list[Flask], authorization: str, cookie: str, accept: str, host: str
) -> None:
    for app in apps:
        status, text = send(
            app,
            "/page",
            HTTP_AUTHORIZATION=authorization,
            HTTP_COOKIE=cookie,
            HTTP_ACCEPT=accept,
            HTTP_HOST=host,
        )
        assert status in {400, 401}  # 400 is Flask's own, for a host that IDNA does not know
        assert "Traceback" not in text


# Clerk's own token

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "vectors" / "clerk_issued_token.json").read_text("utf-8")
)


@pytest.fixture
def issued() -> tuple[Flask, MovableClock]:
    """Return an app that believes the instance of the recorded token, and its clock."""
    app = make_app(VECTOR["public_key_pem"])
    clerk, clock = clerk_of(app), MovableClock(VECTOR["frozen_at"])
    clerk.instance = Instance(clerk.instance.config, connect, clock=clock)
    app.add_url_rule("/who", "who", lambda: [g.auth.user_id, g.auth.session_id, g.auth.reason])
    app.add_url_rule("/page", "page", require_auth(lambda: "secret"))
    return app, clock


def test_a_token_that_clerk_issued_signs_in(issued: tuple[Flask, MovableClock]) -> None:
    app, clock = issued
    client = app.test_client(use_cookies=False)
    held = bearer(VECTOR["session_token"])
    user, session = "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr", "sess_2GbDB4enNdCa5vS1zpC3Xzg9tK9"
    assert client.get("/who", headers=held).get_json() == [user, session, None]
    assert client.get("/page", headers=held).text == "secret"

    clock.advance(120)
    [user, session, reason] = client.get("/who", headers=held).get_json()
    assert (user, session) == (None, None)
    assert reason == "session-token-expired-refresh-non-eligible-no-refresh-cookie"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", "session-token-expired-refresh-non-eligible-no-refresh-cookie"),
        ("invalid_signature", "token-invalid-signature"),
    ],
)
def test_its_spoilt_siblings_are_refused(
    name: str, reason: str, issued: tuple[Flask, MovableClock]
) -> None:
    client = issued[0].test_client(use_cookies=False)
    response = client.get("/page", headers=bearer(VECTOR[name]))
    assert (response.status_code, response.headers["X-Clerk-Auth-Reason"]) == (401, reason)
