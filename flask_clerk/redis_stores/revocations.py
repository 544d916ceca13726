"""The RevocationStore of several workers: Redis tells them all, each reads its own copy."""

from __future__ import annotations

import json
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final

from redis import RedisError

from ..core.config import ClerkConfig
from ..core.revocation import MAX_ENTRIES
from ..core.revocation import Ended
from ..core.revocation import MemoryRevocations
from .connection import connect
from .connection import place_of

logger = logging.getLogger("flask_clerk")

#: The sorted set of all entries, by when they are over, and the channel that tells of new ones.
#: Clerk's ids are unique among all instances, so several apps may share one Redis.
KEY: Final = "flask-clerk:revoked"
#: Seconds without a word from Redis after which it is asked for one.
_HEARTBEAT: Final = 1.0
#: Seconds without an answer after which the connection counts as lost.
_SILENCE: Final = 3.0
#: Seconds. The pause before connecting again doubles from the first to the last.
_PAUSES: Final = (0.1, 2.0)
#: Seconds for which the first request of a process may wait for the entries of before.
_FIRST_LOAD: Final = 1.0
#: Seconds. Another machine's clock may be wrong, so what is over is kept this much longer.
_GRACE: Final = 3600
#: Without a state that forked workers would share, or that is the app's own to seed.
_JITTER: Final = random.SystemRandom()


class RedisRevocations(MemoryRevocations):
    """Keeps what every worker has ended.

    A daemon thread in each process listens and writes down; requests read what it wrote, and wait
    for nothing. Only a call that revokes talks to Redis itself, for half a second at most. What
    Redis has lost or never heard of, each worker tells it again when it is back.
    """

    def __init__(self, config: ClerkConfig, clock: Callable[[], float]) -> None:
        """Connect to nothing yet.

        :raises ConfigurationError: If ``CLERK_REVOCATION_URL`` cannot be read.
        """
        super().__init__(config, clock)
        self._redis = connect(config.revocation_url)
        self._place = place_of(config.revocation_url)
        self._fails_closed = config.revocation_fail_closed
        self._listener_pid = self._ready_pid = 0
        self._is_connected = False
        self._is_behind = False
        self._is_closed = False
        self._outage: str | None = None
        self._first_load = threading.Event()

    def __repr__(self) -> str:
        return f"<RedisRevocations at {self._place}>"

    def ends(self, claims: Mapping[str, Any]) -> bool:
        if self._ready_pid != os.getpid():
            self._listen_in_this_process()
        if self._fails_closed and not self._is_connected:
            return True
        return super().ends(claims)

    @property
    def is_connected(self) -> bool:
        self._listen_in_this_process()
        return self._is_connected

    @property
    def status(self) -> str:
        known = f"{len(self.live())} ended"
        if self.is_connected:
            return f"Redis at {self._place} is connected: {known}."
        return f"Redis at {self._place} is gone ({self._outage}): {self._consequence}, {known}."

    def add(self, entry: Ended) -> None:
        super().add(entry)
        self._listen_in_this_process()
        # The listener sets the flag before it looks for what Redis lacks: one of both sends this.
        if self._is_connected:
            try:
                self._send([self._entries.get(entry.id, entry)])
            except (RedisError, OSError) as error:
                self._lose(error)
        if self._outage is not None:
            logger.warning(
                "What was ended just now has ended in this process alone: the others hear of it "
                "when Redis is back."
            )

    def close(self) -> None:
        """Stop listening, within a second or so."""
        self._is_closed = True
        self._redis.close()

    @property
    def _consequence(self) -> str:
        if self._fails_closed:
            return "every token is refused"
        return "what is known keeps working"

    def _listen_in_this_process(self) -> None:
        """Start the listener where there is none yet, as after a fork, and await its first word."""
        if self._listener_pid != os.getpid():
            with self._locked():
                if self._listener_pid != os.getpid():
                    self._start()
        if not self._first_load.is_set() and not self._first_load.wait(_FIRST_LOAD):
            self._lose(TimeoutError())
        self._ready_pid = self._listener_pid

    def _start(self) -> None:
        self._is_connected = False
        self._outage = None
        self._first_load = threading.Event()
        try:
            threading.Thread(target=self._run, name="clerk-revocations", daemon=True).start()
        except RuntimeError as error:  # no more threads for now: the next request tries again
            self._lose(error)
        else:
            self._listener_pid = os.getpid()

    def _run(self) -> None:
        pause, longest = _PAUSES
        while not self._is_closed:
            try:
                self._listen()
            except Exception as error:  # whatever it is, an outage must be seen and end
                if self._is_closed:
                    return
                pause = _PAUSES[0] if self._is_connected else min(pause * 2, longest)
                self._lose(error)
                time.sleep(_JITTER.uniform(pause / 2, pause))

    def _listen(self) -> None:
        """Write down what Redis tells, until the connection is lost."""
        with self._redis.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(KEY)
            heard_at = time.monotonic()
            while not self._is_closed:
                message = channel.get_message(timeout=_HEARTBEAT)
                if message is None:
                    if time.monotonic() - heard_at > _SILENCE:
                        raise TimeoutError
                    channel.ping()
                    continue
                heard_at = time.monotonic()
                if message["type"] == "message":
                    self._receive([message["data"]])
                # Subscribed first and loaded then, so that nothing falls in between.
                if message["type"] == "subscribe" or self._is_behind:
                    self._synchronise()

    def _synchronise(self) -> None:
        """Load what Redis has, and tell it what it lacks."""
        now = self._clock()
        with self._redis.pipeline() as pipeline:
            pipeline.zremrangebyscore(KEY, "-inf", now - _GRACE)
            pipeline.zrevrangebyscore(KEY, "+inf", f"({now}", start=0, num=MAX_ENTRIES)
            _, lines = pipeline.execute()
        self._receive(lines)
        self._is_behind = False
        self._is_connected = True
        if self._outage is not None:
            self._outage = None
            logger.warning("Redis at %s is back.", self._place)
        self._first_load.set()
        there = set(lines)
        self._send([entry for entry in self.live() if _line(entry) not in there])

    def _receive(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            entry = _entry(line)
            if entry is not None:
                super().add(entry)

    def _send(self, entries: Iterable[Ended]) -> None:
        lines = {_line(entry): entry.expires_at for entry in entries}
        if not lines:
            return
        with self._redis.pipeline() as pipeline:
            pipeline.zadd(KEY, lines)
            for line in lines:
                pipeline.publish(KEY, line)
            pipeline.execute()

    def _lose(self, error: Exception) -> None:
        """Go on without Redis, and say so once an outage."""
        is_news = self._outage is None
        self._outage = type(error).__name__  # its text may quote the URL
        self._is_connected = False
        self._is_behind = True
        self._first_load.set()
        if is_news:
            logger.error(
                "Redis at %s is gone (%s): %s, and what other workers end is not heard of.",
                self._place,
                self._outage,
                self._consequence,
            )


def _line(entry: Ended) -> bytes:
    """Return an entry as Redis keeps it: whoever adds it again adds nothing."""
    return json.dumps([entry.id, entry.issued_until, entry.expires_at]).encode()


def _entry(line: bytes) -> Ended | None:
    """Read an entry; what is none, as others may write to Redis too, is passed over."""
    try:
        key, issued_until, expires_at = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    times = (issued_until, expires_at)
    if not isinstance(key, str) or not all(type(each) in (int, float) for each in times):
        return None
    if math.isnan(issued_until) or not math.isfinite(expires_at):
        return None
    return Ended(key, float(issued_until), float(expires_at))
