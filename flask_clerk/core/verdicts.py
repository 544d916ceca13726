"""What the Backend API said of opaque tokens, remembered for as long as it may be."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Final
from typing import TypeAlias

from .recent import Recent
from .verified import VerifiedToken

#: Seconds for which a refused token is refused again without asking.
REFUSALS_LIVE: Final = 10.0

#: What a token says, or Clerk's reason for refusing it.
Verdict: TypeAlias = VerifiedToken | str


class Verdicts:
    """A bounded memory of one instance's verdicts. It holds digests, and no tokens."""

    def __init__(self, size: int, acceptances_live: float, clock: Callable[[], float]) -> None:
        """Remember nothing yet.

        :param size: How many verdicts are remembered at most.
        :param acceptances_live: Seconds for which an accepted token is accepted again without
            asking, unless it expires before.
        :param clock: Returns the wall time in Unix seconds.
        """
        self._entries: Recent[bytes, tuple[Verdict, float, float]] = Recent(size)
        self._acceptances_live = acceptances_live
        self._clock = clock

    def get(self, token: str) -> Verdict | None:
        """Return what is remembered of a token."""
        found = self._entries.get(_digest(token))
        if found is None:
            return None
        verdict, since, until = found
        return verdict if since <= self._clock() < until else None

    def add(self, token: str, verdict: Verdict) -> None:
        """Remember a verdict, from now on."""
        now = self._clock()
        until = self._end_of(verdict, now)
        if until > now:
            self._entries.add(_digest(token), (verdict, now, until))

    def _end_of(self, verdict: Verdict, now: float) -> float:
        if isinstance(verdict, str):
            return now + REFUSALS_LIVE
        expires_at = math.inf if verdict.expires_at is None else verdict.expires_at
        return min(now + self._acceptances_live, expires_at)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
