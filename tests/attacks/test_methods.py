"""Verbs: preflights, overrides, unknown ones, other cases, and ``HEAD``."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.views import MethodView
from joserfc.jwk import RSAKey
from werkzeug.test import run_wsgi_app

from flask_clerk import require_auth
from tests.attacks.target import SECRET
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.visitors import bearer

OVERRIDES = {
    "X-HTTP-Method-Override": "OPTIONS",
    "X-HTTP-Method": "OPTIONS",
    "X-Method-Override": "OPTIONS",
}


@pytest.fixture
def target(keys: RSAKey) -> Target:
    target = Target(keys)

    class Books(MethodView):
        decorators = [require_auth]

        def get(self) -> str:
            return SECRET

        def post(self) -> str:
            return SECRET

    class PartlyGuarded(MethodView):
        @require_auth
        def get(self) -> str:
            return SECRET

    target.app.add_url_rule("/books", view_func=Books.as_view("books"))
    target.app.add_url_rule("/partly", view_func=PartlyGuarded.as_view("partly"))
    return target


def raw(target: Target, method: str, path: str = "/page", **environ: str) -> tuple[int, str]:
    """Ask with exactly this method, as a careless server hands it on."""
    body, status, _ = run_wsgi_app(
        target.app.wsgi_app,
        {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(),
            **environ,
        },
        buffered=True,
    )
    return int(status.split()[0]), b"".join(body).decode()


@pytest.mark.parametrize("path", ["/page", "/admin", "/books", "/partly"])
@pytest.mark.parametrize(
    "method",
    [
        "GET", "get", "Get", "POST", "post", "PUT", "PATCH", "DELETE", "delete", "HEAD", "head",
        "TRACE", "TRACK", "CONNECT", "PROPFIND", "JEFF", "GETS", "GET ", " GET", "G\u00cbT", "",
        "OPTIONS", "options",
    ],
)  # fmt: skip
def test_no_verb_shows_a_guarded_view(method: str, path: str, target: Target) -> None:
    status, text = raw(target, method, path)
    assert status in ({200, 401} if method.upper() == "OPTIONS" else {401, 405})
    assert SECRET not in text


@pytest.mark.parametrize("path", ["/page", "/books", "/partly"])
def test_the_honest_verbs_do_for_somebody(path: str, target: Target) -> None:
    for method in ("GET", "get"):
        held = {"HTTP_AUTHORIZATION": f"Bearer {target.token()}"}
        assert raw(target, method, path, **held) == (200, SECRET)


@pytest.mark.parametrize("name", OVERRIDES)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_header_overrides_no_method(method: str, name: str, target: Target) -> None:
    answer = target.client.open(
        "/page?_method=OPTIONS",
        method=method,
        headers={name: OVERRIDES[name]},
        data={"_method": "OPTIONS"} if method == "POST" else None,
    )
    assert answer.status_code == 401
    assert SECRET not in answer.text


def test_a_preflight_is_answered_and_shows_nothing(target: Target) -> None:
    for path in ("/page", "/admin", "/books"):
        answer = target.client.options(
            path,
            headers={
                "Origin": "https://evil.example",
                "Access-Control-Request-Method": "DELETE",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert answer.status_code == 200
        assert answer.text == ""
        assert not any(name.startswith("Access-Control") for name, _ in answer.headers)


def test_head_learns_no_more_than_get(target: Target) -> None:
    for sent in ({}, bearer("nonsense"), session_cookies("nonsense")):
        got, headed = (
            target.client.get("/page", headers=sent),
            target.client.head("/page", headers=sent),
        )
        assert headed.status_code == got.status_code == 401
        assert headed.text == ""
        assert headed.headers["X-Clerk-Auth-Reason"] == got.headers["X-Clerk-Auth-Reason"]
    assert target.client.head("/page", headers=bearer(target.token())).status_code == 200


def test_an_unsafe_method_is_never_sent_through_a_handshake(target: Target) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD"):
        answer = target.client.open(
            "/page",
            method=method,
            headers={
                "Accept": "text/html",
                "Sec-Fetch-Dest": "document",
                "Cookie": "__client_uat=1",
            },
        )
        assert answer.status_code == 401
        assert "Location" not in answer.headers
