"""What a refused request is answered, and what every answer says to caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Response
from flask import abort
from flask import g
from flask import make_response
from flask import redirect
from flask import session
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from flask_clerk import Clerk
from flask_clerk import Forbidden
from flask_clerk import ReverificationRequired
from flask_clerk import Unauthenticated
from flask_clerk import auth
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_reverification
from flask_clerk import require_role
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import cookie
from tests.visitors import make_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NAVIGATION = {**BROWSER, "Sec-Fetch-Dest": "document"}
INVALID_TOKEN = (
    'Bearer error="invalid_token", error_description="The access token provided is expired, '
    'revoked, malformed, or invalid for other reasons."'
)


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
    app.add_url_rule("/reads", "reads", lambda: str(g.auth.user_id))
    app.add_url_rule("/page", "page", require_auth(lambda: "secret"), methods=["GET", "POST"])
    app.add_url_rule("/role", "role", require_role("org:admin")(lambda: "secret"))
    app.add_url_rule("/claim", "claim", require_claim("role", "admin")(lambda: "secret"))
    app.add_url_rule("/strict", "strict", require_reverification()(lambda: "secret"))


def get(app: Flask, path: str, *headers: dict[str, str], method: str = "GET") -> TestResponse:
    merged = {name: value for each in headers for name, value in each.items()}
    return app.test_client(use_cookies=False).open(path, method=method, headers=merged)


# 401


def forged(token: Token) -> str:
    return token()[:-8] + "AAAAAAAA"


@pytest.mark.parametrize(
    ("headers", "reason", "challenge"),
    [
        (lambda token: {}, "session-token-and-uat-missing", "Bearer"),
        (
            lambda token: {"Authorization": "Basic dXNlcjpwYXNz"},
            "session-token-and-uat-missing",
            "Bearer",
        ),
        (
            lambda token: bearer(token.expired()),
            "session-token-expired-refresh-non-eligible-no-refresh-cookie",
            INVALID_TOKEN,
        ),
        (lambda token: bearer(forged(token)), "token-invalid-signature", INVALID_TOKEN),
        (lambda token: bearer("nonsense"), "token-invalid", INVALID_TOKEN),
        (lambda token: bearer(token(sub=3)), "token-verification-failed", INVALID_TOKEN),
        (lambda token: bearer(token(sts="pending")), "session-pending", INVALID_TOKEN),
        (lambda token: bearer("ak_live_123"), "token-invalid", INVALID_TOKEN),
    ],
    ids=[
        "no-token",
        "another-scheme",
        "expired",
        "forged",
        "nonsense",
        "wrong-claim",
        "pending",
        "api-key",
    ],
)
def test_a_401_says_why_and_challenges(
    headers: Callable[[Token], dict[str, str]],
    reason: str,
    challenge: str,
    app: Flask,
    token: Token,
) -> None:
    response = get(app, "/page", headers(token))
    assert response.status_code == 401
    assert response.headers.getlist("WWW-Authenticate") == [challenge]
    assert response.headers.getlist("X-Clerk-Auth-Status") == ["signed-out"]
    assert response.headers.getlist("X-Clerk-Auth-Reason") == [reason]
    assert response.headers["Cache-Control"] == "private"
    assert response.vary.to_header() == "Cookie, Authorization"
    assert response.mimetype == "application/json"
    assert response.get_json() == {
        "errors": [
            {
                "code": "authentication_invalid",
                "message": "Unauthorized",
                "long_message": "Sign in to see this.",
                "meta": {"reason": reason},
            }
        ]
    }


def test_every_reason_with_a_sentence_sends_it_once(app: Flask, token: Token) -> None:
    for sent, sentence in (
        (forged(token), "The token's signature is not valid."),
        (token.expired(), "The session token has expired."),
        (token(sts="pending"), "The session still has tasks to complete."),
    ):
        response = get(app, "/page", bearer(sent))
        assert response.headers.getlist("X-Clerk-Auth-Message") == [sentence]
    assert "X-Clerk-Auth-Message" not in get(app, "/page").headers


def test_a_refusal_tells_a_forger_no_more_than_the_reason(public_pem: str, token: Token) -> None:
    app = make_app(public_pem, authorized_parties=["https://hidden.example"], audience="hidden-aud")
    add_views(app)
    for sent in (token(azp="https://evil.example"), token(aud="other"), forged(token)):
        response = get(app, "/page", bearer(sent))
        assert response.status_code == 401
        assert "hidden" not in response.text + str(response.headers)
        assert sent not in response.text + str(response.headers)


def test_a_pending_session_may_count_as_signed_in(public_pem: str, token: Token) -> None:
    app = make_app(public_pem, treat_pending_as_signed_out=False)
    add_views(app)
    pending = bearer(token(sts="pending"))
    assert get(app, "/page", pending).text == "secret"
    assert get(app, "/reads", pending).text == "user_1"


def test_a_pending_session_is_nobody_and_says_so(app: Flask, token: Token) -> None:
    app.add_url_rule(
        "/status", view_func=lambda: [g.auth.reason, g.auth.session_status, g.auth.user_id]
    )
    response = get(app, "/status", bearer(token(sts="pending")))
    assert response.get_json() == ["session-pending", "pending", None]


# 403


def test_a_403_names_no_condition(app: Flask, token: Token) -> None:
    for path in ("/role", "/claim"):
        response = get(app, path, bearer(token()))
        assert response.status_code == 403
        assert "WWW-Authenticate" not in response.headers
        assert "X-Clerk-Auth-Reason" not in response.headers
        assert response.headers["Cache-Control"] == "private"
        assert response.vary.to_header() == "Cookie, Authorization"
        assert response.get_json() == {
            "errors": [
                {
                    "code": "authorization_invalid",
                    "message": "Forbidden",
                    "long_message": "You may not see this.",
                    "meta": {"reason": "condition-not-met"},
                }
            ]
        }


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("strict", "strict"),
        ("lax", "lax"),
        (
            {"level": "second_factor", "after_minutes": 3},
            {"level": "second_factor", "afterMinutes": 3},
        ),
    ],
    ids=["strict", "lax", "mapping"],
)
def test_reverification_is_asked_for_in_the_words_of_clerk_js(
    asked: Any, shown: Any, app: Flask, token: Token
) -> None:
    app.add_url_rule("/verify", view_func=require_reverification(asked)(lambda: "secret"))
    response = get(app, "/verify", bearer(token(fva=[9999, 9999])))
    assert response.status_code == 403
    assert response.get_json() == {
        "clerk_error": {
            "type": "forbidden",
            "reason": "reverification-error",
            "metadata": {"reverification": shown},
        }
    }


def test_a_body_that_is_asked_for_outside_of_a_request_is_json() -> None:
    answer = ReverificationRequired("strict").get_response()
    assert answer.mimetype == "application/json"


# JSON or HTML


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        (BROWSER["Accept"], "text/html"),
        ("text/html", "text/html"),
        ("text/*", "text/html"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html, application/json;q=0.5", "text/html"),
        ("text/html, application/json", "application/json"),
        ("image/png", "application/json"),
        ("text/html;q=nonsense", "text/html"),
        ("nonsense", "application/json"),
        (";;;,,,", "application/json"),
        ("text/html" * 5000, "application/json"),
    ],
)
def test_a_client_that_prefers_html_gets_a_page(
    accept: str | None, mimetype: str, app: Flask, token: Token
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    for path, status, sign_in in (
        ("/page", 401, {}),
        ("/role", 403, bearer(token())),
        ("/strict", 403, bearer(token(fva=[99, 99]))),
    ):
        response = get(app, path, headers, sign_in)
        assert response.status_code == status
        # "nonsense" with a bad weight is Werkzeug's to read: either body is an answer.
        if "q=nonsense" not in (accept or ""):
            assert response.mimetype == mimetype
        assert ("<!doctype html>" in response.text) is (response.mimetype == "text/html")
    assert get(app, "/page", headers).headers["WWW-Authenticate"] == "Bearer"


def test_a_head_is_refused_without_a_body(app: Flask) -> None:
    response = get(app, "/page", method="HEAD")
    assert (response.status_code, response.text) == (401, "")
    assert response.headers["X-Clerk-Auth-Reason"] == "session-token-and-uat-missing"


# The app's own pages


def assert_is_refusal(response: TestResponse, text: str) -> None:
    assert (response.status_code, response.text) == (401, text)
    assert response.headers.getlist("WWW-Authenticate") == ["Bearer"]
    assert response.headers["X-Clerk-Auth-Reason"] == "session-token-and-uat-missing"
    assert response.headers["Cache-Control"] == "private"


@pytest.mark.parametrize("handled", [401, Unauthenticated, HTTPException], ids=str)
def test_an_error_handler_answers_instead(handled: Any, app: Flask, token: Token) -> None:
    @app.errorhandler(handled)
    def page(error: HTTPException) -> tuple[str, int]:
        assert isinstance(error, Unauthenticated)
        assert error.reason == auth.reason
        return f"my page: {error.reason}", 401

    assert_is_refusal(get(app, "/page"), "my page: session-token-and-uat-missing")
    assert get(app, "/page", bearer(forged(token))).headers["WWW-Authenticate"] == INVALID_TOKEN


@pytest.mark.parametrize("handled", [403, Forbidden], ids=str)
def test_an_error_handler_for_403_answers_instead(handled: Any, app: Flask, token: Token) -> None:
    app.register_error_handler(handled, lambda error: (f"no, {type(error).__name__}", 403))
    assert get(app, "/role", bearer(token())).text == "no, Forbidden"
    assert get(app, "/strict", bearer(token(fva=[99, 99]))).text == "no, ReverificationRequired"


def test_a_handler_for_reverification_alone_leaves_other_refusals(app: Flask, token: Token) -> None:
    app.register_error_handler(ReverificationRequired, lambda error: (f"{error.required}", 403))
    assert get(app, "/strict", bearer(token(fva=[99, 99]))).text == "strict"
    assert get(app, "/role", bearer(token())).get_json()["errors"]


def test_a_blueprints_handler_answers_for_its_own_views(app: Flask) -> None:
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")
    blueprint.register_error_handler(401, lambda error: ("the blueprint's page", 401))
    blueprint.add_url_rule("/page", view_func=require_auth(lambda: "secret"))
    app.register_blueprint(blueprint)
    assert_is_refusal(get(app, "/admin/page"), "the blueprint's page")
    assert get(app, "/page").is_json


def test_a_handlers_own_response_keeps_what_it_says(app: Flask) -> None:
    def page(error: HTTPException) -> Response:
        headers = {"X-Own": "yes", "Vary": "Accept", "Cache-Control": "no-store"}
        return Response("mine", 401, headers)

    app.register_error_handler(Unauthenticated, page)
    response = get(app, "/page")
    assert (response.text, response.headers["X-Own"]) == ("mine", "yes")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.vary.to_header() == "Accept, Cookie, Authorization"
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_handler_that_redirects_sends_no_challenge(app: Flask) -> None:
    app.register_error_handler(Unauthenticated, lambda error: redirect("/sign-in"))
    response = get(app, "/page")
    assert (response.status_code, response.location) == (302, "/sign-in")
    assert "WWW-Authenticate" not in response.headers
    assert response.headers["X-Clerk-Auth-Reason"] == "session-token-and-uat-missing"
    assert response.headers["Cache-Control"] == "private"


def test_a_handler_that_copies_flasks_documentation_works(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def as_json(error: HTTPException) -> Any:
        response = error.get_response()
        response.data = f'{{"code": {error.code}}}'
        response.content_type = "application/json"
        return response

    response = get(app, "/page", BROWSER)
    assert (response.status_code, response.get_json()) == (401, {"code": 401})
    assert response.headers.getlist("WWW-Authenticate") == ["Bearer"]


def test_a_view_that_raises_unauthenticated_itself_is_answered_alike(
    app: Flask, token: Token
) -> None:
    def refuse() -> str:
        raise Unauthenticated("Enter the code.", reason="code-missing")

    app.add_url_rule("/code", view_func=refuse)
    for headers in ({}, BROWSER):
        response = get(app, "/code", bearer(token()), headers)
        assert response.status_code == 401
        assert response.headers.getlist("WWW-Authenticate") == ["Bearer"]
        assert "Enter the code." in response.text


def test_an_apps_own_401_carries_no_challenge_of_ours(app: Flask, token: Token) -> None:
    app.add_url_rule("/own", view_func=lambda: abort(401))
    assert "WWW-Authenticate" not in get(app, "/own", bearer(token())).headers


# Redirects to sign in


@pytest.fixture
def site(public_pem: str) -> Flask:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY, redirect_to_sign_in=True)
    add_views(app)
    never = require_auth(redirect=False)(lambda: "secret")
    app.add_url_rule("/never", "never", never)
    return app


SIGN_IN = "https://accounts.example.com/sign-in?redirect_url=http%3A%2F%2Flocalhost%2Fpage"


def test_a_navigation_is_sent_to_sign_in_and_back(site: Flask) -> None:
    for method in ("GET", "HEAD"):
        response = get(site, "/page", NAVIGATION, method=method)
        assert response.status_code == 302
    assert get(site, "/page", NAVIGATION).location == SIGN_IN
    response = get(site, "/page", BROWSER)
    assert response.location == SIGN_IN
    assert "WWW-Authenticate" not in response.headers
    assert response.headers["Cache-Control"] == "private"
    assert response.vary.to_header() == "Cookie, Authorization"


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/page", "POST", NAVIGATION),
        ("/page", "GET", {}),
        ("/page", "GET", {"Accept": "application/json"}),
        ("/page", "GET", {**BROWSER, "Sec-Fetch-Dest": "empty"}),
        ("/page", "GET", {**BROWSER, "X-Requested-With": "XMLHttpRequest"}),
        ("/page", "GET", {**BROWSER, "HX-Request": "true"}),
        ("/never", "GET", NAVIGATION),
    ],
    ids=["post", "no-accept", "json", "fetch", "xhr", "htmx", "redirect=False"],
)
def test_nothing_but_a_navigation_is_redirected(
    path: str, method: str, headers: dict[str, str], site: Flask
) -> None:
    response = get(site, path, headers, method=method)
    assert response.status_code == 401
    assert "Location" not in response.headers
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_one_view_can_ask_for_the_redirect(public_pem: str) -> None:
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    app.add_url_rule("/page", "page", require_auth(redirect=True)(lambda: "secret"))
    app.add_url_rule("/other", "other", require_auth(lambda: "secret"))
    assert get(app, "/page", NAVIGATION).location == SIGN_IN
    assert get(app, "/other", NAVIGATION).status_code == 401


def test_a_signed_in_session_without_permission_is_not_sent_to_sign_in(
    site: Flask, token: Token
) -> None:
    response = get(site, "/role", NAVIGATION, cookie(token()))
    assert response.status_code == 403


def test_a_pending_session_is_sent_to_its_tasks(site: Flask, token: Token) -> None:
    response = get(site, "/page", NAVIGATION, cookie(token(sts="pending")))
    assert response.status_code == 302
    assert response.location == SIGN_IN.replace("/sign-in?", "/sign-in/tasks?")


def test_views_redirect_by_themselves(site: Flask) -> None:
    site.add_url_rule("/in", "in", lambda: g.auth.redirect_to_sign_in())
    site.add_url_rule("/up", "up", lambda: g.auth.redirect_to_sign_up("/welcome"))
    site.add_url_rule("/evil", "evil", lambda: g.auth.redirect_to_sign_in("https://evil.example/"))
    assert get(site, "/in").location == SIGN_IN.replace("page", "in")
    assert get(site, "/up").location.endswith(
        "/sign-up?redirect_url=http%3A%2F%2Flocalhost%2Fwelcome"
    )
    assert "evil.example" not in get(site, "/evil").location


# Handshakes


def test_a_handshake_is_a_307_that_no_cache_keeps(site: Flask, token: Token) -> None:
    called: list[int] = []

    @site.get("/watched")
    def watched() -> str:
        called.append(1)
        return ""

    response = get(site, "/watched", NAVIGATION, {"Cookie": f"__session={token()}"})
    assert (response.status_code, response.text) == (307, "")
    assert response.location.startswith("https://clerk.example.com/v1/client/handshake?")
    assert response.headers.getlist("Location") == [response.location]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Clerk-Auth-Status"] == "handshake"
    assert response.headers["X-Clerk-Auth-Reason"] == "session-token-but-no-client-uat"
    assert "__clerk_redirect_count=1" in response.headers["Set-Cookie"]
    assert not called


def test_a_handshake_comes_before_404_and_not_before_static_files(
    public_pem: str, token: Token, tmp_path: Any
) -> None:
    (tmp_path / "style.css").write_text("body {}")
    app = make_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    app.static_folder = tmp_path
    app.add_url_rule("/static/<path:filename>", "static", app.send_static_file)
    held = {"Cookie": f"__session={token()}"}
    assert get(app, "/missing", NAVIGATION, held).status_code == 307
    response = get(app, "/static/style.css", NAVIGATION, held)
    assert response.status_code == 200
    response.close()


def test_the_cookies_of_a_handshake_join_those_of_the_view_and_are_private(
    site: Flask, token: Token, sign: Signer
) -> None:
    @site.get("/own")
    def own_cookie() -> Response:
        response = make_response("own")
        response.set_cookie("own", "1")
        return response

    lines = [f"__session={token()}; Path=/", "__client_uat=1; Path=/"]
    brought = sign({"handshake": lines})
    response = get(site, "/own", {"Cookie": f"__clerk_handshake={brought}"})
    assert (response.status_code, response.text) == (200, "own")
    assert response.headers.getlist("Set-Cookie")[:3] == ["own=1; Path=/", *lines]
    assert response.headers["Cache-Control"] == "private"


# Caches


@pytest.mark.parametrize("signed_in", [False, True])
def test_an_answer_that_depends_on_the_session_is_private(
    signed_in: bool, app: Flask, token: Token
) -> None:
    app.add_url_rule("/proxy", "proxy", lambda: "in" if auth else "out")
    headers = bearer(token()) if signed_in else {}
    for path in ("/reads", "/page", "/proxy"):
        response = get(app, path, headers)
        assert response.headers["Cache-Control"] == "private"
        assert response.vary.to_header() == "Cookie, Authorization"


@pytest.mark.parametrize("signed_in", [False, True])
def test_an_answer_that_depends_on_the_user_is_private(
    signed_in: bool, public_pem: str, token: Token
) -> None:
    app = Flask("own", static_folder=None)
    app.testing = True
    Clerk(app, jwt_key=public_pem).user_loader(lambda user_id: f"the user {user_id}")
    app.add_url_rule("/user", "user", lambda: str(g.auth.user))
    response = get(app, "/user", bearer(token()) if signed_in else {})
    assert response.text == ("the user user_1" if signed_in else "None")
    assert response.headers["Cache-Control"] == "private"


def test_an_answer_that_depends_on_nobody_says_nothing(app: Flask, token: Token) -> None:
    response = get(app, "/open", bearer(token()))
    assert "Cache-Control" not in response.headers
    assert "Vary" not in response.headers


def test_an_open_answer_to_nobody_varies_by_its_headers_alone(app: Flask) -> None:
    """Clerk's debug headers differ from visitor to visitor; the page does not."""
    response = get(app, "/open")
    assert response.headers["X-Clerk-Auth-Status"] == "signed-out"
    assert response.vary.to_header() == "Cookie, Authorization"
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("own", ["private, max-age=60", "no-store", "no-cache, private"])
def test_a_views_own_cache_control_stays(own: str, app: Flask, token: Token) -> None:
    @app.get("/own")
    @require_auth
    def own_page() -> Response:
        response = make_response(f"for {g.auth.user_id}")
        response.headers["Cache-Control"] = own
        response.vary.add("Accept-Language")
        return response

    response = get(app, "/own", bearer(token()))
    assert response.headers.getlist("Cache-Control") == [own]
    assert response.vary.to_header() == "Accept-Language, Cookie, Authorization"


def test_flasks_session_and_our_vary_get_along(app: Flask, token: Token) -> None:
    app.secret_key = "not a secret"

    @app.get("/count")
    def count() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(g.auth.user_id)

    response = get(app, "/count", bearer(token()))
    assert {name.lower() for name in response.vary} == {"cookie", "authorization"}


def test_error_pages_of_a_signed_in_session_are_private(app: Flask, token: Token) -> None:
    app.register_error_handler(404, lambda error: (f"nothing here, {g.auth.user_id}", 404))
    response = get(app, "/missing", bearer(token()))
    assert response.text == "nothing here, user_1"
    assert response.headers["Cache-Control"] == "private"


@pytest.mark.parametrize(
    "own", ["public, max-age=60", "PUBLIC, max-age=60", "s-maxage=9, max-age=60", "max-age=60"]
)
def test_a_page_that_depends_on_the_session_is_never_public(
    own: str, app: Flask, token: Token
) -> None:
    @app.get("/file")
    @require_auth
    def download() -> Response:
        response = make_response("the books")
        response.headers["Cache-Control"] = own
        return response

    policy = get(app, "/file", bearer(token())).headers["Cache-Control"]

    assert sorted(policy.split(", ")) == ["max-age=60", "private"]
