"""OpenAPI documents of flask-smorest, APIFlask and plain apispec, from the guards' marks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apiflask import APIFlask
from apispec import APISpec
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api
from flask_smorest import Blueprint

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk import require_permission
from flask_clerk.apispec_plugin import ClerkPlugin
from flask_clerk.openapi import security_of
from flask_clerk.openapi import security_schemes
from tests.visitors import PUBLISHABLE_KEY

SESSION: list[dict[str, list[str]]] = [{"clerk_session_cookie": []}, {"clerk_session_token": []}]
COOKIE_SCHEME = {"type": "apiKey", "in": "cookie", "name": "__session"}
OAUTH_FLOW = {
    "authorizationUrl": "https://clerk.example.com/oauth/authorize",
    "tokenUrl": "https://clerk.example.com/oauth/token",
    "refreshUrl": "https://clerk.example.com/oauth/token",
    "scopes": {"invoices:read": "", "invoices:write": ""},
}

read = require_auth(accepts_token=["api_key", "oauth_token"], scopes=["invoices:read"])
write = require_auth(
    accepts_token=["api_key", "oauth_token"], scopes="invoices:read invoices:write"
)


def expected(version: str) -> dict[str, Any]:
    """Return the security of every operation; only OpenAPI 3.1 names scopes of bearer tokens."""
    is_new = version.startswith("3.1")
    some, all_of_them = ["invoices:read"], ["invoices:read", "invoices:write"]
    return {
        "get /invoices/{invoice_id}": [
            {"clerk_api_key": some if is_new else []}, {"clerk_oauth_token": some},
        ],
        "delete /invoices/{invoice_id}": [
            {"clerk_api_key": all_of_them if is_new else []}, {"clerk_oauth_token": all_of_them},
        ],
        "get /people": SESSION,
        "get /health": [],
        "get /unguarded": None,
    }  # fmt: skip


def securities(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{method} {path}": operation.get("security")
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and method in ("get", "delete")
    }


def assert_is_described(document: dict[str, Any], version: str) -> None:
    json.dumps(document)
    assert securities(document) == expected(version)
    schemes = document["components"]["securitySchemes"]
    assert schemes["clerk_session_cookie"] == COOKIE_SCHEME
    assert schemes["clerk_oauth_token"]["flows"] == {"authorizationCode": OAUTH_FLOW}
    assert {name: (each["type"], each.get("scheme")) for name, each in schemes.items()} == {
        "clerk_session_cookie": ("apiKey", None),
        "clerk_session_token": ("http", "bearer"),
        "clerk_api_key": ("http", "bearer"),
        "clerk_oauth_token": ("oauth2", None),
    }


def settings(public_pem: str) -> dict[str, str]:
    return {"jwt_key": public_pem, "publishable_key": PUBLISHABLE_KEY}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_flask_smorest_describes_the_guards(public_pem: str, version: str) -> None:
    app = Flask("smorest")
    app.testing = True
    app.config.update(
        API_TITLE="Books", API_VERSION="1", OPENAPI_VERSION=version, OPENAPI_URL_PREFIX="/"
    )
    Clerk(app, **settings(public_pem))
    api = Api(app, spec_kwargs={"extra_plugins": [ClerkPlugin(app)]})
    blueprint = Blueprint("books", __name__)

    @blueprint.route("/invoices/<int:invoice_id>")
    class Invoice(MethodView):
        @read
        @blueprint.response(200)
        def get(self, invoice_id: int) -> dict[str, Any]:
            return {}

        @blueprint.response(204)
        @write
        def delete(self, invoice_id: int) -> None:
            return None

    @blueprint.route("/people")
    @require_permission("org:people:read")
    @blueprint.response(200)
    def people() -> dict[str, Any]:
        return {}

    @blueprint.route("/health")
    @blueprint.response(200)
    @public
    def health() -> dict[str, Any]:
        return {}

    @blueprint.route("/unguarded")
    @blueprint.response(200)
    def unguarded() -> dict[str, Any]:
        return {}

    api.register_blueprint(blueprint)
    client = app.test_client()
    assert_is_described(client.get("/openapi.json").get_json(), version)
    assert client.get("/invoices/7").status_code == 401
    assert client.delete("/invoices/7").status_code == 401
    assert client.get("/people").status_code == 401
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_apiflask_describes_the_guards(public_pem: str, version: str) -> None:
    app = APIFlask("apiflask")
    app.testing = True
    app.config["OPENAPI_VERSION"] = version
    Clerk(app, **settings(public_pem))
    app.spec_plugins.append(ClerkPlugin(app))

    class Invoice(MethodView):
        decorators = [read]

        def get(self, invoice_id: int) -> dict[str, Any]:
            return {}

        @require_auth(accepts_token=["api_key", "oauth_token"], scopes=["invoices:write"])
        def delete(self, invoice_id: int) -> dict[str, Any]:
            return {}

    app.add_url_rule("/invoices/<int:invoice_id>", view_func=Invoice.as_view("invoice"))

    @app.get("/people")
    @require_auth
    def people() -> dict[str, Any]:
        return {}

    @app.get("/health")
    @public
    def health() -> dict[str, Any]:
        return {}

    @app.get("/unguarded")
    def unguarded() -> dict[str, Any]:
        return {}

    client = app.test_client()
    for _ in range(2):
        assert_is_described(client.get("/openapi.json").get_json(), version)
    assert client.get("/invoices/7").status_code == 401


def plain_app(public_pem: str, **more: Any) -> Flask:
    app = Flask("plain")
    Clerk(app, **{"jwt_key": public_pem, **more})
    return app


def spec_of(app: Flask, version: str = "3.1.0") -> APISpec:
    return APISpec("Books", "1", version, plugins=[ClerkPlugin(app)])


def test_apispec_alone_describes_them_too(public_pem: str) -> None:
    app = plain_app(public_pem, accepts_token="m2m_token")
    app.add_url_rule("/sync", "sync", require_auth(scopes="mch_books")(lambda: ""))
    app.add_url_rule("/own", "own", require_auth(lambda: ""))
    spec = spec_of(app)
    spec.path("/sync", operations={"get": {}})
    spec.path("/own", operations={"get": {"security": [{"mine": []}]}})
    spec.path("/elsewhere", operations={"get": {}})
    assert securities(spec.to_dict()) == {
        "get /sync": [{"clerk_m2m_token": ["mch_books"]}],
        "get /own": [{"mine": []}],
        "get /elsewhere": None,
    }


def test_a_closed_app_says_so_for_every_view(public_pem: str) -> None:
    app = plain_app(public_pem, require_auth=True)
    app.add_url_rule("/quiet", "quiet", lambda: "")
    app.add_url_rule("/open", "open", public(lambda: ""))
    assert security_of(app, "quiet", "GET") == SESSION
    assert security_of(app, "open", "GET") == []


def test_the_schemes_are_those_of_the_routes(public_pem: str) -> None:
    app = plain_app(public_pem)
    assert security_schemes(app) == {}
    guard = require_auth(accepts_token=["jwt_template", "oauth_token"], scopes="a", claim="role")
    app.add_url_rule("/x", "x", guard(lambda: ""))
    schemes = security_schemes(app)
    assert set(schemes) == {"clerk_oauth_token", "clerk_jwt_template"}
    # Nothing says who issues OAuth tokens here, so no flow is described.
    assert schemes["clerk_oauth_token"]["type"] == "http"
    known = plain_app(public_pem, publishable_key=PUBLISHABLE_KEY)
    known.add_url_rule("/x", "x", guard(lambda: ""))
    (flow,) = security_schemes(known)["clerk_oauth_token"]["flows"].values()
    assert flow["scopes"] == {"a": ""}


def test_swagger_2_is_refused(public_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="needs OpenAPI 3"):
        spec_of(plain_app(public_pem), "2.0")


def test_an_app_without_clerk_is_told(public_pem: str) -> None:
    app = Flask("none")
    app.add_url_rule("/x", "x", lambda: "")
    with pytest.raises(RuntimeError, match="This app has no Clerk yet"):
        spec_of(app).path("/x", operations={"get": {}})
