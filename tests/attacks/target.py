"""The app under attack, and how its answers are judged."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask import g
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk.core.keys import PublishableKey
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import bearer

#: What only the guarded views say.
SECRET = "the-books-of-the-company"
#: The secret key of every app under attack.
SECRET_KEY = "sk_live_never_to_be_seen"
SUFFIX = PublishableKey.parse(PUBLISHABLE_KEY).cookie_suffix
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}


def add_views(app: Flask) -> Flask:
    """Give an app a view that tells who is there, and views that ask for a session or a claim."""
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_url_rule("/open", "open", lambda: g.auth.user_id or "nobody", methods=every)
    app.add_url_rule("/page", "page", require_auth(lambda: SECRET), methods=every)
    app.add_url_rule(
        "/admin", "admin", require_claim("role", "admin")(lambda: SECRET), methods=every
    )
    return app


class Target:
    """One app, and the instance whose tokens it believes."""

    def __init__(self, key: RSAKey, **settings: Any) -> None:
        """Make an app of a production instance with this signing key.

        :param settings: Settings besides or instead of the usual ones; ``None`` leaves one out.
        """
        self.key = key
        self.sign = Signer(key)
        usual = {
            "publishable_key": PUBLISHABLE_KEY,
            "secret_key": SECRET_KEY,
            "jwt_key": key.as_pem(private=False).decode("ascii"),
            **settings,
        }
        self.app = Flask("target", static_folder=None)
        self.app.testing = True
        self.clerk = Clerk(
            self.app, **{name: value for name, value in usual.items() if value is not None}
        )
        add_views(self.app)

    @property
    def client(self) -> FlaskClient:
        """A client that keeps no cookies."""
        return self.app.test_client(use_cookies=False)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return claims that are good for an hour, however slow the machine is."""
        now = time.time()
        return session_claims(now, **{"exp": int(now) + 3600, **changed})

    def token(self, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        """Return a session token that is good now, with these claims besides the usual ones."""
        return self.sign(self.claims(**changed), header)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        return self.client.get(path, headers=dict(headers or {}))

    def assert_refused(
        self, sent: str | Mapping[str, str], *reasons: str, unseen: tuple[str, ...] = ()
    ) -> None:
        """Assert that nobody is signed in by a request, for one of these reasons.

        :param sent: Headers, or a token to send as a bearer.
        :param unseen: What no answer may show, besides the secret key and the token.
        """
        headers = bearer(sent) if isinstance(sent, str) else sent
        answer = self.get("/open", headers)
        assert answer.text == "nobody"
        assert not reasons or answer.headers["X-Clerk-Auth-Reason"] in reasons
        for path in ("/page", "/admin"):
            answer = self.get(path, headers)
            assert answer.status_code == 401, answer.text
            assert answer.headers["X-Clerk-Auth-Status"] == "signed-out"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            reason = answer.headers["X-Clerk-Auth-Reason"]
            assert not reasons or reason in reasons
            assert answer.get_json()["errors"][0]["meta"] == {"reason": reason}
            text = f"{answer.text}{answer.headers}"
            for hidden in (SECRET, SECRET_KEY, "Traceback", *unseen, *_parts(sent)):
                assert hidden not in text

    def assert_signed_in(self, sent: str | Mapping[str, str], user_id: str = "user_1") -> None:
        """Assert that the honest variant of an attack gets in."""
        headers = bearer(sent) if isinstance(sent, str) else sent
        assert self.get("/open", headers).text == user_id
        assert self.get("/page", headers).text == SECRET


def cookies(**values: object) -> dict[str, str]:
    """Return the header of these cookies, in this order; ``None`` leaves one out."""
    pairs = (f"{name}={value}" for name, value in values.items() if value is not None)
    return {"Cookie": "; ".join(pairs)}


def session_cookies(token: str, uat: object = 1) -> dict[str, str]:
    """Return the header of a browser that holds a session, in both generations of cookies."""
    return cookies(
        **{
            f"__session_{SUFFIX}": token,
            "__session": token,
            f"__client_uat_{SUFFIX}": uat,
            "__client_uat": uat,
        }
    )


def _parts(sent: str | Mapping[str, str]) -> list[str]:
    """Return what of a token would give it away, where there is enough to tell."""
    text = sent if isinstance(sent, str) else ""
    return [part for part in text.split(".")[1:] if len(part) > 20]
