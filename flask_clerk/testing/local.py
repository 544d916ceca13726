"""A local Clerk in memory, and a test client that holds real sessions of its people."""

from __future__ import annotations

from typing import cast

from flask import Flask
from joserfc.jwk import RSAKey

from ..core.constants import Cookies
from ..local import LocalClerk
from ..local import MemoryStore
from ..local import seed
from ..local.model import Session
from ..local.web.current import EXTENSION
from .client import CookieClient


def make_local(key: RSAKey | None = None) -> LocalClerk:
    """Return a local Clerk in memory with the default people.

    :param key: An RSA key to share between instances, since making one takes a moment.
    """
    # One round of hashing: tests do not need passwords to be safe.
    local = LocalClerk(MemoryStore(), key=key, password_method="pbkdf2:sha256:1")
    seed(local)
    return local


class LocalClient(CookieClient):
    """A test client that signs in as somebody whom the app's local Clerk knows."""

    def sign_in(self, user: str, *, organization: str | None = None) -> Session:
        """Hold a new session from here on, and return it.

        :param user: An email address, a username or a user id.
        :param organization: The id or slug of the organization to be active.
        :raises LookupError: If there is no such person.
        """
        session, cookies = open_session(self.application, user, organization)
        for name, value in cookies.items():
            self.hold(name, value)
        return session

    def sign_out(self) -> None:
        """Drop the session; the local Clerk still knows it."""
        for name in (Cookies.SESSION, Cookies.REFRESH):
            self.hold(name, "")
            self.hold(f"{name}_{self.local.publishable_key.cookie_suffix}", "")
        self.hold(Cookies.CLIENT_UAT, "0")
        self.hold(f"{Cookies.CLIENT_UAT}_{self.local.publishable_key.cookie_suffix}", "0")

    @property
    def local(self) -> LocalClerk:
        """The app's local Clerk."""
        return local_of(self.application)


def local_of(app: Flask) -> LocalClerk:
    """Return an app's local Clerk.

    :raises LookupError: If it has none.
    """
    if EXTENSION not in app.extensions:
        raise LookupError("This app has no local Clerk: make it with CLERK_LOCAL.")
    return cast(LocalClerk, app.extensions[EXTENSION])


def open_session(
    app: Flask, user: str, organization: str | None = None, origin: str = "http://localhost"
) -> tuple[Session, dict[str, str]]:
    """Return a new session, and the cookies of a browser that has just signed in.

    :param user: An email address, a username or a user id.
    :param organization: The id or slug of the organization to be active.
    :param origin: The app's, as the browser sees it.
    :raises LookupError: If there is no such person.
    """
    local = local_of(app)
    found = local.users.find(user)
    if found is None:
        raise LookupError(f"The local Clerk knows nobody called {user}.")
    browser = local.clients.create_dev_browser(local.clients.create().id)
    session = local.sessions.create(found.id, browser.client_id, organization_id=organization)
    handshake = local.handshakes.begin(
        local.handshakes.policy(), dev_browser=browser.id, origin=origin
    )
    pairs = (line.partition(";")[0].partition("=") for line in handshake.lines)
    return session, {name: value for name, _, value in pairs}
