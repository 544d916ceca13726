"""Routes for machines: every kind of token at every kind of route, near and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import g
from flask import jsonify
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from flask_clerk import Clerk
from flask_clerk import InsufficientScope
from flask_clerk import authenticated
from flask_clerk import authentication_failed
from flask_clerk import authorization_denied
from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_role
from flask_clerk.core.tokens import JWT_TEMPLATE
from flask_clerk.core.tokens import SESSION_TOKEN
from flask_clerk.core.tokens import TOKEN_TYPES
from flask_clerk.local import LocalClerk
from flask_clerk.testing import ClerkKeys
from flask_clerk.testing import install
from flask_clerk.testing import make_local
from tests.local.instances import ADA
from tests.local.live import serving
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.visitors import bearer
from tests.visitors import make_app

TYPES = (*TOKEN_TYPES, JWT_TEMPLATE)
#: The token types that a route accepts, by its path.
ROUTES = {
    "/session": (SESSION_TOKEN,),
    "/api-key": ("api_key",),
    "/m2m": ("m2m_token",),
    "/oauth": ("oauth_token",),
    "/template": (JWT_TEMPLATE,),
    "/keys-and-clients": ("api_key", "oauth_token"),
    "/people-and-keys": (SESSION_TOKEN, "api_key"),
    "/any": TOKEN_TYPES,
    "/default": (SESSION_TOKEN,),
}


def whoami() -> Callable[[], Any]:
    """Return a new view, since marks stay on the function that they are put on."""
    return lambda: jsonify(type=g.auth.token_type, subject=g.auth.subject, user=g.auth.user_id)


def add_routes(app: Flask) -> None:
    for path, accepts in ROUTES.items():
        guard = require_auth if path == "/default" else require_auth(accepts_token=accepts)
        app.add_url_rule(path, path, guard(whoami()))


def get(app: Flask, path: str, token: str | None = None, **headers: str) -> TestResponse:
    sent = {**headers, **({} if token is None else bearer(token))}
    return app.test_client(use_cookies=False).get(path, headers=sent)


@pytest.fixture(scope="module")
def local(keys: RSAKey) -> Iterator[LocalClerk]:
    clerk = make_local(keys)
    clerk.templates.create({"name": "api", "claims": {"role": "admin"}})
    yield clerk
    clerk.store.close()


@pytest.fixture(scope="module")
def local_tokens(local: LocalClerk) -> dict[str, tuple[str, str]]:
    """Return the type and the text of a good token of every kind, issued by the local Clerk."""
    ada = local.users.find(ADA)
    assert ada is not None
    session = local.sessions.create(ada.id, local.clients.create().id)
    books = local.machines.create("Books")
    importer = local.machines.create("Importer", scoped_machine_ids=[books.id])
    key = local.machines.create_api_key(ada.id, "Nightly", scopes=["invoices:read"])
    oauth = local.machines.create_oauth_token(ada.id, client_id="client_1", scopes=["profile"])
    return {
        "session": (SESSION_TOKEN, local.minting.session_token(session)),
        "api key": ("api_key", key.secret),
        "m2m": ("m2m_token", local.machines.create_m2m_token(importer.id).secret),
        "m2m jwt": ("m2m_token", local.machines.create_m2m_jwt(importer.id)),
        "oauth": ("oauth_token", oauth.secret),
        "template": (JWT_TEMPLATE, local.minting.template_token(session, "api")),
    }


KINDS = ("session", "api key", "m2m", "m2m jwt", "oauth", "template")


@pytest.fixture(scope="module")
def app_beside(local: LocalClerk) -> Flask:
    app = Flask("beside", static_folder=None)
    app.testing = True
    Clerk(app, local=local)
    add_routes(app)
    return app


@pytest.fixture(scope="module")
def app_over_http(app_beside: Flask, local: LocalClerk) -> Iterator[Flask]:
    """Return an app that knows of the local Clerk only what keys and addresses say."""
    with pytest.MonkeyPatch.context() as patch, serving(app_beside) as url:
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        app = Flask("far", static_folder=None)
        app.testing = True
        Clerk(
            app,
            publishable_key=local.publishable_key.value,
            secret_key=local.secret_key.value,
            api_url=f"{url}/__clerk/api",
        )
        add_routes(app)
        yield app


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("place", ["beside", "over_http"])
def test_each_kind_of_token_gets_in_where_it_is_accepted(
    place: str,
    path: str,
    kind: str,
    local_tokens: dict[str, tuple[str, str]],
    request: pytest.FixtureRequest,
) -> None:
    app = request.getfixturevalue(f"app_{place}")
    token_type, token = local_tokens[kind]
    response = get(app, path, token)
    if token_type in ROUTES[path]:
        assert response.status_code == 200
        assert response.json["type"] == token_type
        assert response.json["user" if token_type == SESSION_TOKEN else "subject"]
    else:
        assert response.status_code == 401
        assert response.headers["X-Clerk-Auth-Reason"] in ("token-type-mismatch", "token-invalid")
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
        assert token not in response.text


def test_the_local_clerks_log_names_whose_key_it_was(
    app_beside: Flask, local: LocalClerk, local_tokens: dict[str, tuple[str, str]]
) -> None:
    ada = local.users.find(ADA)
    assert ada is not None
    get(app_beside, "/api-key", local_tokens["api key"][1])
    entry = local.log[-1]
    assert (entry.path, entry.status, entry.user_id) == ("/api-key", "signed-in", ada.id)


def test_a_revoked_key_and_an_unknown_one_are_refused(
    app_beside: Flask, local: LocalClerk, local_tokens: dict[str, tuple[str, str]]
) -> None:
    ada = local.users.find(ADA)
    assert ada is not None
    key = local.machines.create_api_key(ada.id, "Short-lived")
    assert get(app_beside, "/api-key", key.secret).status_code == 200
    local.machines.revoke(key.record.id)
    refused = get(app_beside, "/api-key", key.secret)
    assert (refused.status_code, refused.headers["X-Clerk-Auth-Reason"]) == (401, "token-invalid")
    assert get(app_beside, "/api-key", "ak_made_up").status_code == 401


def test_an_outage_is_a_401_with_a_reason_and_over_when_it_is_over(
    app_over_http: Flask, local: LocalClerk, local_tokens: dict[str, tuple[str, str]]
) -> None:
    _, key = local_tokens["api key"]
    for status in (500, 429):
        local.faults.fail("backend", status, times=1)
        down = get(app_over_http, "/api-key", key)
        assert (down.status_code, down.headers["X-Clerk-Auth-Reason"]) == (401, "unexpected-error")
        assert get(app_over_http, "/api-key", key).status_code == 200


@pytest.fixture
def backend_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Loopback().running() as server:
        yield server


def test_a_flood_of_made_up_keys_costs_no_call_where_keys_are_not_accepted(
    backend_api: Loopback, public_pem: str
) -> None:
    app = make_app(public_pem, secret_key="sk_test_secret", api_url=backend_api.url)
    add_routes(app)
    client = app.test_client(use_cookies=False)
    for number in range(1000):
        for path in ("/session", "/default", "/m2m"):
            assert client.get(path, headers=bearer(f"ak_{number:032x}")).status_code == 401
    assert backend_api.calls == []


def test_a_flood_on_urls_of_no_view_costs_no_call(backend_api: Loopback, public_pem: str) -> None:
    settings = {"secret_key": "sk_test_secret", "api_url": backend_api.url}
    for accepts in ("any", "api_key"):
        app = make_app(public_pem, accepts_token=accepts, **settings)
        app.add_url_rule("/posted", "posted", whoami(), methods=["POST"])
        for path, status in (("/nowhere", 404), ("/posted", 405)):
            assert get(app, path, "ak_made_up").status_code == status
    assert backend_api.calls == []


def test_a_repeated_bad_key_costs_one_call(backend_api: Loopback, public_pem: str) -> None:
    app = make_app(public_pem, secret_key="sk_test_secret", api_url=backend_api.url)
    add_routes(app)
    for _ in range(20):
        assert get(app, "/api-key", "ak_bad").status_code == 401
    assert [call.path for call in backend_api.calls] == ["/v1/api_keys/verify"]


def test_an_m2m_token_is_verified_with_the_machines_own_key(
    backend_api: Loopback, public_pem: str
) -> None:
    backend_api.respond = lambda call: answer_json({"id": "mt_1", "subject": "mch_1", "scopes": []})
    settings = {"secret_key": "sk_test_secret", "api_url": backend_api.url}
    app = make_app(public_pem, machine_secret_key="ak_machine", **settings)
    add_routes(app)
    assert get(app, "/m2m", "mt_good").status_code == 200
    assert get(app, "/api-key", "ak_good").status_code == 200
    assert [call.headers["authorization"] for call in backend_api.calls] == [
        "Bearer ak_machine", "Bearer sk_test_secret",
    ]  # fmt: skip


def test_acceptances_are_remembered_where_the_setting_says_so(
    backend_api: Loopback, public_pem: str
) -> None:
    answer = {"id": "ak_1", "subject": "user_ada", "scopes": []}
    backend_api.respond = lambda call: answer_json(answer)
    settings = {"secret_key": "sk_test_secret", "api_url": backend_api.url}
    for ttl, calls in ((0, 5), (60, 1)):
        app = make_app(public_pem, machine_token_cache_ttl=ttl, **settings)
        add_routes(app)
        backend_api.calls.clear()
        assert {get(app, "/api-key", "ak_good").status_code for _ in range(5)} == {200}
        assert len(backend_api.calls) == calls


def test_without_a_secret_key_opaque_tokens_are_refused(public_pem: str) -> None:
    app = make_app(public_pem)
    add_routes(app)
    response = get(app, "/api-key", "ak_good")
    assert response.status_code == 401
    assert response.headers["X-Clerk-Auth-Reason"] == "unexpected-error"


@pytest.fixture
def made() -> ClerkKeys:
    return _MADE


_MADE = ClerkKeys()


@pytest.fixture
def app(made: ClerkKeys) -> Flask:
    """Return an app that believes keys of the test run's own, API keys among them."""
    app = make_app(made.public_pem)
    install(app, made)
    return app


