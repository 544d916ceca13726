"""Fixtures for apps that use Clerk. They need a fixture ``app`` that returns the app under test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from .local import LocalClerk
    from .testing import ClerkClient
    from .testing import ClerkKeys
    from .testing import LiveServer
    from .testing import LocalClient


@pytest.fixture(scope="session")
def clerk_keys() -> ClerkKeys:
    """Return the keys of a Clerk instance that exists in tests only."""
    from .testing import ClerkKeys

    return ClerkKeys()


@pytest.fixture
def clerk_settings(clerk_keys: ClerkKeys) -> dict[str, str]:
    """Return settings with which an app can be made where no keys are configured."""
    return clerk_keys.settings


@pytest.fixture
def clerk_local(clerk_keys: ClerkKeys) -> Iterator[LocalClerk]:
    """Return a local Clerk in memory, to be the ``CLERK_LOCAL`` of the app under test."""
    from .testing import make_local

    local = make_local(clerk_keys.key)
    yield local
    local.store.close()


@pytest.fixture
def clerk_client(app: Flask, clerk_keys: ClerkKeys) -> ClerkClient | LocalClient:
    """Return a test client of ``app`` with ``sign_in()`` and ``sign_out()``.

    With a local Clerk it signs in as somebody whom that knows, else as whoever a test says.
    """
    from .local.web.current import EXTENSION
    from .testing import LocalClient
    from .testing import install

    if EXTENSION in app.extensions:
        return LocalClient(app, app.response_class, use_cookies=True)
    return install(app, clerk_keys)


@pytest.fixture
def clerk_live_server(app: Flask) -> Iterator[LiveServer]:
    """Return ``app`` on a port of its own, for browsers."""
    from .testing import LiveServer

    with LiveServer(app) as server:
        yield server
