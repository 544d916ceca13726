"""What the workers of an app share: in memory for one process, in Redis for several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .core.config import ClerkConfig
from .core.errors import ConfigurationError
from .core.revocation import MemoryRevocations
from .core.revocation import RevocationStore

if TYPE_CHECKING:
    from .redis_stores import RedisRevocations


def open_revocations(config: ClerkConfig, clock: Callable[[], float]) -> RevocationStore:
    """Return the store that ``CLERK_REVOCATION_URL`` names.

    :param clock: Returns the wall time in Unix seconds.
    :raises ConfigurationError: If redis-py is needed and not installed, or cannot read the URL.
    """
    if config.revocation_url.startswith("memory:"):
        return MemoryRevocations(config, clock)
    return _redis_revocations()(config, clock)


def _redis_revocations() -> type[RedisRevocations]:
    try:
        from .redis_stores import RedisRevocations
    except ImportError as error:
        raise ConfigurationError(
            "CLERK_REVOCATION_URL needs redis-py: pip install 'flask-clerk[redis]'."
        ) from error
    return RedisRevocations
