"""An app on a port of its own, for browsers."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from .local import open_session


class LiveServer:
    """Serves an app in threads until it is closed; also a context manager."""

    def __init__(self, app: Flask, host: str = "localhost", port: int = 0) -> None:
        """Serve from here on.

        :param port: 0 for any that is free.
        """
        self.app = app
        self._server = make_server("127.0.0.1", port, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}"

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def cookies(self, user: str, *, organization: str | None = None) -> list[dict[str, Any]]:
        """Return cookies for Playwright's ``context.add_cookies``, of a new session of somebody.

        :param user: An email address, a username or a user id.
        :param organization: The id or slug of the organization to be active.
        :raises LookupError: If the local Clerk knows no such person.
        """
        _, cookies = open_session(self.app, user, organization, self.url)
        return [{"name": name, "value": value, "url": self.url} for name, value in cookies.items()]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