Make = Callable[[ClerkKeys], str]

CONDITIONS: list[tuple[dict[str, Any], Make, int]] = [
    # Scopes are a machine's: all of them, exactly.
    ({"scopes": ["invoices:read"]}, lambda k: k.api_key(scopes=["invoices:read", "x"]), 200),
    ({"scopes": ["invoices:read", "x"]}, lambda k: k.api_key(scopes=["invoices:read"]), 403),
    ({"scopes": "invoices:read x"}, lambda k: k.oauth_token(scopes=["x", "invoices:read"]), 200),
    ({"scopes": ["invoices:read"]}, lambda k: k.api_key(scopes=["invoices"]), 403),
    ({"scopes": ["invoices:read"]}, lambda k: k.api_key(), 403),
    ({"scopes": {"mch_books"}}, lambda k: k.m2m_token(scopes=["mch_books"]), 200),
    # A session has none to show; it is the person.
    ({"scopes": ["invoices:read"]}, lambda k: k.session_token(), 200),
    # Roles and the like are a session's: a machine needs scopes beside them.
    ({"role": "admin"}, lambda k: k.session_token(org_id="org_1", org_role="org:admin"), 200),
    ({"role": "admin"}, lambda k: k.session_token(), 403),
    ({"role": "admin"}, lambda k: k.api_key("org_1", scopes=["admin"]), 403),
    ({"role": "admin", "scopes": ["x"]}, lambda k: k.api_key(scopes=["x"]), 200),
    ({"role": "admin", "scopes": ["x"]}, lambda k: k.session_token(), 403),
    ({"permission": "org:a:b"}, lambda k: k.oauth_token(scopes=["org:a:b"]), 403),
    ({"reverification": "strict"}, lambda k: k.api_key(), 403),
    # What a machine says of itself is no claim of a session's.
    ({"claim": {"role": "admin"}}, lambda k: k.m2m_token(claims={"role": "admin"}), 403),
    ({"claim": {"role": "admin"}}, lambda k: k.api_key(claims={"role": "admin"}), 403),
    ({"claim": {"role": "admin"}}, lambda k: k.session_token(claims={"role": "admin"}), 200),
    # A template's claims are the instance's word.
    ({"claim": {"role": "admin"}}, lambda k: k.template_token({"role": "admin"}), 200),
    ({"claim": {"role": "admin"}}, lambda k: k.template_token({"role": "member"}), 403),
    ({"role": "admin"}, lambda k: k.template_token({"role": "admin"}), 403),
    ({"reverification": "strict"}, lambda k: k.template_token(), 403),
    ({"scopes": ["x"]}, lambda k: k.template_token({"scope": "x"}), 403),
    ({"scopes": ["x"], "claim": "role"}, lambda k: k.template_token({"role": "admin"}), 200),
    # Expired, or unknown.
    ({}, lambda k: k.api_key(expires_in=-1), 401),
    ({}, lambda k: k.m2m_token(expires_in=-60), 401),
    ({}, lambda k: k.oauth_token(expires_in=-60), 401),
    ({}, lambda k: k.template_token(expires_in=-60), 401),
    ({}, lambda k: "ak_unknown", 401),
    ({}, lambda k: "mt_unknown", 401),
]


