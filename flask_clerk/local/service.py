"""What every service of the instance shares: the instance, its store, its time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from typing import Any

from .store import Transaction

if TYPE_CHECKING:
    from .instance import LocalClerk


class Service:
    """One family of operations on an instance. Each public method is one transaction."""

    def __init__(self, clerk: LocalClerk) -> None:
        self._clerk = clerk

    @property
    def _now(self) -> int:
        """Unix milliseconds by the instance's clock."""
        return self._clerk.now

    def _read(self) -> AbstractContextManager[Transaction]:
        return self._clerk.store.read()

    def _write(self) -> AbstractContextManager[Transaction]:
        return self._clerk.store.transaction()


def digest(secret: str) -> str:
    """Return the SHA-256 of a random secret, in hexadecimal; the store never needs the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def merge(old: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata merged deeply; ``None`` removes a key (``UpdateUserMetadata``)."""
    merged = dict(old)
    for key, value in change.items():
        before = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = merge(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged
