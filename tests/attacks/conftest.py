"""The app under attack, and a key that is not its instance's."""

from __future__ import annotations

import pytest
from joserfc.jwk import RSAKey

from tests.attacks.target import Target


@pytest.fixture
def target(keys: RSAKey) -> Target:
    """Return a production app that knows its instance's key."""
    return Target(keys)


@pytest.fixture(scope="session")
def forger() -> RSAKey:
    """Return a private key that an attacker has made."""
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key