@pytest.mark.parametrize(("conditions", "make", "status"), CONDITIONS)
def test_each_kind_of_token_answers_what_it_can(
    app: Flask, made: ClerkKeys, conditions: dict[str, Any], make: Make, status: int
) -> None:
    guard = require_auth(accepts_token=list(TYPES), **conditions)
    app.add_url_rule("/guarded", view_func=guard(lambda: "secret"))
    response = get(app, "/guarded", make(made))
    assert response.status_code == status
    assert ("secret" in response.text) is (status == 200)


INSUFFICIENT = (
    'Bearer error="insufficient_scope", error_description="The request requires higher '
    'privileges than provided by the access token.", scope="invoices:read invoices:write"'
)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_missing_scope_is_named_as_rfc_6750_says(
    app: Flask, made: ClerkKeys, accept: str
) -> None:
    scopes = ["invoices:read", "invoices:write"]
    app.add_url_rule("/x", view_func=require_auth(accepts_token="api_key", scopes=scopes)(whoami()))
    response = get(app, "/x", made.api_key(scopes=["invoices:read"]), Accept=accept)
    assert response.status_code == 403
    assert response.headers.getlist("WWW-Authenticate") == [INSUFFICIENT]
    if accept == "application/json":
        (error,) = response.json["errors"]
        assert (error["code"], error["meta"]) == (
            "authorization_invalid", {"reason": "insufficient-scope"},
        )  # fmt: skip


