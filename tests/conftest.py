"""Fixtures of all rooms: one key for the whole run, tokens signed with it, and a movable clock."""

from __future__ import annotations

import pytest
from hypothesis import settings
from joserfc.jwk import RSAKey

from tests.signing import MovableClock
from tests.signing import Signer

# pytest --hypothesis-profile nightly
settings.register_profile("nightly", max_examples=20_000, deadline=None)


@pytest.fixture(scope="session")
def keys() -> RSAKey:
    """Return the private RSA key that stands for the instance's signing key."""
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key


@pytest.fixture(scope="session")
def public_pem(keys: RSAKey) -> str:
    """Return the public key, as ``CLERK_JWT_KEY`` takes it."""
    return keys.as_pem(private=False).decode("ascii")


@pytest.fixture(scope="session")
def sign(keys: RSAKey) -> Signer:
    """Return ``sign(claims, header=…)``, which makes a real token of whatever it is given."""
    return Signer(keys)


@pytest.fixture
def clock() -> MovableClock:
    """Return a clock that stands still until a test moves it."""
    return MovableClock()
