"""Two apps on localhost, each with a local Clerk of its own, in one browser.

Cookies know no ports, so both apps see and set the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.testing import ClerkKeys
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.instances import GRACE
from tests.local.live import serving


class Place:
    """One of the apps, and the browser that both of them have."""

    def __init__(self, url: str, clerk: LocalClerk, browser: requests.Session) -> None:
        self.url, self.clerk, self._browser = url, clerk, browser

    def who(self) -> str:
        """Navigate to the app, and return the email address of whom it sees."""
        url = f"{self.url}/"
        for _ in range(10):
            page = self._browser.get(url, headers=NAVIGATION, allow_redirects=False, timeout=20)
            if page.status_code != 307:
                break
            url = urljoin(url, page.headers["Location"])
            assert f"//{urlsplit(url).netloc}" in self.url
        return page.text

    def sign_in(self, email: str) -> None:
        form = {"strategy": "password", "identifier": email, "password": DEFAULT_PASSWORD}
        self._ask("POST", "/v1/client/sign_ins", form)

    def sign_out(self) -> None:
        self._ask("DELETE", "/v1/client/sessions", None)

    def _ask(self, method: str, path: str, form: dict[str, str] | None) -> None:
        url = f"{self.url}/__clerk{path}"
        answer = self._browser.request(method, url, data=form, timeout=20)
        assert answer.status_code == 200, answer.text
        # The browser's cookies of the app are settled by the next navigation that asks for it.
        self._browser.get(f"{self.url}/__clerk/v1/client/handshake", params={
            "redirect_url": f"{self.url}/", "format": "nonce", "suffixed_cookies": "false",
        }, headers=NAVIGATION, timeout=20)  # fmt: skip


NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}


def make_app(clerk: LocalClerk) -> Flask:
    app = Flask("one_of_two", static_folder=None)
    app.testing = True
    Clerk(app, local=clerk)

    @app.get("/")
    def home() -> str:
        user = clerk.users.get(g.auth.user_id) if g.auth.user_id else None
        return user.identifier if user else f"nobody: {g.auth.reason}"

    return app


@pytest.fixture
def places(clerk: LocalClerk) -> Iterator[tuple[Place, Place]]:
    store = MemoryStore()
    other = LocalClerk(store, key=ClerkKeys().key, password_method=FAST_HASH)
    seed(other)
    browser = requests.Session()
    browser.trust_env = False
    with serving(make_app(clerk)) as first, serving(make_app(other)) as second:
        yield Place(first, clerk, browser), Place(second, other, browser)
    browser.close()
    store.close()


def test_each_keeps_whom_it_knows(places: tuple[Place, Place]) -> None:
    first, second = places
    first.sign_in(ADA)
    assert first.who() == ADA
    assert second.who().startswith("nobody")
    assert first.who() == ADA, "a stranger at the second app is none at the first"

    second.sign_in(GRACE)
    for _ in range(2):
        assert (first.who(), second.who()) == (ADA, GRACE)
        for place in places:
            place.clerk.clock.advance(seconds=66)
    assert (second.who(), first.who()) == (GRACE, ADA)

    second.sign_out()
    assert second.who().startswith("nobody")
    first.clerk.clock.advance(seconds=66)
    assert first.who() == ADA, "signing out of the second app is not for the first"
