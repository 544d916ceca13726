"""What OAuth clients are told: protected-resource metadata, and Authlib's ResourceProtector."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.integrations.flask_oauth2 import current_token
from flask import Flask
from flask import jsonify
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.resource_protector import ClerkTokenValidator
from flask_clerk.testing import ClerkKeys
from flask_clerk.testing import install
from tests.visitors import bearer

WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.fixture(scope="module")
def made() -> ClerkKeys:
    return ClerkKeys()


def app_with(made: ClerkKeys, *resources: str, fields: Any = None, **settings: Any) -> Flask:
    app = Flask("api", static_folder=None)
    app.testing = True
    clerk = Clerk(app, **{**{"jwt_key": made.public_pem}, **settings})
    install(app, made)
    for resource in resources or ("/",):
        app.register_blueprint(clerk.protected_resource_metadata(resource, **(fields or {})))
    for path, scopes in (("/books", "books:read"), ("/mcp/tools", "tools:use"), ("/people", None)):
        conditions = {} if scopes is None else {"accepts_token": "oauth_token", "scopes": scopes}
        guard = require_auth if scopes is None else require_auth(**conditions)  # type: ignore[call-overload]
        app.add_url_rule(path, path, guard(lambda: "secret"))
    return app


def get(app: Flask, path: str, token: str | None = None) -> TestResponse:
    return app.test_client().get(path, headers=bearer(token) if token else {})


def test_the_metadata_says_who_issues_tokens_and_for_what(made: ClerkKeys) -> None:
    response = get(app_with(made), WELL_KNOWN)
    assert response.json == {
        "resource": "http://localhost",
        "authorization_servers": ["https://clerk.testing.example"],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["books:read", "tools:use"],
    }
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_it_is_open_where_everything_else_is_closed(made: ClerkKeys) -> None:
    app = app_with(made, require_auth=True, accepts_token="oauth_token")
    assert get(app, WELL_KNOWN).status_code == 200
    assert get(app, "/people").status_code == 401


def test_a_part_of_the_app_has_metadata_of_its_own(made: ClerkKeys) -> None:
    app = app_with(made, "/mcp", "/")
    part = get(app, f"{WELL_KNOWN}/mcp").json
    assert (part["resource"], part["scopes_supported"]) == ("http://localhost/mcp", ["tools:use"])
    pointers = {
        path: get(app, path).headers["WWW-Authenticate"]
        for path in ("/mcp/tools", "/books", "/people")
    }
    whole = f'Bearer resource_metadata="http://localhost{WELL_KNOWN}"'
    assert pointers == {
        "/mcp/tools": f'Bearer resource_metadata="http://localhost{WELL_KNOWN}/mcp"',
        "/books": whole,
        "/people": whole,
    }


def test_other_parts_are_not_pointed_at(made: ClerkKeys) -> None:
    app = app_with(made, "/mcp")
    assert get(app, "/books").headers["WWW-Authenticate"] == "Bearer"
    assert get(app, WELL_KNOWN).status_code == 404


def test_every_challenge_points_to_the_metadata(made: ClerkKeys) -> None:
    app = app_with(made)
    pointer = f'Bearer resource_metadata="http://localhost{WELL_KNOWN}", error='
    bad, narrow = get(app, "/books", "nonsense"), get(app, "/books", made.oauth_token())
    assert (bad.status_code, narrow.status_code) == (401, 403)
    assert bad.headers["WWW-Authenticate"].startswith(pointer + '"invalid_token"')
    assert narrow.headers["WWW-Authenticate"].startswith(pointer + '"insufficient_scope"')
    assert narrow.headers["WWW-Authenticate"].endswith('scope="books:read"')


def test_what_is_said_explicitly_is_said(made: ClerkKeys) -> None:
    fields = {
        "scopes_supported": ["a"], "authorization_servers": [], "resource_name": "Books",
        "resource_documentation": None,
    }  # fmt: skip
    assert get(app_with(made, fields=fields), WELL_KNOWN).json == {
        "resource": "http://localhost",
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["a"],
        "resource_name": "Books",
    }


def test_its_urls_are_those_that_the_client_sees(made: ClerkKeys) -> None:
    app = app_with(made)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    outer = Client(DispatcherMiddleware(Response("outer"), {"/api": app}))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "books.example"}
    document = outer.get(f"/api{WELL_KNOWN}", headers=forwarded).json
    assert document["resource"] == "https://books.example/api"
    challenge = outer.get("/api/books", headers=forwarded).headers["WWW-Authenticate"]
    assert challenge == f'Bearer resource_metadata="https://books.example/api{WELL_KNOWN}"'


def test_a_resource_is_a_path_and_the_app_has_clerk(made: ClerkKeys) -> None:
    with pytest.raises(ValueError, match="resource is a path of this app"):
        Clerk().protected_resource_metadata("https://books.example")
    with pytest.raises(RuntimeError, match="This app has no Clerk yet"):
        Flask("none").register_blueprint(Clerk().protected_resource_metadata())


def protected_app(made: ClerkKeys, **options: Any) -> Flask:
    """Return an app whose views Authlib protects."""
    app = Flask("authlib", static_folder=None)
    app.testing = True
    Clerk(app, jwt_key=made.public_pem)
    install(app, made)
    require_oauth = ResourceProtector()
    require_oauth.register_token_validator(ClerkTokenValidator(**options))

    @app.get("/me")
    @require_oauth()
    def me() -> Any:
        token: Any = current_token
        return jsonify(type=token.auth.token_type, user=token.user_id, of=token.client_id)

    @app.get("/books")
    @require_oauth(["books:read tools:use", "books:all"])
    def books() -> str:
        return "the books"

    return app


def test_authlib_protects_views_with_clerks_oauth_tokens(made: ClerkKeys) -> None:
    app = protected_app(made)
    token = made.oauth_token("user_ada", client_id="client_1")
    assert get(app, "/me", token).json == {
        "type": "oauth_token", "user": "user_ada", "of": "client_1",
    }  # fmt: skip
    assert get(app, "/me").status_code == 401


@pytest.mark.parametrize(
    "make",
    [
        lambda made: "nonsense",
        lambda made: made.oauth_token(expires_in=-60),
        lambda made: made.oauth_token()[:-8] + "AAAAAAAA",
        lambda made: made.session_token(),
        lambda made: made.api_key(),
        lambda made: made.template_token(),
    ],
)
def test_other_tokens_are_invalid_to_authlib(made: ClerkKeys, make: Any) -> None:
    response = get(protected_app(made), "/me", make(made))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert response.get_json(force=True)["error"] == "invalid_token"


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["books:all"], 200), (["books:read", "tools:use"], 200), (["books:read"], 403), ([], 403)],
)
def test_scopes_are_alternatives_as_authlib_has_them(
    made: ClerkKeys, scopes: list[str], status: int
) -> None:
    metadata = "https://books.example/.well-known/oauth-protected-resource"
    app = protected_app(made, resource_metadata=metadata)
    response = get(app, "/books", made.oauth_token(scopes=scopes))
    assert response.status_code == status
    if status == 403:
        challenge = response.headers["WWW-Authenticate"]
        assert challenge.startswith(f'Bearer resource_metadata="{metadata}", error="insufficient')
        assert challenge.endswith('scope="books:read tools:use books:all"')


def test_a_validator_accepts_the_types_that_it_is_told(made: ClerkKeys) -> None:
    app = protected_app(made, accepts_token=["session_token", "api_key", "jwt_template"])
    for token, token_type in (
        (made.session_token(), "session_token"),
        (made.api_key(), "api_key"),
        (made.template_token(), "jwt_template"),
    ):
        assert get(app, "/me", token).json["type"] == token_type
    assert get(app, "/me", made.oauth_token()).status_code == 401
    assert get(app, "/me", made.session_token(expires_in=-60)).status_code == 401
    assert get(app, "/me", made.session_token(claims={"sts": "pending"})).status_code == 401
    with pytest.raises(ValueError, match="one or several of"):
        ClerkTokenValidator("oauth")


def test_a_token_shows_nothing_of_itself(made: ClerkKeys) -> None:
    app = protected_app(made)
    text = made.oauth_token("user_ada", scopes=["a", "b"])
    with app.app_context():
        token = ClerkTokenValidator().authenticate_token(text)
    assert repr(token) == "<ClerkToken <TokenAuth oauth_token of user_ada>>"
    assert token.get_scope() == "a b"
