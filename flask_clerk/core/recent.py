"""A bounded mapping of what was used lately, read and written without a lock."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic
from typing import TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """Keeps at most ``size`` values, those used lately before others.

    There are two generations. Whatever is added or used goes into the younger one; once that is
    full it becomes the older one, and what nobody has used since the last such turn is forgotten.
    Every step is one operation on a ``dict``, so threads need no lock, none can be left held by a
    fork, and the worst that a race costs is that a value is forgotten early.
    """

    def __init__(self, size: int) -> None:
        """Keep nothing yet.

        :param size: How many values at most; fewer than 2 keeps none.
        """
        self._half = size // 2
        self._young: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, key: _K) -> _V | None:
        """Return the value, or ``None``."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.add(key, found)
        return found

    def add(self, key: _K, value: _V) -> None:
        """Keep a value under a key."""
        if len(self._young) >= self._half:
            if not self._half:
                return
            self._old, self._young = self._young, {}
        self._young[key] = value
