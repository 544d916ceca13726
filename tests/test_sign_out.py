"""Signing out: only from a page of the app, at Clerk as well, and with no cookie left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask
from flask import g
from werkzeug.test import TestResponse

from flask_clerk.core.keys import PublishableKey
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import make_app

APP = "https://app.example.com"
SUFFIX = PublishableKey.parse(PUBLISHABLE_KEY).cookie_suffix
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def backend_api() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server


@pytest.fixture
def app(public_pem: str, backend_api: Loopback) -> Flask:
    backend_api.reset(lambda call: answer_json({"id": "sess_1", "status": "revoked"}))
    return app_with(public_pem, backend_api)


def app_with(public_pem: str, backend_api: Loopback, **settings: Any) -> Flask:
    usual = {
        "publishable_key": PUBLISHABLE_KEY,
        "secret_key": "sk_live_x",
        "api_url": backend_api.url,
    }
    return make_app(public_pem, **{**usual, **settings})


def post(
    app: Flask,
    headers: dict[str, str],
    token: str | None = None,
    *,
    base_url: str = APP,
    method: str = "POST",
    **form: str,
) -> TestResponse:
    cookies = {"Cookie": f"__session={token}; __client_uat=5"} if token else {}
    client = app.test_client(use_cookies=False)
    return client.open(
        "/clerk/sign-out",
        method=method,
        base_url=base_url,
        headers={**headers, **cookies},
        data=form,
    )


def expired_cookies(response: TestResponse) -> set[tuple[str, str | None]]:
    """Return names and domains of the cookies that the answer ends."""
    found = set()
    for line in response.headers.getlist("Set-Cookie"):
        [(name, morsel)] = SimpleCookie(line).items()
        assert (morsel.value, morsel["max-age"], morsel["path"]) == ("", "0", "/")
        found.add((name, morsel["domain"] or None))
    return found


# --- who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": APP},
        {"Origin": "https://APP.example.com:443"},
    ],
    ids=str,
)
def test_form_of_this_app_signs_out(headers: dict[str, str], app: Flask) -> None:
    response = post(app, headers)
    assert (response.status_code, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": APP},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://app.example.com"},
        {"Origin": "https://app.example.com.evil.example"},
        {"Origin": "https://app.example.com@evil.example"},
        {"Origin": f"{APP} https://evil.example"},
        {"Referer": f"{APP}/page"},
    ],
    ids=str,
)
def test_form_of_another_site_signs_nobody_out(
    headers: dict[str, str], app: Flask, sign: Signer, backend_api: Loopback
) -> None:
    response = post(app, headers, Token(sign)())
    assert response.status_code == 403
    assert response.headers.getlist("Set-Cookie") == []
    assert backend_api.calls == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_link_or_image_signs_nobody_out(
    method: str, app: Flask, sign: Signer, backend_api: Loopback
) -> None:
    response = post(app, SAME_ORIGIN, Token(sign)(), method=method)
    assert response.status_code == 405
    assert response.headers.getlist("Set-Cookie") == []
    assert backend_api.calls == []


def test_closed_app_lets_everybody_sign_out(public_pem: str, backend_api: Loopback) -> None:
    app = app_with(public_pem, backend_api, require_auth=True)
    assert post(app, SAME_ORIGIN).status_code == 303


# --- the session ends at Clerk ---------------------------------------------------------------


def test_session_is_revoked_at_clerk(app: Flask, sign: Signer, backend_api: Loopback) -> None:
    assert post(app, SAME_ORIGIN, Token(sign)(sid="sess_9")).status_code == 303
    [call] = backend_api.calls
    assert (call.method, call.path) == ("POST", "/v1/sessions/sess_9/revoke")
    assert call.headers["authorization"] == "Bearer sk_live_x"


def test_session_whose_token_has_expired_is_revoked_still(
    app: Flask, sign: Signer, backend_api: Loopback
) -> None:
    """Who comes back after lunch and signs out must not stay signed in elsewhere."""
    post(app, SAME_ORIGIN, Token(sign).expired())
    assert [call.path for call in backend_api.calls] == ["/v1/sessions/sess_1/revoke"]


def test_forged_token_revokes_nobodys_session(
    app: Flask, sign: Signer, backend_api: Loopback
) -> None:
    token = Token(sign)()
    template = sign(session_claims(1_900_000_000), {"cat": "cl_B7d4PD222AAA"})
    for forged in (token[:-8] + "AAAAAAAA", "garbage", template, Token(sign)(sid=None)):
        response = post(app, SAME_ORIGIN, forged)
        assert response.status_code == 303
        assert expired_cookies(response)
    assert backend_api.calls == []


def test_id_that_is_a_path_revokes_nothing_else(
    app: Flask, sign: Signer, backend_api: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(app, SAME_ORIGIN, Token(sign)(sid="..")).status_code == 303
    assert backend_api.calls == []
    assert "could not be revoked" in caplog.text


def test_clerk_that_fails_keeps_nobody_signed_in_here(
    app: Flask, sign: Signer, backend_api: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    backend_api.reset(lambda call: answer_json({"errors": [{"code": "x"}]}, 500))
    token = Token(sign)()
    with caplog.at_level(logging.WARNING):
        response = post(app, SAME_ORIGIN, token)
    assert response.status_code == 303
    assert ("__session", None) in expired_cookies(response)
    assert "could not be revoked" in caplog.text
    assert token not in caplog.text
    assert len(backend_api.calls) == 1


@pytest.mark.parametrize("secret_key", ["sk_live_x", None])
def test_token_is_refused_at_once_and_everywhere(
    secret_key: str | None, public_pem: str, sign: Signer, backend_api: Loopback
) -> None:
    """Who copied the cookie before must not have it for the rest of its minute."""
    backend_api.reset(lambda call: answer_json({}))
    app = app_with(public_pem, backend_api, secret_key=secret_key)
    app.add_url_rule("/who", view_func=lambda: {"user": g.auth.user_id, "why": g.auth.reason})
    token, other = Token(sign)(), Token(sign)(sid="sess_2")
    post(app, SAME_ORIGIN, token)
    for value, answer in (
        (token, {"user": None, "why": "session-revoked"}),
        (other, {"user": "user_1", "why": None}),
    ):
        assert app.test_client().get("/who", headers=bearer(value)).json == answer


def test_without_a_secret_key_the_cookies_go_all_the_same(
    public_pem: str, sign: Signer, backend_api: Loopback
) -> None:
    backend_api.reset(lambda call: answer_json({}))
    app = app_with(public_pem, backend_api, secret_key=None)
    assert ("__session", None) in expired_cookies(post(app, SAME_ORIGIN, Token(sign)()))
    assert backend_api.calls == []


# --- the cookies -----------------------------------------------------------------------------


def test_cookies_are_ended_here_and_on_the_parent_domain(app: Flask) -> None:
    plain = ["__session", "__client_uat", "__refresh"]
    names = plain + [f"{name}_{SUFFIX}" for name in plain]
    names += ["__clerk_handshake", "__clerk_handshake_nonce"]
    response = post(app, SAME_ORIGIN)
    assert expired_cookies(response) == {
        (name, domain) for name in names for domain in (None, "example.com")
    }
    lines = response.headers.getlist("Set-Cookie")
    assert all("Secure" in line and "SameSite=Lax" in line for line in lines)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:5000", "https://notexample.com", "https://example.com.evil.test"]
)
def test_cookies_of_other_domains_are_not_touched(base_url: str, app: Flask) -> None:
    response = post(app, SAME_ORIGIN, base_url=base_url)
    assert {domain for _, domain in expired_cookies(response)} == {None}


def test_parent_domain_itself_is_covered(app: Flask) -> None:
    response = post(app, SAME_ORIGIN, base_url="https://example.com")
    assert {domain for _, domain in expired_cookies(response)} == {None, "example.com"}


def test_plain_http_ends_cookies_that_are_not_secure(app: Flask) -> None:
    lines = post(app, SAME_ORIGIN, base_url="http://localhost").headers.getlist("Set-Cookie")
    assert lines
    assert not [line for line in lines if "Secure" in line]


def test_without_a_publishable_key_there_are_only_plain_cookies(
    public_pem: str, backend_api: Loopback
) -> None:
    app = app_with(public_pem, backend_api, publishable_key=None)
    assert expired_cookies(post(app, SAME_ORIGIN)) == {
        ("__session", None),
        ("__client_uat", None),
        ("__refresh", None),
        ("__clerk_handshake", None),
        ("__clerk_handshake_nonce", None),
    }


def test_browser_is_signed_out_afterwards(app: Flask, sign: Signer) -> None:
    client = app.test_client()
    for name, value in (("__session", Token(sign)()), ("__client_uat", "5")):
        client.set_cookie(name, value, domain="app.example.com")
    client.post("/clerk/sign-out", base_url=APP, headers=SAME_ORIGIN)
    assert client.get_cookie("__session", domain="app.example.com") is None
    assert client.get_cookie("__client_uat", domain="app.example.com") is None


# --- where to then ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/bye?x=1", f"{APP}/bye?x=1"),
        ("https://allowed.example/bye", "https://allowed.example/bye"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=1", "/"),
        ("https://app.example.com@evil.example", "/"),
        ("", "/"),
    ],
)
def test_browser_is_sent_to_this_app_or_an_allowed_origin(
    asked: str, expected: str, public_pem: str, backend_api: Loopback
) -> None:
    allowed = ["https://allowed.example"]
    app = app_with(public_pem, backend_api, allowed_redirect_origins=allowed)
    response = post(app, SAME_ORIGIN, redirect_url=asked)
    assert (response.status_code, response.headers["Location"]) == (303, expected)
    assert "a=1" not in str(response.headers)
