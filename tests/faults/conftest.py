"""A key that takes turns with the test run's own."""

from __future__ import annotations

import pytest
from joserfc.jwk import RSAKey


@pytest.fixture(scope="session")
def other_key() -> RSAKey:
    """Return another private key."""
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key
