"""A Flask app with Clerk, and those who visit it."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask
from jinja2 import DictLoader

from flask_clerk import Clerk
from tests.signing import Signer
from tests.signing import session_claims

#: A live publishable key of ``clerk.example.com``.
PUBLISHABLE_KEY = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"


class Token:
    """Makes session tokens that are good now, by wall time."""

    def __init__(self, sign: Signer) -> None:
        self._sign = sign

    def __call__(self, **claims: Any) -> str:
        """Return a token with these claims besides or instead of the usual ones."""
        return self._sign(session_claims(time.time(), **claims))

    def expired(self) -> str:
        return self._sign(session_claims(time.time() - 3600))


def make_app(public_pem: str, **settings: Any) -> Flask:
    """Return an app whose Clerk instance signs with the test run's key."""
    app = Flask("visited", static_folder=None)
    app.testing = True
    Clerk(app, jwt_key=public_pem, **settings)
    return app


def add_templates(app: Flask, **templates: str) -> None:
    app.jinja_env.loader = DictLoader(templates)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str) -> dict[str, str]:
    """Return the headers of a browser that holds a session."""
    return {"Cookie": f"__session={token}; __client_uat=1"}
