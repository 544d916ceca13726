"""What the workers of an app share: in memory for one process, in Redis for several."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from .core.config import ClerkConfig
from .core.errors import ConfigurationError
from .core.message_log import MemoryMessageLog
from .core.message_log import MessageLog
from .core.revocation import MemoryRevocations
from .core.revocation import RevocationStore


def open_revocations(config: ClerkConfig, clock: Callable[[], float]) -> RevocationStore:
    """Return the store that ``CLERK_REVOCATION_URL`` names.

    :param clock: Returns the wall time in Unix seconds.
    :raises ConfigurationError: If redis-py is needed and not installed, or cannot read the URL.
    """
    if _is_in_memory(config):
        return MemoryRevocations(config, clock)
    store: RevocationStore = _redis_stores().RedisRevocations(config, clock)
    return store


def open_message_log(config: ClerkConfig) -> MessageLog:
    """Return the log that ``CLERK_REVOCATION_URL`` names.

    :raises ConfigurationError: If redis-py is needed and not installed, or cannot read the URL.
    """
    if _is_in_memory(config):
        return MemoryMessageLog()
    log: MessageLog = _redis_stores().RedisMessageLog(config)
    return log


def _is_in_memory(config: ClerkConfig) -> bool:
    return config.revocation_url.startswith("memory:")


def _redis_stores() -> ModuleType:
    try:
        from . import redis_stores
    except ImportError as error:
        raise ConfigurationError(
            "CLERK_REVOCATION_URL needs redis-py: pip install 'flask-clerk[redis]'."
        ) from error
    return redis_stores
