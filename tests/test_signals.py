"""Signals, the app's own user, freshly minted tokens, and what must never be seen of a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import render_template_string
from flask import request
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import Forbidden
from flask_clerk import ReverificationRequired
from flask_clerk import auth
from flask_clerk import authenticated
from flask_clerk import authentication_failed
from flask_clerk import authorization_denied
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_reverification
from flask_clerk.globals import clerk_of
from tests.loopback import Answer
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import cookie
from tests.visitors import make_app

Sent = list[tuple[str, Any, dict[str, Any]]]


@pytest.fixture
def app(public_pem: str) -> Flask:
    app = make_app(public_pem)
    add_views(app)
    return app


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def add_views(app: Flask) -> None:
    app.add_url_rule("/open", "open", lambda: "open")
    app.add_url_rule("/page", "page", require_auth(lambda: "secret"))
    app.add_url_rule("/claim", "claim", require_claim("role", "admin")(lambda: "secret"))
    app.add_url_rule("/strict", "strict", require_reverification()(lambda: "secret"))


def status_of(app: Flask, path: str, headers: dict[str, str] | None = None) -> int:
    return app.test_client(use_cookies=False).get(path, headers=headers or {}).status_code


@pytest.fixture
def sent() -> Iterator[Sent]:
    """Return what the three signals were sent with, in order."""
    signals: Sent = []
    with ExitStack() as stack:
        for name, signal in (
            ("authenticated", authenticated),
            ("failed", authentication_failed),
            ("denied", authorization_denied),
        ):

            def receive(sender: Any, _name: str = name, **arguments: Any) -> None:
                signals.append((_name, sender, arguments))

            stack.enter_context(signal.connected_to(receive))
        yield signals


def only(sent: Sent, name: str, app: Flask) -> dict[str, Any]:
    [(found, sender, arguments)] = sent
    assert (found, sender) == (name, app)
    assert type(sender) is Flask  # the app itself, and no proxy that changes with the context
    return arguments


# Signals


def test_a_verified_session_is_announced_once(app: Flask, token: Token, sent: Sent) -> None:
    assert status_of(app, "/page", bearer(token())) == 200
    arguments = only(sent, "authenticated", app)
    assert set(arguments) == {"auth"}
    assert arguments["auth"].user_id == "user_1"


def test_a_refused_token_is_announced_with_its_reason(app: Flask, token: Token, sent: Sent) -> None:
    assert status_of(app, "/open", bearer(f"{token()[:-8]}AAAAAAAA")) == 200
    assert only(sent, "failed", app) == {"reason": "token-invalid-signature"}


def test_a_refused_cookie_is_announced_too(public_pem: str, token: Token, sent: Sent) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    add_views(app)
    assert status_of(app, "/open", cookie("nonsense")) == 200
    assert only(sent, "failed", app) == {"reason": "token-invalid"}


def test_a_pending_session_is_announced_as_refused(app: Flask, token: Token, sent: Sent) -> None:
    """Receivers of ``authenticated`` were handed an auth object without a user."""
    assert status_of(app, "/open", bearer(token(sts="pending"))) == 200
    assert only(sent, "failed", app) == {"reason": "session-pending"}


def test_a_pending_session_that_counts_is_announced_as_verified(
    public_pem: str, token: Token, sent: Sent
) -> None:
    app = make_app(public_pem, treat_pending_as_signed_out=False)
    add_views(app)
    assert status_of(app, "/open", bearer(token(sts="pending"))) == 200
    assert only(sent, "authenticated", app)["auth"].user_id == "user_1"


def test_nobody_is_announced_for_a_request_without_a_token(app: Flask, sent: Sent) -> None:
    assert status_of(app, "/open") == 200
    assert status_of(app, "/page") == 401
    assert sent == []


def test_a_handshake_is_announced_as_nothing_yet(public_pem: str, token: Token, sent: Sent) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    add_views(app)
    headers = {"Cookie": f"__session={token()}", "Sec-Fetch-Dest": "document"}
    assert status_of(app, "/open", headers) == 307
    assert sent == []


@pytest.mark.parametrize(
    ("path", "error"), [("/claim", Forbidden), ("/strict", ReverificationRequired)]
)
def test_a_denied_session_is_announced_with_the_error(
    path: str, error: type[Forbidden], app: Flask, token: Token, sent: Sent
) -> None:
    assert status_of(app, path, bearer(token(fva=[99, 99]))) == 403
    assert [name for name, _, _ in sent] == ["authenticated", "denied"]
    _, sender, arguments = sent[1]
    assert sender is app
    assert set(arguments) == {"auth", "error"}
    assert arguments["auth"].user_id == "user_1"
    assert type(arguments["error"]) is error


def test_signals_are_heard_from_one_app_alone(public_pem: str, token: Token) -> None:
    apps = [make_app(public_pem), make_app(public_pem)]
    heard: list[Any] = []

    def receive(sender: Any, **arguments: Any) -> None:
        heard.append(sender)

    with authenticated.connected_to(receive, sender=apps[0]):
        for app in apps:
            add_views(app)
            assert status_of(app, "/page", bearer(token())) == 200
    assert heard == [apps[0]]


def test_listening_makes_no_answer_private(app: Flask, token: Token, sent: Sent) -> None:
    response = app.test_client(use_cookies=False).get("/open", headers=bearer(token()))
    assert len(sent) == 1
    assert "Cache-Control" not in response.headers


# The app's own user


class Users:
    """Counts how often a user is loaded."""

    def __init__(self, clerk: Clerk, found: Callable[[str], Any] = str.upper) -> None:
        self.loaded: list[str] = []
        self.found = found
        self.load_user = clerk.user_loader(self._load)

    def _load(self, user_id: str) -> Any:
        self.loaded.append(user_id)
        return self.found(user_id)


@pytest.fixture
def clerk(public_pem: str) -> Clerk:
    return Clerk(jwt_key=public_pem)


@pytest.fixture
def shop(clerk: Clerk) -> Flask:
    app = Flask("shop", static_folder=None)
    app.testing = True
    clerk.init_app(app)
    add_views(app)
    app.add_url_rule(
        "/user",
        "user",
        lambda: render_template_string("{{ g.auth.user }} {{ auth.user }} {{ g.auth.user }}"),
    )
    return app


def test_the_user_is_loaded_once_a_request_and_only_when_asked(
    clerk: Clerk, shop: Flask, token: Token
) -> None:
    users = Users(clerk)  # registered after init_app, as models often are
    client = shop.test_client(use_cookies=False)
    client.get("/page", headers=bearer(token()))
    assert users.loaded == []
    assert client.get("/user", headers=bearer(token())).text == "USER_1 USER_1 USER_1"
    assert users.loaded == ["user_1"]
    assert client.get("/user", headers=bearer(token(sub="user_2"))).text.startswith("USER_2")
    assert users.loaded == ["user_1", "user_2"]


def test_a_user_that_is_not_found_is_asked_for_once(
    clerk: Clerk, shop: Flask, token: Token
) -> None:
    users = Users(clerk, lambda user_id: None)
    response = shop.test_client(use_cookies=False).get("/user", headers=bearer(token()))
    assert response.text == "None None None"
    assert users.loaded == ["user_1"]


@pytest.mark.parametrize("pending", [False, True])
def test_nobodys_user_is_not_loaded(pending: bool, clerk: Clerk, shop: Flask, token: Token) -> None:
    users = Users(clerk)
    headers = bearer(token(sts="pending")) if pending else {}
    response = shop.test_client(use_cookies=False).get("/user", headers=headers)
    assert response.text == "None None None"
    assert users.loaded == []


def test_without_a_loader_and_a_secret_key_a_sentence_says_what_the_user_needs(
    shop: Flask, token: Token
) -> None:
    client = shop.test_client(use_cookies=False)
    with pytest.raises(BackendAPIError, match=r"clerk\.user_loader, or CLERK_SECRET_KEY"):
        client.get("/user", headers=bearer(token()))


def test_the_loader_stays_a_plain_function(clerk: Clerk) -> None:
    @clerk.user_loader
    def load_user(user_id: str) -> str:
        return f"loaded {user_id}"

    assert load_user("user_1") == "loaded user_1"


# Tokens


@pytest.fixture
def backend_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Loopback().running() as server:
        server.respond = lambda call: answer_json({"jwt": f"minted for {call.path}"})
        yield server


@pytest.fixture
def minting_app(public_pem: str, backend_api: Loopback) -> Flask:
    app = make_app(public_pem, secret_key="sk_live_secret", api_url=backend_api.url)

    @app.get("/token")
    def mint() -> dict[str, Any]:
        template, expires_in = (
            request.args.get("template"),
            request.args.get("expires_in", type=int),
        )
        return {"token": g.auth.get_token(template, expires_in=expires_in)}

    return app


@pytest.mark.parametrize(
    ("query", "path", "body"),
    [
        ("template=hasura", "/v1/sessions/sess_1/tokens/hasura", None),
        ("expires_in=90", "/v1/sessions/sess_1/tokens", {"expires_in_seconds": 90}),
        (
            "template=hasura&expires_in=90",
            "/v1/sessions/sess_1/tokens/hasura",
            {"expires_in_seconds": 90},
        ),
    ],
    ids=["template", "lifetime", "both"],
)
def test_get_token_mints_with_a_template_or_a_lifetime(
    query: str,
    path: str,
    body: Any,
    minting_app: Flask,
    backend_api: Loopback,
    token: Token,
) -> None:
    client = minting_app.test_client(use_cookies=False)
    answer = client.get(f"/token?{query}", headers=bearer(token()))
    assert answer.get_json() == {"token": f"minted for {path}"}
    [call] = backend_api.calls
    assert (call.method, call.path, call.body or None) == ("POST", path, body)
    assert call.headers["authorization"] == "Bearer sk_live_secret"


def test_get_token_alone_is_the_requests_own_and_costs_no_call(
    minting_app: Flask, backend_api: Loopback, token: Token
) -> None:
    held = token()
    client = minting_app.test_client(use_cookies=False)
    assert client.get("/token", headers=bearer(held)).get_json() == {"token": held}
    assert client.get("/token").get_json() == {"token": None}
    assert client.get("/token?template=hasura").get_json() == {"token": None}
    assert backend_api.calls == []


def test_get_token_says_when_clerk_mints_none(
    minting_app: Flask, backend_api: Loopback, token: Token
) -> None:
    document = {"errors": [{"code": "resource_not_found", "message": "no template"}]}
    backend_api.respond = lambda call: answer_json(document, 404)
    client = minting_app.test_client(use_cookies=False)
    with pytest.raises(BackendAPIError) as caught:
        client.get("/token?template=missing", headers=bearer(token()))
    assert (caught.value.status, caught.value.codes) == (404, ("resource_not_found",))


# What must not be seen


def parts_of(token: str) -> list[str]:
    """Return what of a token would give it away: its payload and its signature."""
    return token.split(".")[1:]


def assert_unseen(token: str, text: str) -> None:
    assert not any(part in text for part in parts_of(token))


def test_reprs_show_no_token(app: Flask, token: Token) -> None:
    held = token()
    with app.test_request_context(headers=bearer(held)):
        visit = clerk_of(app).visit_of(request)
        for thing in (g.auth, auth, visit, visit.state, visit.context, clerk_of(app)):
            assert_unseen(held, f"{thing!r} {thing}")
        assert repr(g.auth) == "<SessionAuth user_1 in sess_1>"
        assert f"{g!r}".startswith("<flask.g of")
    with app.test_request_context():
        assert repr(g.auth) == "<Auth signed out: session-token-and-uat-missing>"


@pytest.mark.parametrize("spoil", ["good", "expired", "forged", "pending", "garbage"])
def test_no_log_line_and_no_answer_shows_a_token(
    spoil: str,
    app: Flask,
    token: Token,
    caplog: pytest.LogCaptureFixture,
) -> None:
    held_by: dict[str, Callable[[], str]] = {
        "good": token,
        "expired": token.expired,
        "forged": lambda: token()[:-8] + "AAAAAAAA",
        "pending": lambda: token(sts="pending"),
        "garbage": lambda: "aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb.cccccccccccccccc",
    }
    held = held_by[spoil]()
    with caplog.at_level(logging.DEBUG):
        for path in ("/open", "/page", "/claim", "/strict", "/missing"):
            response = app.test_client(use_cookies=False).get(path, headers=bearer(held))
            assert_unseen(held, response.text + str(response.headers))
    assert_unseen(held, caplog.text)


def break_down() -> str:
    token = g.auth.get_token()
    raise RuntimeError(f"broken for {g.auth!r} of {type(token).__name__}")


def test_the_500_page_and_its_log_show_no_token(
    app: Flask, token: Token, caplog: pytest.LogCaptureFixture
) -> None:
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/broken", view_func=require_auth(break_down))
    held = token()
    response = app.test_client(use_cookies=False).get("/broken", headers=bearer(held))
    assert response.status_code == 500
    assert "broken" not in response.text
    assert "broken for <SessionAuth user_1 in sess_1> of str" in caplog.text
    assert_unseen(held, response.text + str(response.headers) + caplog.text)


def test_the_debuggers_page_shows_no_token(
    app: Flask, token: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule("/broken", view_func=require_auth(break_down))
    held = token()
    client = Client(DebuggedApplication(app, evalex=True, pin_security=False))
    response = client.get(
        "/broken", headers=bearer(held), environ_overrides={"wsgi.errors": Sink()}
    )
    assert response.status_code == 500
    assert "broken for &lt;SessionAuth user_1 in sess_1&gt; of str" in response.text
    printed = capsys.readouterr()
    assert_unseen(held, response.text + str(response.headers) + printed.out + printed.err)


class Sink:
    """Stands for the server's error log, and keeps nothing."""

    def write(self, text: str) -> None:
        """Drop it."""

    def flush(self) -> None:
        """Have nothing to flush."""


def test_a_backend_that_fails_shows_no_token_and_no_key(
    minting_app: Flask, backend_api: Loopback, token: Token, caplog: pytest.LogCaptureFixture
) -> None:
    backend_api.respond = lambda call: Answer(500, b"<html>sk_live_secret</html>")
    minting_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    held = token()
    with caplog.at_level(logging.DEBUG):
        client = minting_app.test_client(use_cookies=False)
        response = client.get("/token?template=hasura", headers=bearer(held))
    assert response.status_code == 500
    assert "BackendAPIError" in caplog.text
    seen = response.text + caplog.text
    assert_unseen(held, seen)
    assert not re.search("sk_live", seen)
