"""What the tests of the local Clerk have in common."""

from __future__ import annotations

from typing import Final

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Organization
from flask_clerk.local.model import User

ADA: Final = "ada+clerk_test@example.com"
GRACE: Final = "grace+clerk_test@example.com"
ALAN: Final = "alan+clerk_test@example.com"
#: A hash that costs nothing; what is tested here is not scrypt.
FAST_HASH: Final = "pbkdf2:sha256:1"


def person(clerk: LocalClerk, identifier: str) -> User:
    """Return a user who must be there."""
    user = clerk.users.find(identifier)
    assert user is not None, identifier
    return user


def organization(clerk: LocalClerk, slug: str = "analytical-engines") -> Organization:
    """Return an organization that must be there."""
    return clerk.organizations.get(slug)
