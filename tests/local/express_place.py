"""A local Clerk beside a Flask app, and an Express app of the same instance: real HTTP."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from flask import Flask
from flask import g
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.model import Organization
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.live import serving
from tests.peers_needed import PEERS
from tests.peers_needed import need_node
from tests.peers_needed import need_peers

EXPRESS_APP = PEERS.parent / "express_app.mjs"


@dataclass(frozen=True)
class Place:
    """A local Clerk beside a Flask app, and an Express app that uses the same instance."""

    clerk: LocalClerk
    flask: str
    express: str
    ada: User
    engines: Organization

    def call(self, family: str, name: str, *arguments: Any) -> Any:
        """Return what Clerk's own server client makes of a call, or how it fails."""
        answer = requests.post(f"{self.express}/call/{family}/{name}", json=arguments, timeout=10)
        document = answer.json()
        return document if answer.status_code != 200 else document.get("answer")


class Browser:
    """Follows redirects and keeps cookies; cookies know no ports, so both apps share them."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._http = requests.Session()
        self._http.trust_env = False
        self.suffix = place.clerk.publishable_key.cookie_suffix

    def sign_in(self) -> Session:
        """Sign Ada in over the Frontend API; the app does not know of it yet."""
        url = f"{self._place.flask}/__clerk/v1/client/sign_ins"
        form = {"strategy": "password", "identifier": ADA, "password": DEFAULT_PASSWORD}
        answer = self._http.post(url, form, headers={"Origin": self._place.flask}, timeout=10)
        assert answer.status_code == 200, answer.text
        return self._place.clerk.sessions.get(answer.json()["response"]["created_session_id"])

    def visit(self, path: str, **query: str) -> requests.Response:
        """Navigate to a page of the Express app."""
        headers = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
        url = self._place.express + path
        return self._http.get(url, params=query, headers=headers, timeout=10)

    def fetch(self, path: str, **query: str) -> requests.Response:
        """Ask the Express app as a script does, which is never sent away."""
        headers = {"Accept": "application/json", "Sec-Fetch-Dest": "empty"}
        url = self._place.express + path
        return self._http.get(url, params=query, headers=headers, timeout=10)

    def take(self, lines: list[str]) -> None:
        """Keep cookies as if an app had set them."""
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self._http.cookies.set(name, value, domain="localhost.local", path="/")

    def close(self) -> None:
        self._http.close()

    @property
    def cookies(self) -> dict[str, str]:
        return {name: value or "" for name, value in self._http.cookies.items()}


@contextmanager
def running_place(keys: RSAKey) -> Iterator[Place]:
    """Run both apps meanwhile."""
    node = need_node()
    need_peers("@clerk/express", "express")
    store = MemoryStore()
    clerk = LocalClerk(store, key=keys, password_method=FAST_HASH)
    seed(clerk)
    clerk.templates.create({"name": "api", "claims": {"aud": "api", "who": "{{user.full_name}}"}})
    engines = clerk.organizations.update("analytical-engines", features=["invoices"])
    clerk.organizations.put_role("org:admin", permissions=["org:invoices:manage"])
    ada = clerk.users.find(ADA)
    assert ada is not None
    with serving(make_app(clerk)) as url, _express(node, clerk, url) as port:
        yield Place(clerk, url, f"http://localhost:{port}", ada, engines)
    store.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make_app(clerk: LocalClerk) -> Flask:
    app = Flask("beside", static_folder=None)
    app.testing = True
    Clerk(app, local=clerk)
    app.add_url_rule("/me", view_func=lambda: {"userId": g.auth.user_id})
    return app


@contextmanager
def _express(node: str, clerk: LocalClerk, url: str) -> Iterator[int]:
    environ = {
        **os.environ,
        "CLERK_PUBLISHABLE_KEY": clerk.publishable_key.value,
        "CLERK_SECRET_KEY": clerk.secret_key.value,
        # Addressed by number: Node may take localhost for ::1, where nobody listens.
        "CLERK_API_URL": f"{url.replace('localhost', '127.0.0.1')}/__clerk/api",
        "CLERK_PROXY_URL": f"{url}/__clerk",
        "CLERK_TELEMETRY_DISABLED": "1",
    }
    command = [node, str(EXPRESS_APP)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
