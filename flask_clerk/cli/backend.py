"""The Backend API that a command speaks to: over HTTP, or the local Clerk's where it is."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import Protocol

import click
from flask import Flask
from flask import current_app

from ..core.config import ClerkConfig
from ..core.constants import API_URL
from ..core.constants import SUPPORTED_API_VERSION
from ..core.errors import BackendAPIError

#: Results on a page: the most that Clerk gives (``LimitParameter``).
_PAGE: Final = 500


class BackendCaller(Protocol):
    """Calls the Backend API of one instance, as ``api.Client`` does."""

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the decoded JSON of an answer.

        :param path: Below the version, such as ``/users/user_1``.
        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """


def backend_of(config: ClerkConfig) -> BackendCaller:
    """Return what calls the Backend API of the current app's instance; no server needs to run.

    :raises click.ClickException: If there is no secret key to call it with.
    """
    if config.local:
        return _LocalCaller(current_app)
    if config.secret_key is None:
        raise click.ClickException("The Backend API needs CLERK_SECRET_KEY: set it.")
    from ..api import Client

    return Client(config)


def instance_name(config: ClerkConfig) -> str:
    """Return which instance commands speak to, in a few words."""
    if config.local:
        return "the local Clerk"
    if config.api_url != API_URL:
        return f"the Clerk at {config.api_url}"
    kind = "development" if config.is_development else "production"
    key = config.publishable_key
    return f"Clerk's {kind} instance" + (f" {key.frontend_api}" if key else "")


def pages(backend: BackendCaller, path: str, **query: Any) -> Iterator[Any]:
    """Yield every result of a list, page by page.

    :raises BackendAPIError: If Clerk refuses or cannot be reached.
    """
    offset = 0
    while True:
        answer = backend.request("GET", path, query={**query, "limit": _PAGE, "offset": offset})
        found = answer.get("data") if isinstance(answer, dict) else answer
        if not isinstance(found, list):
            raise BackendAPIError("The Backend API answered in an unknown shape.")
        yield from found
        if len(found) < _PAGE:
            return
        offset += _PAGE


class _LocalCaller:
    """Calls the local Clerk that the app itself holds, within this process."""

    def __init__(self, app: Flask) -> None:
        from ..local.web.app import create_app
        from ..local.web.current import EXTENSION

        local = app.extensions[EXTENSION]
        self._client = create_app(local).test_client(use_cookies=False)
        self._headers = {
            "Authorization": f"Bearer {local.secret_key.value}",
            "Clerk-API-Version": SUPPORTED_API_VERSION,
        }

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        answer = self._client.open(
            f"/api/v1{path}", method=method, query_string=query, json=body, headers=self._headers
        )
        document = answer.get_json(silent=True)
        if answer.status_code < 300:
            return document
        codes = tuple(error["code"] for error in (document or {}).get("errors", ()))
        raise BackendAPIError(
            f"The local Clerk answered {answer.status_code} {', '.join(codes)}".rstrip() + ".",
            status=answer.status_code,
            codes=codes,
        )
