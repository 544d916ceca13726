"""Where people are sent to sign in and up, how they come back, and who is never sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask import g
from flask import render_template
from werkzeug.test import TestResponse

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import require_auth
from flask_clerk.core.keys import PublishableKey
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import add_templates
from tests.visitors import cookie
from tests.visitors import make_app

APP = "https://app.example.com"
TEST_KEY = PublishableKey.build("foo-bar-13.clerk.accounts.dev").value
NAVIGATION = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}
PORTAL = "https://accounts.example.com"


def app_with(public_pem: str, **settings: Any) -> Flask:
    app = make_app(public_pem, **{"publishable_key": PUBLISHABLE_KEY, **settings})

    @app.route("/in", methods=["GET", "POST"])
    def sign_in() -> Any:
        return g.auth.redirect_to_sign_in()

    @app.route("/up")
    def sign_up() -> Any:
        return g.auth.redirect_to_sign_up()

    @app.route("/back/<path:target>")
    def back(target: str) -> Any:
        return g.auth.redirect_to_sign_in(return_back_url=target)

    @app.route("/guarded", methods=["GET", "POST", "PUT"])
    @require_auth
    def guarded() -> str:
        return "secret"

    @app.route("/page", methods=["GET", "POST"])
    @require_auth(redirect=True)
    def page() -> str:
        return "secret"

    @app.route("/api")
    @require_auth(redirect=False)
    def api() -> str:
        return "secret"

    return app


def visit(app: Flask, path: str, method: str = "GET", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    client = app.test_client(use_cookies=False)
    return client.open(path, method=method, base_url=APP, headers=sent)


def target(response: TestResponse) -> tuple[str, dict[str, str]]:
    """Return where a redirect leads, and its query."""
    assert response.status_code == 302
    url, _, query = response.headers["Location"].partition("?")
    return url, dict(parse_qsl(query, keep_blank_values=True))


# --- which page ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "portal"),
    [
        (PUBLISHABLE_KEY, "https://accounts.example.com"),
        (TEST_KEY, "https://foo-bar-13.accounts.dev"),
        (
            PublishableKey.build("foo.clerk.accountsstage.dev").value,
            "https://foo.accountsstage.dev",
        ),
        (
            PublishableKey.build("clerk.clerk.example", "production").value,
            "https://accounts.clerk.example",
        ),
    ],
)
def test_account_portal_follows_from_the_publishable_key(
    key: str, portal: str, public_pem: str
) -> None:
    app = app_with(public_pem, publishable_key=key)
    headers = {"Cookie": "__clerk_db_jwt=d"}
    assert target(visit(app, "/in", **headers))[0] == f"{portal}/sign-in"
    assert target(visit(app, "/up", **headers))[0] == f"{portal}/sign-up"


def test_account_portal_is_the_instances_also_behind_a_proxy(public_pem: str) -> None:
    app = app_with(public_pem, proxy_url="/__clerk")
    assert target(visit(app, "/in"))[0] == f"{PORTAL}/sign-in"


@pytest.mark.parametrize(
    ("settings", "sign_in", "sign_up"),
    [
        ({"sign_in_url": "/login"}, f"{APP}/login", f"{APP}/login/create"),
        ({"sign_in_url": "/"}, f"{APP}/", f"{APP}/create"),
        ({"sign_up_url": "/join"}, f"{PORTAL}/sign-in", f"{APP}/join"),
        ({"sign_in_url": "/a", "sign_up_url": "/b"}, f"{APP}/a", f"{APP}/b"),
        (
            {"sign_in_url": "https://primary.example/in"},
            "https://primary.example/in",
            "https://primary.example/in/create",
        ),
    ],
    ids=str,
)
def test_own_pages_come_before_the_portal(
    settings: dict[str, str], sign_in: str, sign_up: str, public_pem: str
) -> None:
    app = app_with(public_pem, **settings)
    assert target(visit(app, "/in"))[0] == sign_in
    assert target(visit(app, "/up"))[0] == sign_up


def test_query_of_the_own_page_is_kept(public_pem: str, sign: Signer) -> None:
    app = app_with(public_pem, sign_in_url="/login?theme=dark")
    assert target(visit(app, "/in")) == (
        f"{APP}/login",
        {"theme": "dark", "redirect_url": f"{APP}/in"},
    )
    url, query = target(visit(app, "/up"))
    assert (url, query["theme"]) == (f"{APP}/login/create", "dark")
    pending = Token(sign)(sts="pending")
    url, query = target(visit(app, "/in", **cookie(pending)))
    assert (url, query["theme"]) == (f"{APP}/login/tasks", "dark")


def test_without_any_page_the_developer_is_told(public_pem: str) -> None:
    app = app_with(public_pem, publishable_key=None)
    with pytest.raises(ConfigurationError, match="CLERK_SIGN_IN_URL"):
        visit(app, "/in")


@pytest.mark.parametrize("page", ["/in", "/up"])
def test_pending_session_goes_to_its_tasks(page: str, public_pem: str, sign: Signer) -> None:
    app = app_with(public_pem)
    response = visit(app, page, **cookie(Token(sign)(sts="pending")))
    assert target(response)[0] == f"{PORTAL}/sign-{page[1:]}/tasks"


# --- the way back ----------------------------------------------------------------------------


def test_way_back_is_the_page_that_was_asked_for(public_pem: str) -> None:
    response = visit(app_with(public_pem), "/in?a=1&b=%20%26&redirect_url=x")
    assert target(response)[1] == {"redirect_url": f"{APP}/in?a=1&b=%20%26&redirect_url=x"}


def test_way_back_keeps_an_escaped_percent_sign(public_pem: str) -> None:
    """``/back/%2541`` must not come back as ``/back/%41``, which is another page."""
    app = app_with(public_pem, redirect_to_sign_in=True)
    app.add_url_rule("/files/<name>", "files", require_auth(lambda name: name))
    response = visit(app, "/files/100%2541%C3%A9%3F", **NAVIGATION)
    assert target(response)[1] == {"redirect_url": f"{APP}/files/100%2541%C3%A9%3F"}


def test_way_back_from_a_post_is_the_fallback(public_pem: str) -> None:
    app = app_with(public_pem)
    assert target(visit(app, "/in", "POST"))[1]["redirect_url"] == f"{APP}/"
    app = app_with(public_pem, sign_in_fallback_redirect_url="/home")
    assert target(visit(app, "/in", "POST"))[1]["redirect_url"] == f"{APP}/home"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/here?x=1", f"{APP}/here?x=1"),
        ("here", f"{APP}/here"),
        (f"{APP}/here", f"{APP}/here"),
        ("https://allowed.example/x", "https://allowed.example/x"),
        ("https://evil.example/", f"{APP}/"),
        ("//evil.example", f"{APP}/"),
        ("///evil.example", f"{APP}/"),
        ("/\\evil.example", f"{APP}/"),
        ("\\\\evil.example", f"{APP}/"),
        ("https:evil.example", f"{APP}/"),
        ("https:/evil.example", f"{APP}/"),
        ("https:///evil.example", f"{APP}/"),
        ("javascript:alert(1)", f"{APP}/"),
        ("data:text/html,x", f"{APP}/"),
        ("https://app.example.com@evil.example/", f"{APP}/"),
        ("https://evil.example\\@app.example.com/", f"{APP}/"),
        ("https://app.example.com.evil.example/", f"{APP}/"),
        ("http://app.example.com/", f"{APP}/"),
        ("https://app.example.com:8443/", f"{APP}/"),
        ("https://[evil", f"{APP}/"),
        ("/\t/evil.example", f"{APP}/"),
        ("/x\r\nSet-Cookie: a=1", f"{APP}/"),
        (" https://evil.example", f"{APP}/"),
        ("https://\u0435vil.example/", f"{APP}/"),
        ("", f"{APP}/"),
    ],
)
def test_way_back_leads_to_this_app_or_an_allowed_origin(
    asked: str, expected: str, public_pem: str
) -> None:
    app = app_with(public_pem, allowed_redirect_origins=["https://allowed.example"])
    app.add_url_rule("/x", "x", lambda: g.auth.redirect_to_sign_in(asked))
    assert target(visit(app, "/x"))[1] == {"redirect_url": expected}


def test_forced_way_back_wins(public_pem: str) -> None:
    app = app_with(
        public_pem,
        sign_in_force_redirect_url="/welcome",
        sign_up_force_redirect_url="https://join.example/done",
    )
    _, query = target(visit(app, "/back/here"))
    assert query["redirect_url"] == f"{APP}/welcome"
    _, query = target(visit(app, "/up"))
    assert query["redirect_url"] == "https://join.example/done"


def test_clerks_pages_learn_the_settings_for_when_a_person_changes_between_them(
    public_pem: str,
) -> None:
    app = app_with(
        public_pem,
        sign_in_fallback_redirect_url="/a",
        sign_in_force_redirect_url="/b",
        sign_up_fallback_redirect_url="/c",
        sign_up_force_redirect_url="/d",
    )
    for page, forced in (("/in", "/b"), ("/up", "/d")):
        assert target(visit(app, page))[1] == {
            "redirect_url": f"{APP}{forced}",
            "sign_in_fallback_redirect_url": f"{APP}/a",
            "sign_in_force_redirect_url": f"{APP}/b",
            "sign_up_fallback_redirect_url": f"{APP}/c",
            "sign_up_force_redirect_url": f"{APP}/d",
        }


def test_sign_up_falls_back_to_its_own_twin(public_pem: str) -> None:
    app = app_with(
        public_pem, sign_in_fallback_redirect_url="/a", sign_up_fallback_redirect_url="/c"
    )
    app.add_url_rule("/x", "x", lambda: g.auth.redirect_to_sign_up("//evil.example"))
    assert target(visit(app, "/x"))[1]["redirect_url"] == f"{APP}/c"


# --- marks -----------------------------------------------------------------------------------


def test_development_browser_travels_to_another_origin_only(public_pem: str) -> None:
    headers = {"Cookie": "__clerk_db_jwt=dvb_1"}
    away = app_with(public_pem, publishable_key=TEST_KEY)
    assert target(visit(away, "/in", **headers))[1]["__clerk_db_jwt"] == "dvb_1"
    here = app_with(public_pem, publishable_key=TEST_KEY, sign_in_url="/login")
    assert "__clerk_db_jwt" not in target(visit(here, "/in", **headers))[1]
    live = app_with(public_pem)
    assert "__clerk_db_jwt" not in target(visit(live, "/in", **headers))[1]


def test_satellite_comes_back_to_be_synced(public_pem: str) -> None:
    settings = {"is_satellite": True, "domain": "app.example.com"}
    app = app_with(public_pem, sign_in_url="https://primary.example/sign-in", **settings)
    url, query = target(visit(app, "/in?x=1"))
    assert url == "https://primary.example/sign-in"
    assert query["redirect_url"] == f"{APP}/in?x=1&__clerk_synced=false"
    own = app_with(public_pem, sign_in_url="/login", **settings)
    assert target(visit(own, "/in?x=1"))[1]["redirect_url"] == f"{APP}/in?x=1"


# --- templates -------------------------------------------------------------------------------


def test_templates_have_the_urls(public_pem: str) -> None:
    app = app_with(public_pem)
    add_templates(
        app,
        links="{{ clerk_sign_in_url() }} {{ clerk_sign_up_url('/new') }} "
        "{{ clerk_sign_in_url('//evil.example') }} {{ clerk_sign_out_url() }}",
    )
    app.add_url_rule("/links", "links", lambda: render_template("links"))
    response = visit(app, "/links?q=%22%3E")
    back = "https%3A%2F%2Fapp.example.com%2F"
    assert response.text.split(" ") == [
        f"{PORTAL}/sign-in?redirect_url={back}links%3Fq%3D%2522%253E",
        f"{PORTAL}/sign-up?redirect_url={back}new",
        f"{PORTAL}/sign-in?redirect_url={back}",
        "/clerk/sign-out",
    ]


def test_link_of_a_pending_session_leads_to_its_tasks(public_pem: str, sign: Signer) -> None:
    app = app_with(public_pem)
    add_templates(app, link="{{ clerk_sign_in_url() }}")
    app.add_url_rule("/link", "link", lambda: render_template("link"))
    response = visit(app, "/link", **cookie(Token(sign)(sts="pending")))
    assert urlsplit(response.text).path == "/sign-in/tasks"


# --- who is sent, and who is not -------------------------------------------------------------


def test_apis_keep_their_401(public_pem: str) -> None:
    response = visit(app_with(public_pem), "/guarded", **NAVIGATION)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_decorator_sends_a_navigation_to_sign_in(method: str, public_pem: str) -> None:
    response = visit(app_with(public_pem), "/page?x=1", method, **NAVIGATION)
    url, query = target(response)
    assert url == f"{PORTAL}/sign-in"
    assert query["redirect_url"] == (f"{APP}/page?x=1" if method == "GET" else f"{APP}/")
    assert response.headers["Cache-Control"] == "private"
    assert {"Cookie", "Authorization"} <= set(response.vary)


def test_setting_sends_every_guarded_navigation_but_those_that_say_no(public_pem: str) -> None:
    app = app_with(public_pem, redirect_to_sign_in=True)
    assert target(visit(app, "/guarded", **NAVIGATION))[0] == f"{PORTAL}/sign-in"
    assert visit(app, "/api", **NAVIGATION).status_code == 401


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", {"HX-Request": "true", **NAVIGATION}, id="htmx"),
        pytest.param("GET", {"HX-Request": "true", "HX-Boosted": "true"}, id="boosted htmx"),
        pytest.param("GET", {"X-Requested-With": "XMLHttpRequest", **NAVIGATION}, id="xhr"),
        pytest.param("GET", {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}, id="fetch"),
        pytest.param("GET", {"Accept": "application/json"}, id="json"),
        pytest.param("GET", {"Accept": "*/*"}, id="curl"),
        pytest.param("GET", {}, id="nothing said"),
        pytest.param("POST", NAVIGATION, id="form"),
        pytest.param("PUT", NAVIGATION, id="put"),
    ],
)
def test_script_or_form_is_never_redirected(
    method: str, headers: dict[str, str], public_pem: str
) -> None:
    """A script would follow into a page, and a form's fields would be lost on the way."""
    app = app_with(public_pem, redirect_to_sign_in=True)
    response = visit(app, "/guarded", method, **headers)
    assert (response.status_code, response.headers.get("Location")) == (401, None)


def test_signed_in_navigation_is_not_sent_anywhere(public_pem: str, sign: Signer) -> None:
    response = visit(app_with(public_pem), "/page", **NAVIGATION, **cookie(Token(sign)()))
    assert (response.status_code, response.text) == (200, "secret")


def test_pending_navigation_is_sent_to_its_tasks(public_pem: str, sign: Signer) -> None:
    pending = cookie(Token(sign)(sts="pending"))
    response = visit(app_with(public_pem), "/page", **NAVIGATION, **pending)
    assert target(response)[0] == f"{PORTAL}/sign-in/tasks"


def test_other_frameworks_request_is_decided_by_method_url_and_headers(
    public_pem: str, sign: Signer
) -> None:
    app = app_with(public_pem)

    class Request:
        method = "GET"
        url = f"{APP}/x"
        headers = {"Authorization": f"Bearer {Token(sign)()}"}

    with app.app_context():
        assert Clerk().authenticate_request(Request()).is_signed_in
        Request.headers = {}
        assert Clerk().authenticate_request(Request()).location is None