def test_a_handler_of_the_apps_own_keeps_the_challenge(app: Flask, made: ClerkKeys) -> None:
    seen: list[InsufficientScope] = []

    @app.errorhandler(InsufficientScope)
    def handle(error: InsufficientScope) -> tuple[str, int]:
        seen.append(error)
        return "too little", 403

    view = require_auth(accepts_token="api_key", scopes="invoices:read invoices:write")(whoami())
    app.add_url_rule("/x", view_func=view)
    response = get(app, "/x", made.api_key())
    assert (response.status_code, response.text) == (403, "too little")
    assert response.headers["WWW-Authenticate"] == INSUFFICIENT
    assert seen[0].scopes == ("invoices:read", "invoices:write")


@pytest.mark.parametrize(
    ("token", "challenge"),
    [(None, "Bearer"), ("ak_unknown", 'Bearer error="invalid_token"'),
     ("nonsense", 'Bearer error="invalid_token"')],
)  # fmt: skip
def test_a_401_challenges_for_a_token(app: Flask, token: str | None, challenge: str) -> None:
    app.add_url_rule("/x", view_func=require_auth(accepts_token="api_key")(whoami()))
    response = get(app, "/x", token)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith(challenge)
    (error,) = response.json["errors"]
    assert error["long_message"] == "Send a token of a type that is accepted here."


