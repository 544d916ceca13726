"""The connection to Redis: impatient, and in nobody's name but the setting's."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from redis import ConnectionError as RedisConnectionError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..core.errors import ConfigurationError

#: Seconds to connect, and to wait for an answer. Redis answers within milliseconds or is gone.
TIMEOUT: Final = 0.5


def connect(url: str) -> Redis:
    """Return a client; it connects with its first command, in each process anew.

    A command is sent once more if the connection turns out to have been closed meanwhile, but an
    answer that does not come is not waited for twice.

    :param url: ``redis://``, ``rediss://`` or ``unix://``.
    :raises ConfigurationError: If redis-py cannot read the URL.
    """
    try:
        return Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),
        )
    except ValueError as error:
        raise ConfigurationError(
            "CLERK_REVOCATION_URL must be redis://host:port/0, rediss://… or unix:///path."
        ) from error


def place_of(url: str) -> str:
    """Return where a URL leads to, without the password in it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
