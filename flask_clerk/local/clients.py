"""Clients and development browsers: which browser is this?"""

from __future__ import annotations

import hmac
from dataclasses import replace

from .ids import new_id
from .ids import new_secret
from .model import Client
from .model import DevBrowser
from .service import Service


class Clients(Service):
    """The browsers that an instance knows.

    The ``__client`` cookie proves a browser; a development browser is the same thing where
    that cookie does not reach, and it counts for less, because it travels in URLs.
    """

    def create(self, dev_browser: str | None = None) -> Client:
        """Create a client without sessions.

        :param dev_browser: What ``__clerk_db_jwt`` carries, to be bound to it.
        """
        now = self._now
        client = Client(id=new_id("client"), secret=new_secret(), created_at=now, updated_at=now)
        with self._write() as tx:
            tx.put(client)
            self.bind(dev_browser, client.id)
        return client

    def get(self, client_id: str) -> Client | None:
        """Return a client."""
        with self._read() as tx:
            return tx.get(Client, client_id)

    def search(self) -> list[Client]:
        """Return every client, oldest first."""
        with self._read() as tx:
            return tx.all(Client)

    def find(self, cookie: str | None = None, dev_browser: str | None = None) -> Client | None:
        """Return the client that a browser's credentials prove.

        :param cookie: The value of ``__client``; a valid one wins.
        :param dev_browser: What ``__clerk_db_jwt`` carries.
        """
        client_id, _, secret = (cookie or "").partition(".")
        with self._read() as tx:
            client = tx.get(Client, client_id)
            if client is not None and hmac.compare_digest(client.secret.encode(), secret.encode()):
                return client
            browser = tx.get(DevBrowser, dev_browser) if dev_browser else None
            if browser is None or browser.client_id is None:
                return None
            return tx.get(Client, browser.client_id)

    def cookie(self, client: Client) -> str:
        """Return the value of the client's ``__client`` cookie, which each sign-in changes."""
        return f"{client.id}.{client.secret}"

    def rotate(self, client_id: str) -> Client | None:
        """Give a client a new secret: its cookie must be set anew."""
        with self._write() as tx:
            client = tx.get(Client, client_id)
            if client is not None:
                client = replace(client, secret=new_secret())
                tx.put(client)
            return client

    def create_dev_browser(self, client_id: str | None = None) -> DevBrowser:
        """Create a development browser, bound to a client or not yet."""
        browser = DevBrowser(id=new_id("dvb"), client_id=client_id, created_at=self._now)
        with self._write() as tx:
            tx.put(browser)
        return browser

    def dev_browser(self, dev_browser: str | None) -> DevBrowser | None:
        """Return a development browser by what ``__clerk_db_jwt`` carries."""
        with self._read() as tx:
            return tx.get(DevBrowser, dev_browser) if dev_browser else None

    def bind(self, dev_browser: str | None, client_id: str) -> None:
        """Bind a development browser to a client, if it exists and is free."""
        with self._write() as tx:
            browser = tx.get(DevBrowser, dev_browser) if dev_browser else None
            if browser is None or (browser.client_id and tx.get(Client, browser.client_id)):
                return
            tx.put(replace(browser, client_id=client_id))
