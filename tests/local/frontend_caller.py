"""The Frontend API in an app of its own, and a caller that asks as clerk-js does."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask import Flask
from werkzeug.test import TestResponse

from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.web.frontend import blueprint as frontend
from tests.local.instances import ADA

ORIGIN = "http://localhost"


def frontend_app(clerk: LocalClerk, prefix: str = "/__clerk", **config: Any) -> Flask:
    """Return an app with the Frontend API below a prefix, or at its root."""
    app = Flask(__name__, static_folder=None)
    app.testing = True
    app.config.update(config)
    app.extensions["clerk_local"] = clerk
    parent = Blueprint("clerk_local", __name__, url_prefix=prefix or None)
    parent.register_blueprint(frontend)
    app.register_blueprint(parent)
    return app


class Page:
    """A page with clerk-js: only GET and POST, forms, and a development browser in the URL."""

    def __init__(self, clerk: LocalClerk, prefix: str = "/__clerk", **config: Any) -> None:
        self.clerk = clerk
        self.prefix = prefix
        self.http = frontend_app(clerk, prefix, **config).test_client()
        self.dev_browser: str | None = None
        self.base_url = ORIGIN
        self.headers = {"Origin": ORIGIN}

    def send(
        self, method: str, path: str, data: dict[str, Any] | None = None, **query: Any
    ) -> TestResponse:
        """Return the answer to a call, whatever it is."""
        if self.dev_browser is not None:
            query["__clerk_db_jwt"] = self.dev_browser
        if method not in ("GET", "POST", "OPTIONS"):
            query["_method"], method = method, "POST"
        return self.http.open(
            self.prefix + path,
            base_url=self.base_url,
            method=method,
            query_string=query,
            data=data,
            headers=self.headers,
            buffered=True,
        )

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None, **query: Any) -> Any:
        """Return what a call that succeeds answers with."""
        answer = self.send(method, path, data, **query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def refused(
        self, method: str, path: str, data: dict[str, Any] | None = None, **query: Any
    ) -> tuple[int, str]:
        """Return status and code of a call that is refused."""
        answer = self.send(method, path, data, **query)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json["errors"][0]["code"]

    def open(self) -> None:
        """Do what clerk-js does first: become known as a development browser."""
        self.dev_browser = self.ask("POST", "/v1/dev_browser")["id"]

    def sign_in(self, identifier: str = ADA, password: str = DEFAULT_PASSWORD) -> str:
        """Sign in and return the session's id."""
        answer = self.ask(
            "POST",
            "/v1/client/sign_ins",
            {"strategy": "password", "identifier": identifier, "password": password},
        )
        session_id: str = answer["response"]["created_session_id"]
        return session_id
