"""Calls the Backend API of a local Clerk in an app of its own, with the secret key."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask import Flask
from werkzeug.test import TestResponse

from flask_clerk.local import LocalClerk
from flask_clerk.local.web.backend import blueprint
from flask_clerk.local.web.current import EXTENSION

#: The version of ``bapi/2026-05-12.yml``, from which the shapes are.
VERSION = "2026-05-12"


def make_backend_app(clerk: LocalClerk) -> Flask:
    """Return an app that serves a Backend API where the real one is, and nothing else."""
    app = Flask("backend", static_folder=None)
    app.testing = True
    app.extensions[EXTENSION] = clerk
    parent = Blueprint("clerk_local", __name__, url_prefix="/__clerk")
    parent.register_blueprint(blueprint, url_prefix="/api")
    app.register_blueprint(parent)
    return app


class Caller:
    """``caller("GET", "/users")`` returns the JSON of the answer, whose status must be right."""

    def __init__(self, clerk: LocalClerk) -> None:
        self.key = clerk.secret_key.value
        self._client = make_backend_app(clerk).test_client(use_cookies=False)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        key: str | None = None,
        version: str | None = VERSION,
        **query: Any,
    ) -> Any:
        response = self.open(method, path, body, key=key, version=version, **query)
        assert response.status_code == status, response.text
        assert response.content_type == "application/json"
        return response.json

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        version: str | None = VERSION,
        **query: Any,
    ) -> TestResponse:
        """Return the whole answer."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        if version is not None:
            headers["Clerk-API-Version"] = version
        return self._client.open(
            f"/__clerk/api/v1{path}",
            method=method,
            json=body,
            query_string=query or None,
            headers=headers,
        )

    def refused(self, *args: Any, **options: Any) -> tuple[str, str | None]:
        """Return the code of a refusal and the parameter that is wrong."""
        (error,) = self(*args, **options)["errors"]
        assert error["message"]
        assert error["long_message"]
        return error["code"], error["meta"].get("param_name")
