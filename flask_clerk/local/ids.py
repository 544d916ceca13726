"""Identifiers and secrets in the forms that Clerk gives them."""

from __future__ import annotations

import secrets
import string
from typing import Final

_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTH: Final = 27


def new_id(prefix: str) -> str:
    """Return an identifier such as ``user_2xhFjEI5X2qWRvtV13BzSj8H6Dk``.

    :param prefix: The kind, without the underscore.
    """
    return f"{prefix}_{new_secret(_LENGTH)}"


def new_hex_id(prefix: str) -> str:
    """Return an identifier with 32 hexadecimal digits, as API keys and M2M tokens have it."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_secret(length: int = 40) -> str:
    """Return random letters and digits; 40 of them are 238 bits.

    :param length: How many characters.
    """
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def new_code() -> str:
    """Return six random digits, as an email code has them."""
    return f"{secrets.randbelow(1_000_000):06d}"
