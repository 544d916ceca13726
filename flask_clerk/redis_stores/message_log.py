"""The MessageLog of several workers: a key for each piece of work, which Redis forgets in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import RedisError

from ..core.config import ClerkConfig
from ..core.message_log import BEGUN_FOR
from ..core.message_log import KEPT_FOR
from ..core.message_log import MessageLogError
from .connection import connect

_DONE: Final = "flask-clerk:done:"
_BEGUN: Final = "flask-clerk:begun:"


class RedisMessageLog:
    """The log that every worker keeps with the others."""

    def __init__(self, config: ClerkConfig) -> None:
        """Connect to nothing yet.

        :raises ConfigurationError: If ``CLERK_REVOCATION_URL`` cannot be read.
        """
        self._redis = connect(config.revocation_url)

    def is_done(self, work: str) -> bool:
        with _told():
            return bool(self._redis.exists(_DONE + work))

    def begin(self, work: str) -> bool:
        with _told():
            return bool(self._redis.set(_BEGUN + work, 1, nx=True, ex=BEGUN_FOR))

    def finish(self, work: str) -> None:
        with _told():
            self._redis.set(_DONE + work, 1, ex=KEPT_FOR)

    def give_up(self, work: str) -> None:
        with _told():
            self._redis.delete(_BEGUN + work)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:  # its text may quote the URL
        raise MessageLogError(f"Redis could not be asked: {type(error).__name__}.") from None
