"""Ended sessions and users: what refuses a token that is still good by its signature and times."""

from __future__ import annotations

import heapq
import logging
import math
import os
import threading
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Final
from typing import Protocol

from .config import ClerkConfig
from .tokens import is_finite

logger = logging.getLogger("flask_clerk")

#: Seconds. An OAuth access token of Clerk's lives this long; it names its user, but no session.
_USER_LIFETIME: Final = 86_400
#: Entries that are kept, some 25 MB. Beyond them the ones that would go soonest go early.
MAX_ENTRIES: Final = 100_000
#: Seconds between two searches for entries that are over.
_SWEEP_INTERVAL: Final = 60


class RevocationStore(Protocol):
    """Remembers which sessions and users have ended, for as long as their tokens would live."""

    def revoke_session(self, session_id: str, *, for_seconds: float | None = None) -> None:
        """Refuse every token of a session.

        :param for_seconds: How long the longest-lived token of it may still be good, instead of
            what ``CLERK_REVOCATION_LIFETIME`` says.
        """

    def revoke_user(self, user_id: str, *, for_seconds: float | None = None) -> None:
        """Refuse every token of a user that was issued until now; a later sign-in is good again.

        :param for_seconds: As for a session; unless given, it is a day at least.
        """

    def ends(self, claims: Mapping[str, Any]) -> bool:
        """Whether a verified token is refused. Asked with every request: it waits for nothing."""

    @property
    def is_connected(self) -> bool:
        """Whether what other workers revoke arrives here."""

    @property
    def status(self) -> str:
        """How the store is, in one sentence for a developer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session or a user that has ended.

    :param id: Of the session or of the user; no id is both.
    :param issued_until: Unix seconds; a token issued later is another sign-in's.
    :param expires_at: Unix seconds from which on no token is left to refuse.
    """

    id: str
    issued_until: float
    expires_at: float

    def merged(self, other: Ended) -> Ended:
        """Return what refuses all that either refuses, for as long as either does."""
        return Ended(
            self.id,
            max(self.issued_until, other.issued_until),
            max(self.expires_at, other.expires_at),
        )


class MemoryRevocations:
    """The store of one process. It reads without a lock, and grows within bounds.

    ``cachetools`` reorders its entries as they are read, so its caches need a lock to read.
    """

    def __init__(self, config: ClerkConfig, clock: Callable[[], float]) -> None:
        """Remember nothing yet.

        :param clock: Returns the wall time in Unix seconds.
        """
        self._clock = clock
        self._session_lifetime = config.revocation_lifetime + config.clock_skew
        self._user_lifetime = max(config.revocation_lifetime, _USER_LIFETIME) + config.clock_skew
        self._entries: dict[str, Ended] = {}
        self._swept_at = -math.inf
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._entries)}>"

    def revoke_session(self, session_id: str, *, for_seconds: float | None = None) -> None:
        self._end(session_id, math.inf, self._session_lifetime, for_seconds)

    def revoke_user(self, user_id: str, *, for_seconds: float | None = None) -> None:
        self._end(user_id, self._clock(), self._user_lifetime, for_seconds)

    def ends(self, claims: Mapping[str, Any]) -> bool:
        entries = self._entries
        if not entries:
            return False
        try:  # most are none of these, and find out by two lookups
            is_known = claims.get("sid") in entries or claims.get("sub") in entries
        except TypeError:  # an id that is a list or an object
            is_known = True
        return (is_known or "act" in claims) and self._is_ended(claims)

    @property
    def is_connected(self) -> bool:
        return True

    @property
    def status(self) -> str:
        return f"Kept in memory, for this process alone: {len(self.live())} ended."

    def live(self) -> list[Ended]:
        """Return the entries that still refuse tokens."""
        now = self._clock()
        with self._locked():
            return [entry for entry in self._entries.values() if entry.expires_at > now]

    def add(self, entry: Ended) -> None:
        """Remember an entry, beside what is known of the same id."""
        with self._locked():
            known = self._entries.get(entry.id)
            self._entries[entry.id] = entry if known is None else known.merged(entry)
            now = self._clock()
            is_due = not 0 <= now - self._swept_at < _SWEEP_INTERVAL
            if is_due or len(self._entries) > MAX_ENTRIES:
                self._sweep(now)

    def _end(
        self, key: str, issued_until: float, lifetime: float, for_seconds: float | None
    ) -> None:
        if not isinstance(key, str) or not key:
            raise ValueError("What is revoked is named by its id, such as sess_… or user_….")
        lifetime = lifetime if for_seconds is None else for_seconds
        self.add(Ended(key, issued_until, self._clock() + lifetime))

    def _is_ended(self, claims: Mapping[str, Any]) -> bool:
        """Whether the session, the user, or who impersonates the user has ended."""
        actor = claims.get("act")
        impersonator = actor.get("sub") if isinstance(actor, Mapping) else None
        issued_at = claims.get("iat")
        since = issued_at if is_finite(issued_at) else -math.inf
        return any(
            self._refuses(key, since)
            for key in (claims.get("sid"), claims.get("sub"), impersonator)
        )

    def _refuses(self, key: Any, issued_at: float) -> bool:
        entry = self._entries.get(key) if isinstance(key, str) else None
        if entry is None or issued_at > entry.issued_until:
            return False
        return entry.expires_at > self._clock()

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        for entry in list(self._entries.values()):
            if entry.expires_at <= now:
                del self._entries[entry.id]
        surplus = len(self._entries) - MAX_ENTRIES
        if surplus > 0:
            logger.error(
                "More than %d sessions and users have ended lately: the oldest are forgotten "
                "before their tokens have expired.",
                MAX_ENTRIES,
            )
            some = surplus + MAX_ENTRIES // 10
            soonest = heapq.nsmallest(some, self._entries.values(), key=lambda e: e.expires_at)
            for entry in soonest:
                del self._entries[entry.id]

    def _locked(self) -> threading.Lock:
        """Return the lock for writing; one that the parent process holds is replaced."""
        if self._pid != os.getpid():
            self._pid, self._lock = os.getpid(), threading.Lock()
        return self._lock
