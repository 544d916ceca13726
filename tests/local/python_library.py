"""The official Python library (``clerk-backend-api``), and what it makes of answers."""

from __future__ import annotations

import json
from typing import Any

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.backend_caller import make_backend_app
from tests.local.instances import ADA
from tests.local.instances import GRACE
from tests.peers_needed import need_package


class Library:
    """The library, what it is asked about, and the JSON of the last answer, by its endpoint."""

    def __init__(self, clerk: LocalClerk, url: str, key: str | None = None) -> None:
        need_package("clerk_backend_api")
        import httpx
        from clerk_backend_api import Clerk

        self.clerk = clerk
        self.url = f"{url}/__clerk/api"
        self.answer: Any = None
        self.endpoint = ""
        self._rules = make_backend_app(clerk).url_map.bind("")
        # Both talk plain HTTP on this machine; to read the certificates anew for each takes long.
        self._client = httpx.Client(event_hooks={"response": [self._record]}, verify=False)
        self.sdk: Any = Clerk(
            bearer_auth=key or clerk.secret_key.value,
            server_url=f"{self.url}/v1",
            client=self._client,
            async_client=httpx.AsyncClient(verify=False),
        )
        self.ada = _user(clerk, ADA)
        self.grace = _user(clerk, GRACE)
        self.engines = clerk.organizations.get("analytical-engines")

    def close(self) -> None:
        self._client.close()

    def session(self) -> Session:
        """Begin a session in which there is all that a session can have."""
        return self.clerk.sessions.create(
            self.ada.id, organization_id=self.engines.id, actor={"sub": "user_support"}
        )

    def _record(self, response: Any) -> None:
        self.answer = json.loads(response.read())
        method, path = response.request.method, response.request.url.path
        rule, _ = self._rules.match(path, method, return_rule=True)
        self.endpoint = f"{method} {str(rule).removeprefix('/__clerk/api/v1')}"


def dumped(result: Any) -> Any:
    """Return the JSON of a model, or of a list of them, as the library would send it."""
    if isinstance(result, list):
        return [dumped(each) for each in result]
    return result.model_dump(mode="json", by_alias=True)


def unknown(answer: Any, read: Any, path: str = "") -> list[str]:
    """Return the paths in an answer that the models do not know or read otherwise.

    Claims and actors have models without any field, into which everything fits.
    """
    if read == {}:
        return []
    if isinstance(answer, dict) and isinstance(read, dict):
        return [
            found
            for name, value in answer.items()
            for found in (
                unknown(value, read[name], f"{path}.{name}") if name in read else [f"{path}.{name}"]
            )
        ]
    if isinstance(answer, list) and isinstance(read, list) and len(answer) == len(read):
        pairs = zip(answer, read, strict=True)
        return [found for left, right in pairs for found in unknown(left, right, f"{path}[]")]
    return [] if answer == read else [path]


def _user(clerk: LocalClerk, email: str) -> User:
    user = clerk.users.find(email)
    assert user is not None
    return user