def test_browsers_are_not_sent_away_from_routes_for_machines(made: ClerkKeys) -> None:
    app = make_app(made.public_pem, publishable_key=made.publishable_key.value,
                   redirect_to_sign_in=True)  # fmt: skip
    both = require_auth(accepts_token=["session_token", "api_key"])
    app.add_url_rule("/x", "x", require_auth(accepts_token="api_key")(whoami()))
    app.add_url_rule("/y", "y", both(whoami()))
    headers = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Cookie": "__client_uat=1"}
    response = get(app, "/x", **headers)
    assert (response.status_code, response.headers.get("Location")) == (401, None)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert get(app, "/y", **headers).status_code == 307


def test_a_session_in_a_cookie_is_not_read_on_a_route_for_machines(
    app: Flask, made: ClerkKeys
) -> None:
    app.add_url_rule("/x", view_func=require_auth(accepts_token="api_key")(whoami()))
    cookie = f"__session={made.session_token()}; __client_uat=1"
    response = get(app, "/x", Cookie=cookie)
    assert response.status_code == 401
    assert response.headers["X-Clerk-Auth-Reason"] == "No token in header"
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_setting_is_the_default_of_all_routes(made: ClerkKeys) -> None:
    app = make_app(made.public_pem, accepts_token="any", require_auth=True)
    install(app, made)
    app.add_url_rule("/closed", "closed", whoami())
    app.add_url_rule("/open", "open", public(whoami_of_anybody))
    app.add_url_rule("/people", "people", require_auth(accepts_token="session_token")(whoami()))
    app.add_url_rule("/admin", "admin", require_role("admin")(whoami()))
    app.add_url_rule("/beta", "beta", require_claim("beta")(whoami()))
    key = made.api_key("user_ada", claims={"beta": True})
    statuses = {path: get(app, path, key).status_code
                for path in ("/closed", "/open", "/people", "/admin", "/beta")}  # fmt: skip
    assert statuses == {"/closed": 200, "/open": 200, "/people": 401, "/admin": 403, "/beta": 403}
    assert get(app, "/open", key).json == {"subject": "user_ada"}


def whoami_of_anybody() -> Any:
    return jsonify(subject=g.auth.subject)


def test_a_views_own_word_wins_over_silence_and_must_fit_its_blueprints(
    app: Flask, made: ClerkKeys
) -> None:
    quiet, strict = Blueprint("quiet", __name__), Blueprint("strict", __name__)
    Clerk().protect(quiet)
    Clerk().protect(strict, accepts_token=["api_key", "m2m_token"], scopes="a")
    for blueprint in (quiet, strict):
        for accepts in ("api_key", "oauth_token"):
            view = require_auth(accepts_token=accepts)(whoami())
            blueprint.add_url_rule(f"/{blueprint.name}/{accepts}", accepts, view)
        app.register_blueprint(blueprint)
    key, client = made.api_key(scopes=["a"]), made.oauth_token(scopes=["a"])
    assert get(app, "/quiet/api_key", key).status_code == 200
    assert get(app, "/quiet/oauth_token", client).status_code == 200
    assert get(app, "/strict/api_key", key).status_code == 200
    assert get(app, "/strict/api_key", made.api_key()).status_code == 403
    assert get(app, "/strict/oauth_token", client).status_code == 401
    assert get(app, "/strict/oauth_token", key).status_code == 401


