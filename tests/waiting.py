"""Waiting for what must happen, for as long as a busy machine may need."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds.
DEADLINE = 60.0


def wait_until(is_so: Callable[[], object], otherwise: str, pause: float = 0.02) -> None:
    """Return once it is so; fail after a minute.

    :param pause: Seconds between two looks.
    """
    end = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < end, otherwise
        time.sleep(pause)
