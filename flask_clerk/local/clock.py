"""A clock that follows wall time and that a test can move."""

from __future__ import annotations

import threading
import time


class Clock:
    """Wall time plus however far it was moved. Calling it returns Unix seconds."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        # Looked up at each use, so that whoever freezes time.time freezes this clock too.
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock, forward or, with a negative number, back.

        :param seconds: How far.
        """
        with self._lock:
            self._offset += seconds

    def reset(self) -> None:
        """Return to wall time."""
        with self._lock:
            self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds by which the clock is ahead of wall time."""
        return self._offset
