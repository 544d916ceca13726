"""What the tests of the local Clerk have in common."""

from __future__ import annotations

from typing import Final

ADA: Final = "ada+clerk_test@example.com"
GRACE: Final = "grace+clerk_test@example.com"
ALAN: Final = "alan+clerk_test@example.com"
#: A hash that costs nothing; what is tested here is not scrypt.
FAST_HASH: Final = "pbkdf2:sha256:1"
