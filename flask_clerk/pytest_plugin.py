"""Fixtures for apps that use Clerk. They need a fixture ``app`` that returns the app under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from .testing import ClerkClient
    from .testing import ClerkKeys


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
def clerk_client(app: Flask, clerk_keys: ClerkKeys) -> ClerkClient:
    """Return a test client of ``app`` with ``sign_in()`` and ``sign_out()``."""
    from .testing import install

    return install(app, clerk_keys)
