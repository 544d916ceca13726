"""What an app asks Clerk itself: the Backend API, Clerk's SDK, and the people behind ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import cast

from flask import current_app

from .core.errors import BackendAPIError
from .core.errors import ResourceNotFoundError
from .sdk import make_sdk

if TYPE_CHECKING:
    import clerk_backend_api

    from .api import BackendAPI
    from .api import Client
    from .api import Session
    from .api.collections import Gets
    from .api.collections import T
    from .core.instance import Instance

UserLoader = Callable[[str], Any]


class AtClerk:
    """One app's way to Clerk; nothing is loaded or connected before it is needed."""

    def __init__(self, instance: Instance, load_user: Callable[[], UserLoader | None]) -> None:
        """Bind an instance.

        :param load_user: Returns the app's user loader, which may be registered later.
        """
        self.instance = instance
        self._load_user = load_user
        self._sdk: tuple[object, clerk_backend_api.Clerk] | None = None

    @property
    def client(self) -> Client:
        """The Backend API."""
        return cast("BackendAPI", self.instance.backend).client

    @property
    def sdk(self) -> clerk_backend_api.Clerk:
        """Clerk's own SDK: one for each process, since connections must not cross a fork."""
        owner = os.getpid(), self.instance
        if self._sdk is None or self._sdk[0] != owner:
            self._sdk = owner, make_sdk(self.instance.config)
        return self._sdk[1]

    def load_user(self, user_id: str | None) -> Any:
        """Return a user: the app's own if it has a loader, else Clerk's.

        :raises BackendAPIError: If Clerk is to be asked and refuses or cannot be reached.
        """
        loader = self._load_user()
        if user_id is None:
            return None
        if loader is not None:
            return current_app.ensure_sync(loader)(user_id)
        if self.instance.config.secret_key is None:
            raise BackendAPIError(
                "g.auth.user needs a function registered with clerk.user_loader, or "
                "CLERK_SECRET_KEY to ask Clerk with."
            )
        return _found(self.client.users, user_id)

    def load_session(self, session_id: str | None) -> Session | None:
        """Return a session as it stands at Clerk now.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        return None if session_id is None else _found(self.client.sessions, session_id)


def _found(collection: Gets[T], id: str) -> T | None:  # noqa: A002
    """Return what has this id, or ``None``: a token may outlive what it names by a minute."""
    try:
        return collection.get(id)
    except ResourceNotFoundError:
        return None
