"""``Clerk``: one app or several, their settings, and what they do not share."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Response
from flask import g
from flask import request
from flask.ctx import _AppCtxGlobals
from joserfc.jwk import RSAKey
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import auth
from flask_clerk import require_auth
from flask_clerk.globals import clerk_of
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import cookie
from tests.visitors import make_app


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


@pytest.fixture(scope="session")
def other_keys() -> RSAKey:
    """Return the signing key of another tenant, whose ``kid`` is the same."""
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key


@pytest.fixture(scope="session")
def other_pem(other_keys: RSAKey) -> str:
    return other_keys.as_pem(private=False).decode("ascii")


@pytest.fixture(scope="session")
def other_token(sign: Signer, other_keys: RSAKey) -> Token:
    def sign_as_other(claims: Any) -> str:
        return sign(claims, key=other_keys)

    return Token(sign_as_other)  # type: ignore[arg-type]


def who() -> str:
    return g.auth.user_id or "nobody"


def add_who(app: Flask) -> Flask:
    app.add_url_rule("/who", view_func=who, methods=["GET", "POST"])
    return app


def plain_app(**config: Any) -> Flask:
    app = Flask("plain", static_folder=None)
    app.config.update(config, TESTING=True)
    return add_who(app)


# One app


def test_a_request_goes_as_it_ends_and_its_auth_may_stay(public_pem: str, token: Token) -> None:
    """What holds a request in a circle would wait for the garbage collector, token and all."""
    app = add_who(plain_app())
    clerk = Clerk(app, jwt_key=public_pem, publishable_key=PUBLISHABLE_KEY)
    requests: list[Any] = []
    auths: list[Any] = []
    clerk.user_loader(lambda user_id: f"the user {user_id}")

    @app.after_request
    def look(response: Response) -> Response:
        requests.append(weakref.ref(request._get_current_object()))  # type: ignore[attr-defined]
        return response

    @app.get("/kept")
    def keep() -> str:
        auths.append(auth._get_current_object())  # type: ignore[attr-defined]
        return "kept"

    sent = token()
    gc.collect()
    gc.disable()
    try:
        for path in ("/kept", "/kept"):
            answer = app.test_client().get(path, headers=bearer(sent))
            assert answer.status_code == 200
            del answer
        assert [each() for each in requests] == [None, None]
    finally:
        gc.enable()
    for kept in auths:
        assert (kept.user_id, kept.get_token()) == ("user_1", sent)
        with app.app_context():
            assert kept.user == "the user user_1"
    remembered = auths[-1]
    with pytest.raises(RuntimeError, match="The request is over"):
        remembered.redirect_to_sign_in()  # nobody had asked for the URL while it lasted


def by_constructor(app: Flask, pem: str) -> None:
    Clerk(app, jwt_key=pem)


def by_init_app(app: Flask, pem: str) -> None:
    Clerk(jwt_key=pem).init_app(app)


def by_init_app_with_settings(app: Flask, pem: str) -> None:
    Clerk(jwt_key="replaced").init_app(app, jwt_key=pem)


def by_config(app: Flask, pem: str) -> None:
    app.config["CLERK_JWT_KEY"] = pem
    Clerk(app)


@pytest.mark.parametrize(
    "initialise", [by_constructor, by_init_app, by_init_app_with_settings, by_config]
)
def test_every_request_knows_who_is_there(initialise: Any, public_pem: str, token: Token) -> None:
    app = plain_app(CLERK_PUBLISHABLE_KEY=PUBLISHABLE_KEY)
    initialise(app, public_pem)
    client = app.test_client(use_cookies=False)

    assert client.get("/who").text == "nobody"
    assert client.get("/who", headers=bearer(token())).text == "user_1"
    assert client.get("/who", headers=cookie(token(sub="user_2"))).text == "user_2"
    assert client.get("/who").text == "nobody"


@pytest.mark.parametrize(
    ("arguments", "config", "environ", "expected"),
    [
        ({"clock_skew": 1}, {"CLERK_CLOCK_SKEW": 2}, "3", 1),
        ({}, {"CLERK_CLOCK_SKEW": 2}, "3", 2),
        ({}, {}, "3", 3),
        ({}, {}, None, 5),
        ({"clock_skew": None}, {"CLERK_CLOCK_SKEW": ""}, "3", 3),
        ({"clock_skew": 0}, {"CLERK_CLOCK_SKEW": 2}, "3", 0),
    ],
    ids=["argument", "app.config", "environment", "default", "empty-is-unset", "zero-is-set"],
)
def test_settings_come_from_arguments_then_config_then_environment(
    arguments: dict[str, Any],
    config: dict[str, Any],
    environ: str | None,
    expected: float,
    public_pem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CLERK_CLOCK_SKEW", raising=False)
    if environ is not None:
        monkeypatch.setenv("CLERK_CLOCK_SKEW", environ)
    app = plain_app(**config)
    clerk = Clerk(app, jwt_key=public_pem, **arguments)
    with app.app_context():
        assert clerk.instance.config.clock_skew == expected


def test_settings_of_an_app_win_over_those_of_the_constructor(public_pem: str) -> None:
    clerk = Clerk(jwt_key=public_pem, clock_skew=1, jwks_ttl=7)
    app = plain_app()
    clerk.init_app(app, clock_skew=2)
    config = clerk_of(app).instance.config
    assert (config.clock_skew, config.jwks_ttl) == (2, 7)


def test_a_misspelt_setting_warns_with_the_nearest_name(public_pem: str) -> None:
    app = plain_app(CLERK_PUBLISHABEL_KEY=PUBLISHABLE_KEY)
    with pytest.warns(UserWarning, match="did you mean CLERK_PUBLISHABLE_KEY"):
        Clerk(app, jwt_key=public_pem)


@pytest.mark.parametrize("again", ["the same Clerk", "another Clerk"])
def test_a_second_initialisation_is_refused(again: str, public_pem: str, token: Token) -> None:
    app = plain_app()
    clerk = Clerk(app, jwt_key=public_pem)
    second = clerk if again == "the same Clerk" else Clerk(jwt_key=public_pem)
    with pytest.raises(RuntimeError, match="initialise it once"):
        second.init_app(app)
    assert app.test_client(use_cookies=False).get("/who", headers=bearer(token())).text == "user_1"


def test_a_failed_initialisation_leaves_the_app_as_it_was(public_pem: str, token: Token) -> None:
    app = plain_app()
    hooks, globals_class = dict(app.before_request_funcs), app.app_ctx_globals_class
    with pytest.raises(ConfigurationError, match="CLERK_CLOCK_SKEW"):
        Clerk(app, jwt_key=public_pem, clock_skew="soon")
    assert (dict(app.before_request_funcs), app.app_ctx_globals_class) == (hooks, globals_class)
    assert not app.blueprints
    assert not app.extensions

    Clerk(app, jwt_key=public_pem)
    assert app.test_client(use_cookies=False).get("/who", headers=bearer(token())).text == "user_1"


@pytest.mark.parametrize(
    "use",
    [
        lambda: auth.user_id,
        lambda: Clerk().instance,
        lambda: Clerk().authenticate_request(request),
        require_auth(lambda: "secret"),
    ],
    ids=["auth", "instance", "authenticate_request", "guarded-view"],
)
def test_an_app_without_clerk_says_what_to_call(use: Any) -> None:
    app = plain_app()
    with app.test_request_context(), pytest.raises(RuntimeError, match=r"clerk\.init_app\(app\)"):
        use()


def test_a_guarded_view_outside_of_a_request_is_not_called(public_pem: str) -> None:
    called: list[int] = []

    @require_auth
    def view() -> None:
        called.append(1)

    with pytest.raises(RuntimeError, match="outside of a request"):
        view()
    with make_app(public_pem).app_context(), pytest.raises(RuntimeError, match="outside"):
        view()
    assert not called


def test_an_apps_own_globals_class_stays_in_place(public_pem: str, token: Token) -> None:
    class Globals(_AppCtxGlobals):
        def shout(self) -> str:
            return "HELLO"

    app = plain_app()
    app.app_ctx_globals_class = Globals
    Clerk(app, jwt_key=public_pem)
    app.add_url_rule("/shout", view_func=lambda: f"{g.shout()} {g.auth.user_id}")
    assert (
        app.test_client(use_cookies=False).get("/shout", headers=bearer(token())).text
        == "HELLO user_1"
    )


def test_clerk_can_be_initialised_inside_an_application_context(
    public_pem: str, token: Token
) -> None:
    app = plain_app()
    with app.app_context():
        Clerk(app, jwt_key=public_pem)
        assert not g.auth.is_signed_in
        client = app.test_client(use_cookies=False)
        assert client.get("/who", headers=bearer(token())).text == "user_1"
        assert not g.auth.is_signed_in
        assert client.get("/who").text == "nobody"


def test_reprs_show_no_key(public_pem: str) -> None:
    app = plain_app()
    Clerk(app, jwt_key=public_pem, publishable_key=PUBLISHABLE_KEY, secret_key="sk_live_secret")
    shown = repr(app.extensions) + repr(clerk_of(app).instance.config)
    assert "<AppClerk of <Instance clerk.example.com>>" in shown
    assert "secret_key=" not in shown
    assert "sk_live" not in shown


def test_a_name_that_is_already_taken_stops_init_app(public_pem: str) -> None:
    app = plain_app()
    app.register_blueprint(Blueprint("flask_clerk", __name__))
    with pytest.raises(ValueError, match="flask_clerk"):
        Clerk(app, jwt_key=public_pem)


# Several apps


def test_one_clerk_serves_apps_with_instances_of_their_own(
    public_pem: str, other_pem: str, token: Token, other_token: Token
) -> None:
    clerk = Clerk()
    apps = []
    for pem in (public_pem, other_pem):
        app = plain_app(CLERK_JWT_KEY=pem)
        clerk.init_app(app)
        apps.append(app)
    ours, theirs = (app.test_client(use_cookies=False) for app in apps)
    # Interleaved, so that whatever one app remembers would be there for the other.
    for _ in range(2):
        assert ours.get("/who", headers=bearer(token())).text == "user_1"
        assert theirs.get("/who", headers=bearer(token())).text == "nobody"
        assert theirs.get("/who", headers=bearer(other_token(sub="user_9"))).text == "user_9"
        assert ours.get("/who", headers=bearer(other_token(sub="user_9"))).text == "nobody"
    with apps[0].app_context():
        first = clerk.instance
    with apps[1].app_context():
        assert clerk.instance is not first


@pytest.fixture
def outer(public_pem: str) -> Flask:
    return add_who(make_app(public_pem))


@pytest.fixture
def inner(other_pem: str) -> Flask:
    app = add_who(make_app(other_pem))
    app.add_url_rule("/guarded", view_func=require_auth(lambda: "inner secret"))
    return app


def test_a_mounted_app_believes_its_own_instance_only(
    outer: Flask, inner: Flask, token: Token, other_token: Token
) -> None:
    client = Client(DispatcherMiddleware(outer, {"/inner": inner}))
    assert client.get("/who", headers=bearer(token())).text == "user_1"
    assert client.get("/inner/who", headers=bearer(token())).text == "nobody"
    assert client.get("/inner/guarded", headers=bearer(token())).status_code == 401
    assert client.get("/inner/guarded", headers=bearer(other_token())).text == "inner secret"
    assert client.get("/who", headers=bearer(other_token())).text == "nobody"


@pytest.mark.parametrize("reads_first", [True, False])
def test_an_app_called_inside_a_view_shares_the_environ_but_no_identity(
    reads_first: bool, outer: Flask, inner: Flask, token: Token, other_token: Token
) -> None:
    @outer.get("/around/<path:path>")
    def around(path: str) -> str:
        before = who() if reads_first else "unread"
        environ = {**request.environ, "PATH_INFO": f"/{path}"}
        answer = Response.from_app(inner, environ, buffered=True)
        return f"{before}, {answer.status_code} {answer.get_data(as_text=True)}, {who()}"

    @outer.get("/guarded")
    def same_environ() -> Any:
        return Response.from_app(inner, request.environ, buffered=True)

    client = outer.test_client(use_cookies=False)
    before = "user_1" if reads_first else "unread"
    expected = f"{before}, 200 nobody, user_1"
    assert client.get("/around/who", headers=bearer(token())).text == expected
    assert client.get("/guarded", headers=bearer(token())).status_code == 401
    before = "nobody" if reads_first else "unread"
    answer = client.get("/around/who", headers=bearer(other_token(sub="user_9"))).text
    assert answer == f"{before}, 200 user_9, nobody"


def test_another_apps_context_inside_a_request_shares_no_identity(
    outer: Flask, inner: Flask, token: Token, other_token: Token
) -> None:
    @outer.get("/across")
    def across() -> str:
        with inner.app_context():
            there = who()
        return f"{there}, {who()}"

    client = outer.test_client(use_cookies=False)
    assert client.get("/across", headers=bearer(token())).text == "nobody, user_1"
    assert client.get("/across", headers=bearer(other_token())).text.endswith(", nobody")


def test_a_look_from_another_apps_context_decides_nothing_for_this_app(
    outer: Flask, inner: Flask, token: Token, other_token: Token
) -> None:
    """An inner app's verdict was kept with the request, and the outer app believed it."""

    @outer.url_value_preprocessor
    def look(endpoint: str | None, values: dict[str, Any] | None) -> None:
        with inner.app_context():
            who()

    client = outer.test_client(use_cookies=False)
    assert client.get("/who", headers=bearer(other_token(sub="user_9"))).text == "nobody"
    assert client.get("/who", headers=bearer(token())).text == "user_1"


