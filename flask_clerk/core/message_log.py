"""What has been done about which message, so that one that is sent again is not done again."""

from __future__ import annotations

import threading
from typing import Final
from typing import Protocol

from cachetools import TTLCache

from .errors import ClerkError

#: Seconds. Senders try for a day or so, and people send again by hand.
KEPT_FOR: Final = 3 * 86_400
#: Seconds after which work that was begun and neither finished nor given up may begin anew.
BEGUN_FOR: Final = 120
_MAX_ENTRIES: Final = 20_000


class MessageLogError(ClerkError):
    """The log cannot be read or written now."""


class MessageLog(Protocol):
    """Knows pieces of work by name. Every call may raise ``MessageLogError``."""

    def is_done(self, work: str) -> bool:
        """Whether a piece of work was finished within the last three days."""

    def begin(self, work: str) -> bool:
        """Take a piece of work for two minutes at most; whether nobody else has it."""

    def finish(self, work: str) -> None:
        """Remember that a piece of work is done."""

    def give_up(self, work: str) -> None:
        """Let a piece of work begin anew."""


class MemoryMessageLog:
    """The log of one process."""

    def __init__(self) -> None:
        """Know of nothing yet."""
        self._done: TTLCache[str, bool] = TTLCache(_MAX_ENTRIES, KEPT_FOR)
        self._begun: TTLCache[str, bool] = TTLCache(_MAX_ENTRIES, BEGUN_FOR)
        self._lock = threading.Lock()

    def is_done(self, work: str) -> bool:
        with self._lock:
            return work in self._done

    def begin(self, work: str) -> bool:
        with self._lock:
            if work in self._begun:
                return False
            self._begun[work] = True
            return True

    def finish(self, work: str) -> None:
        with self._lock:
            self._done[work] = True

    def give_up(self, work: str) -> None:
        with self._lock:
            self._begun.pop(work, None)
