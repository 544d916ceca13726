"""``g.auth`` and ``auth``: there wherever a request is, anew for each, and gone with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Request
from flask import Response
from flask import abort
from flask import copy_current_request_context
from flask import g
from flask import has_request_context
from flask import render_template
from flask import render_template_string
from flask import request
from flask import stream_with_context
from flask import url_for
from werkzeug.exceptions import HTTPException

from flask_clerk import Clerk
from flask_clerk import HandshakeError
from flask_clerk import auth
from flask_clerk import require_auth
from flask_clerk.globals import clerk_of
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import add_templates
from tests.visitors import bearer
from tests.visitors import cookie
from tests.visitors import make_app


@pytest.fixture
def app(public_pem: str) -> Flask:
    app = make_app(public_pem)
    app.add_url_rule("/who", view_func=who)
    return app


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def who() -> str:
    assert g.auth.user_id == auth.user_id
    return g.auth.user_id or "nobody"


def text(app: Flask, path: str = "/who", token: str | None = None, **options: Any) -> str:
    client = app.test_client(use_cookies=False)
    response = client.get(path, headers=bearer(token) if token else {}, **options)
    found: str = response.text
    response.close()
    return found


# Everywhere in a request


def test_templates_read_who_is_there(app: Flask, token: Token) -> None:
    app.add_url_rule(
        "/page",
        view_func=lambda: render_template_string(
            "{% if g.auth.is_signed_in %}{{ g.auth.claim('fullName', 'friend') }}"
            "{% else %}nobody{% endif %}, {{ auth.user_id }}, {{ 'in' if auth else 'out' }}"
        ),
    )
    assert text(app, "/page") == "nobody, None, out"
    assert text(app, "/page", token()) == "friend, user_1, in"
    assert text(app, "/page", token(fullName="<Ada>")) == "&lt;Ada&gt;, user_1, in"


def test_macros_imported_without_context_read_who_is_there(app: Flask, token: Token) -> None:
    add_templates(
        app,
        **{
            "macros.html": (
                "{% macro name() %}{{ auth.user_id }} {{ g.auth.user_id }}{% endmacro %}"
            ),
            "page.html": "{% import 'macros.html' as macros %}{{ macros.name() }}",
            "from.html": "{% from 'macros.html' import name %}{{ name() }}",
        },
    )
    app.add_url_rule("/page/<name>", view_func=lambda name: render_template(name))
    for name in ("page.html", "from.html"):
        assert text(app, f"/page/{name}", token()) == "user_1 user_1"
        assert text(app, f"/page/{name}", token(sub="user_2")) == "user_2 user_2"
        assert text(app, f"/page/{name}") == "None None"


def test_templates_link_to_signing_in_up_and_out(public_pem: str) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    app.add_url_rule(
        "/page",
        view_func=lambda: render_template_string(
            "{{ clerk_sign_in_url() }} {{ clerk_sign_up_url('/welcome') }} "
            "{{ clerk_sign_out_url() }}"
        ),
    )
    assert text(app, "/page").split() == [
        "https://accounts.example.com/sign-in?redirect_url=http%3A%2F%2Flocalhost%2Fpage",
        "https://accounts.example.com/sign-up?redirect_url=http%3A%2F%2Flocalhost%2Fwelcome",
        "/clerk/sign-out",
    ]


def test_error_pages_read_who_is_there(app: Flask, token: Token) -> None:
    app.testing = False
    app.add_url_rule("/broken", "broken", lambda: str(1 // 0))
    app.add_url_rule("/teapot", "teapot", lambda: abort(418))
    app.add_url_rule("/guarded", "guarded", require_auth(lambda: ""), methods=["POST"])

    @app.errorhandler(HTTPException)
    @app.errorhandler(ZeroDivisionError)
    def page(error: Exception) -> str:
        return f"{getattr(error, 'code', 500)} {who()}"

    for path, code in (("/broken", 500), ("/teapot", 418), ("/missing", 404), ("/guarded", 405)):
        assert text(app, path, token()) == f"{code} user_1"
        assert text(app, path) == f"{code} nobody"


@pytest.mark.parametrize("when", ["before Clerk", "after Clerk", "ahead of Clerk's hook"])
def test_hooks_read_who_is_there(when: str, public_pem: str, token: Token) -> None:
    app = Flask("hooked", static_folder=None)
    app.testing = True
    seen: list[str] = []

    def look(response: Any = None) -> Any:
        seen.append(who())
        return response

    if when == "before Clerk":
        app.before_request(look)
    Clerk(app, jwt_key=public_pem)
    if when == "after Clerk":
        app.before_request(look)
    if when == "ahead of Clerk's hook":
        app.before_request_funcs[None].insert(0, look)
    app.after_request(look)
    app.teardown_request(look)
    app.add_url_rule("/who", view_func=who)

    assert text(app, token=token()) == "user_1"
    assert text(app) == "nobody"
    assert seen == ["user_1"] * 3 + ["nobody"] * 3


def test_guards_come_before_hooks_that_were_registered_earlier(public_pem: str) -> None:
    app = Flask("hooked", static_folder=None)
    called: list[int] = []
    app.before_request(lambda: called.append(1))
    Clerk(app, jwt_key=public_pem)
    app.add_url_rule("/guarded", view_func=require_auth(lambda: ""))
    assert app.test_client(use_cookies=False).get("/guarded").status_code == 401
    assert not called


@pytest.mark.parametrize("ending", ["abort", "return"])
def test_a_page_after_a_hook_that_ends_the_request_knows_who_is_there(
    ending: str, app: Flask, token: Token
) -> None:
    def stop() -> str:
        if ending == "abort":
            abort(503)
        return f"closed for {who()}"

    app.before_request_funcs[None].insert(0, stop)
    app.register_error_handler(503, lambda error: f"closed for {who()}")
    assert text(app, token=token()) == "closed for user_1"
    assert text(app) == "closed for nobody"


def test_url_processors_read_who_is_there(app: Flask, token: Token) -> None:
    seen: list[str] = []
    app.url_value_preprocessor(lambda endpoint, values: seen.append(who()))
    text(app, token=token())
    text(app)
    assert seen == ["user_1", "nobody"]


def test_async_views_and_hooks_read_who_is_there(app: Flask, token: Token) -> None:
    seen: list[str] = []

    @app.before_request
    async def look() -> None:
        seen.append(who())

    @app.get("/async")
    async def page() -> str:
        return who()

    assert text(app, "/async", token()) == "user_1"
    assert text(app, "/async") == "nobody"
    assert seen == ["user_1", "nobody"]


def test_a_stream_knows_who_it_is_for(app: Flask, token: Token) -> None:
    @app.get("/stream")
    def stream() -> Response:
        def lines() -> Iterator[str]:
            yield who()
            yield f" {who()}"

        return Response(stream_with_context(lines()))

    assert text(app, "/stream", token()) == "user_1 user_1"
    assert text(app, "/stream") == "nobody nobody"


def in_thread(work: Callable[[], str]) -> str:
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def test_a_thread_with_the_requests_context_knows_who_is_there(app: Flask, token: Token) -> None:
    app.add_url_rule("/thread", view_func=lambda: in_thread(copy_current_request_context(who)))
    assert text(app, "/thread", token()) == "user_1"
    assert text(app, "/thread") == "nobody"


def test_a_thread_without_the_requests_context_knows_nobody(app: Flask, token: Token) -> None:
    app.add_url_rule("/thread", view_func=lambda: in_thread(lambda: auth.user_id or "nobody"))
    assert text(app, "/thread", token()) == "nobody"


def test_requests_at_the_same_time_are_not_confused(app: Flask, token: Token) -> None:
    barrier = threading.Barrier(8)

    @app.get("/slow")
    def slow() -> str:
        before = who()
        barrier.wait(timeout=10)
        return f"{before} {who()}"

    answers: dict[str, str] = {}

    def visit(user: str) -> None:
        answers[user] = text(app, "/slow", token(sub=user))

    threads = [threading.Thread(target=visit, args=(f"user_{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"user_{n}": f"user_{n} user_{n}" for n in range(8)}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_every_method_knows_who_is_there(method: str, app: Flask, token: Token) -> None:
    app.add_url_rule("/any", view_func=who, methods=["GET", "POST", "DELETE"])
    seen: list[str] = []

    @app.after_request
    def look(response: Response) -> Response:
        seen.append(who())
        return response

    client = app.test_client(use_cookies=False)
    assert client.open("/any", method=method, headers=bearer(token())).status_code == 200
    assert client.open("/any", method=method).status_code == 200
    assert seen == ["user_1", "nobody"]


def test_blueprints_under_prefixes_know_who_is_there(app: Flask, token: Token) -> None:
    parent = Blueprint("parent", __name__, url_prefix="/parent")
    child = Blueprint("child", __name__, url_prefix="/child")
    child.add_url_rule("/who", view_func=lambda: f"{who()} {url_for('.page')}", endpoint="page")
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    mounted = {"SCRIPT_NAME": "/mounted"}
    expected = "user_1 /mounted/parent/child/who"
    assert text(app, "/parent/child/who", token(), environ_overrides=mounted) == expected


def test_static_files_are_served_without_a_word_about_sessions(
    public_pem: str, token: Token, tmp_path: Path
) -> None:
    (tmp_path / "style.css").write_text("body {}")
    app = Flask("static", static_folder=tmp_path, static_url_path="/static")
    Clerk(app, jwt_key=public_pem)
    client = app.test_client(use_cookies=False)
    for headers in ({}, bearer(token()), bearer("nonsense")):
        response = client.get("/static/style.css", headers=headers)
        assert response.text == "body {}"
        assert "private" not in response.headers.get("Cache-Control", "")
        assert "Vary" not in response.headers
        assert not any(name.startswith("X-Clerk") for name, _ in response.headers)
        response.close()


# Gone with the request


def test_nobody_is_signed_in_outside_of_a_request(app: Flask) -> None:
    assert not auth.is_signed_in
    with app.app_context():
        assert not g.auth.is_signed_in
        assert (g.auth.user_id, g.auth.session_claims, g.auth.user) == (None, None, None)
        assert g.auth.get_token() is None
        assert not g.auth.has(role="org:admin")
        assert render_template_string("{{ g.auth.user_id }} {{ auth.user_id }}") == "None None"


def test_an_outer_application_context_does_not_sign_the_next_visitor_in(
    app: Flask, token: Token
) -> None:
    @app.get("/missing-hook")
    def page() -> str:
        return who()

    with app.app_context():
        assert text(app, token=token()) == "user_1"
        assert not g.auth.is_signed_in
        assert text(app) == "nobody"
        assert text(app, token=token(sub="user_2")) == "user_2"
        assert text(app, "/nowhere") != "user_2"
        assert (g.auth.is_signed_in, auth.is_signed_in) == (False, False)


def test_g_keeps_nothing_of_a_visitor(app: Flask, token: Token) -> None:
    with app.app_context():
        client = app.test_client(use_cookies=False)
        client.get("/who", headers=bearer(token()))
        assert "auth" not in vars(g._get_current_object())
        assert list(g) == []


def test_auth_cannot_be_replaced_by_assignment(app: Flask) -> None:
    with app.app_context():
        g.auth = "somebody"
        assert not g.auth.is_signed_in
        assert text(app) == "nobody"


def test_a_test_request_context_computes_on_demand(app: Flask, token: Token) -> None:
    with app.test_request_context("/who", headers=bearer(token())):
        assert who() == "user_1"
        with app.test_request_context("/who", headers=bearer(token(sub="user_2"))):
            assert who() == "user_2"
            with app.test_request_context("/who"):
                assert who() == "nobody"
        assert who() == "user_1"
    assert not auth.is_signed_in


def test_a_request_inside_a_request_is_its_own(app: Flask, token: Token) -> None:
    @app.get("/around")
    def around() -> str:
        return f"{who()}, {text(app)}, {text(app, token=token(sub='user_2'))}, {who()}"

    assert text(app, "/around", token()) == "user_1, nobody, user_2, user_1"


def test_a_preserved_context_still_belongs_to_its_visitor(app: Flask, token: Token) -> None:
    with app.test_client(use_cookies=False) as client:
        client.get("/who", headers=bearer(token()))
        assert has_request_context()
        assert who() == "user_1"
        client.get("/who")
        assert who() == "nobody"
    assert not auth.is_signed_in


def test_teardown_without_a_request_knows_nobody(app: Flask) -> None:
    seen: list[Any] = []
    app.teardown_appcontext(lambda error: seen.append(auth.user_id))
    with app.app_context():
        pass
    assert seen == [None]


def test_the_cli_knows_nobody(app: Flask) -> None:
    @app.cli.command("whoami")
    def whoami() -> None:
        print(g.auth.user_id or "nobody")

    assert app.test_cli_runner().invoke(args=["whoami"]).output == "nobody\n"


def test_the_decision_is_made_once_a_request(app: Flask, token: Token) -> None:
    @app.get("/same")
    @require_auth
    def same() -> str:
        objects = {id(g.auth), id(auth._get_current_object())}  # type: ignore[attr-defined]
        return str(len(objects))

    assert text(app, "/same", token()) == "1"


def test_cookies_and_headers_are_read_alike(public_pem: str, token: Token) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    app.add_url_rule("/who", view_func=who)
    client = app.test_client(use_cookies=False)
    assert client.get("/who", headers=cookie(token())).text == "user_1"
    both = {**cookie(token()), **bearer(token(sub="user_2"))}
    assert client.get("/who", headers=both).text == "user_2"
    basic = {**cookie(token()), "Authorization": "Basic dXNlcjpwYXNz"}
    assert client.get("/who", headers=basic).text == "user_1"


def test_the_request_of_an_untrusted_host_is_flasks_to_refuse(app: Flask, token: Token) -> None:
    """The error page asked who is there, and the host was refused again: 500 instead of 400."""

    class TrustingRequest(Request):
        trusted_hosts = ["app.example.com"]

    app.testing = False
    app.request_class = TrustingRequest
    app.register_error_handler(400, lambda error: (f"bad request by {who()}", 400))
    client = app.test_client(use_cookies=False)
    good = client.get("/who", base_url="http://app.example.com", headers=bearer(token()))
    assert good.text == "user_1"
    bad = client.get("/who", base_url="http://evil.example", headers=bearer(token()))
    assert bad.status_code == 400
    assert "bad request" in bad.text


def test_the_visit_follows_the_request_object_and_not_its_proxy(app: Flask, token: Token) -> None:
    with app.test_request_context(headers=bearer(token())):
        clerk = clerk_of(app)
        own = request._get_current_object()  # type: ignore[attr-defined]
        assert clerk.visit_of(request) is clerk.visit_of(own)


def test_an_error_page_after_a_broken_handshake_knows_nobody(public_pem: str) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY.replace("live", "test"))
    seen: list[HandshakeError] = []

    @app.errorhandler(HandshakeError)
    def page(error: HandshakeError) -> tuple[str, int]:
        seen.append(error)
        return f"broken, {who()}", 500

    app.add_url_rule("/who", view_func=who)
    assert text(app, "/who?__clerk_handshake=nonsense") == "broken, nobody"
    assert len(seen) == 1


def test_a_decision_that_nobody_asked_for_is_not_made(app: Flask, token: Token) -> None:
    with app.test_request_context(headers=bearer(token())):
        visit = clerk_of(app).visit_of(request)
        assert visit.decision is None
        assert who() == "user_1"
        assert visit.decision is visit.state