# Any request


@dataclass
class ForeignRequest:
    """A request of another framework, whose URL is an object of its own."""

    headers: dict[str, str]
    method: str = "GET"
    url: Any = field(default="https://app.example.com/page?a=b")


def test_authenticate_request_decides_about_any_request(public_pem: str, token: Token) -> None:
    app = plain_app()
    clerk = Clerk(app, jwt_key=public_pem)
    with app.app_context():
        state = clerk.authenticate_request(ForeignRequest(bearer(token())))
        assert state.is_signed_in
        assert state.to_auth().user_id == "user_1"
        state = clerk.authenticate_request(ForeignRequest({}))
        assert (state.status, state.reason) == ("signed-out", "session-token-and-uat-missing")


def test_authenticate_request_remembers_nothing(public_pem: str, token: Token) -> None:
    app = plain_app()
    clerk = Clerk(app, jwt_key=public_pem)
    with app.test_request_context("/who"):
        assert clerk.authenticate_request(ForeignRequest(bearer(token()))).is_signed_in
        assert not clerk.authenticate_request(request).is_signed_in
        assert not g.auth.is_signed_in


def test_an_auth_object_made_without_a_web_request_cannot_redirect(
    public_pem: str, token: Token
) -> None:
    app = plain_app()
    clerk = Clerk(app, jwt_key=public_pem)
    with app.app_context():
        state = clerk.authenticate_request(ForeignRequest(bearer(token())))
    for attempt in (state.to_auth().redirect_to_sign_in, state.to_auth().redirect_to_sign_up):
        with pytest.raises(RuntimeError, match="outside of a web request"):
            attempt()