def test_a_hidden_guard_lets_no_other_type_in(app: Flask, made: ClerkKeys) -> None:
    def hide(view: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: view()

    app.add_url_rule("/x", view_func=hide(require_auth(accepts_token="api_key")(whoami())))
    assert get(app, "/x", made.session_token()).status_code == 401
    assert get(app, "/x", made.api_key()).status_code == 401


def test_a_token_remembered_for_one_route_opens_no_other(app: Flask, made: ClerkKeys) -> None:
    add_routes(app)
    token = made.session_token()
    for _ in range(2):
        assert get(app, "/session", token).status_code == 200
        assert get(app, "/any", token).status_code == 200
        assert get(app, "/api-key", token).status_code == 401
        assert get(app, "/keys-and-clients", token).status_code == 401


def test_signals_tell_of_machines_too(app: Flask, made: ClerkKeys) -> None:
    heard: list[Any] = []
    app.add_url_rule("/x", view_func=require_auth(accepts_token="api_key", scopes="a")(whoami()))

    def hear_in(sender: Flask, auth: Any) -> None:
        heard.append(("in", auth.subject))

    def hear_failed(sender: Flask, reason: str) -> None:
        heard.append(("failed", reason))

    def hear_denied(sender: Flask, auth: Any, error: Any) -> None:
        heard.append(("denied", auth.subject))

    with (
        authenticated.connected_to(hear_in, app),
        authentication_failed.connected_to(hear_failed, app),
        authorization_denied.connected_to(hear_denied, app),
    ):
        get(app, "/x", made.api_key("user_ada"))
        get(app, "/x", "ak_unknown")
        get(app, "/x")
    assert heard == [("in", "user_ada"), ("denied", "user_ada"), ("failed", "token-invalid")]


def test_the_apps_user_belongs_to_the_key_of_a_user(made: ClerkKeys) -> None:
    app = Flask("users", static_folder=None)
    app.testing = True
    clerk = Clerk(app, jwt_key=made.public_pem, accepts_token="any")
    install(app, made)
    clerk.user_loader(lambda user_id: f"the user {user_id}")
    app.add_url_rule("/x", view_func=require_auth(lambda: jsonify(g.auth.user)))
    assert get(app, "/x", made.api_key("user_ada")).json == "the user user_ada"
    assert get(app, "/x", made.m2m_token()).json is None
    assert get(app, "/x", made.oauth_token("user_ada")).json == "the user user_ada"


def test_any_request_may_be_decided_with_other_types(app: Flask, made: ClerkKeys) -> None:
    clerk = Clerk()

    class Foreign:
        method, url = "GET", "http://localhost/"

        def __init__(self, token: str) -> None:
            self.headers = bearer(token)

    with app.app_context():
        key = Foreign(made.api_key())
        assert not clerk.authenticate_request(key).is_authenticated
        state = clerk.authenticate_request(key, accepts_token=["api_key", "oauth_token"])
        assert (state.is_authenticated, state.is_signed_in) == (True, False)
        with pytest.raises(ValueError, match="one or several of session_token"):
            clerk.authenticate_request(key, accepts_token="apikey")


@pytest.mark.parametrize(
    ("conditions", "error", "sentence"),
    [
        (
            {"accepts_token": "apikey"},
            ValueError,
            "accepts_token is one or several of session_token",
        ),
        ({"accepts_token": []}, ValueError, "accepts_token is one or several of session_token"),
        ({"accepts_token": None}, TypeError, "accepts_token is the name of a token type"),
        ({"accepts_token": 7}, TypeError, "accepts_token is the name of a token type"),
        ({"scopes": []}, TypeError, "scopes is the name of a scope"),
        ({"scopes": ""}, TypeError, "scopes is the name of a scope"),
        ({"scopes": None}, TypeError, "scopes is the name of a scope"),
        ({"scopes": ['a"b']}, TypeError, "A scope is printable ASCII"),
        ({"scopes": ["a b"]}, TypeError, "A scope is printable ASCII"),
        ({"scopes": [7]}, TypeError, "A scope is printable ASCII"),
    ],
)
def test_a_guard_that_cannot_be_meant_is_refused_where_it_stands(
    conditions: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        require_auth(**conditions)
