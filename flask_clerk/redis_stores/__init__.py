"""What several workers share, in Redis as it is. Loaded only when it is configured."""

from __future__ import annotations

from .message_log import RedisMessageLog
from .revocations import RedisRevocations

__all__ = ["RedisMessageLog", "RedisRevocations"]