# The URL of a request


@pytest.mark.parametrize(
    ("path", "environ", "expected"),
    [
        ("/url", {}, "http://localhost/url"),
        ("/url?a=1&b=%2F%20", {}, "http://localhost/url?a=1&b=%2F%20"),
        ("/url?", {}, "http://localhost/url"),
        ("/url/caf%C3%A9", {}, "http://localhost/url/caf%C3%A9"),
        ("/url/a%20b", {}, "http://localhost/url/a%20b"),
        ("/url/a%3Fb%23c", {}, "http://localhost/url/a%3Fb%23c"),
        ("/url", {"SCRIPT_NAME": "/mounted"}, "http://localhost/mounted/url"),
        ("/url", {"SCRIPT_NAME": "/mounted/"}, "http://localhost/mounted/url"),
        ("/url", {"wsgi.url_scheme": "https"}, "https://localhost/url"),
        ("/url", {"HTTP_HOST": "app.example.com:8000"}, "http://app.example.com:8000/url"),
        (
            "/url",
            {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "evil.example"},
            "http://localhost/url",
        ),
    ],
    ids=[
        "plain",
        "query-as-sent",
        "empty-query",
        "non-ascii",
        "space",
        "escaped-delimiters",
        "mounted",
        "mounted-with-slash",
        "https",
        "host-and-port",
        "forwarded-headers-are-not-believed",
    ],
)
def test_the_url_is_the_one_that_the_browser_sees(
    path: str, environ: dict[str, Any], expected: str, public_pem: str
) -> None:
    assert _url_seen(public_pem, path, environ) == expected


@pytest.mark.parametrize(("hops", "expected"), [(1, "https://app.example.com/pre/url"), (0, None)])
def test_forwarded_headers_count_as_far_as_proxy_fix_trusts_them(
    hops: int, expected: str | None, public_pem: str
) -> None:
    forwarded = {
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "app.example.com",
        "HTTP_X_FORWARDED_PREFIX": "/pre",
    }
    seen = _url_seen(public_pem, "/url", forwarded, trusted_hops=hops)
    assert seen == (expected or "http://localhost/url")


def _url_seen(public_pem: str, path: str, environ: dict[str, Any], *, trusted_hops: int = 0) -> str:
    app = make_app(public_pem)
    seen: list[str] = []

    @app.get("/url")
    @app.get("/url/<path:rest>")
    def url(rest: str = "") -> str:
        seen.append(clerk_of(app).visit_of(request).context.url)
        return ""

    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app,
        x_for=trusted_hops,
        x_proto=trusted_hops,
        x_host=trusted_hops,
        x_prefix=trusted_hops,
    )
    assert (
        app.test_client(use_cookies=False).get(path, environ_overrides=environ).status_code == 200
    )
    return seen[0]


def test_session_claims_are_those_of_the_token(public_pem: str, sign: Signer) -> None:
    app = plain_app()
    Clerk(app, jwt_key=public_pem)
    claims = session_claims(4_000_000_000, iat=1, nbf=1)
    with app.test_request_context(headers=bearer(sign(claims))):
        assert g.auth.session_claims == claims
