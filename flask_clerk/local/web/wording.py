"""How times, people and devices read on a page."""

from __future__ import annotations

import json
from datetime import datetime
from datetime import timezone
from typing import Any
from typing import Final

from ..model import Activity
from ..model import User
from .current import current_local

#: Seconds in each unit, largest first.
UNITS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_TONES: Final = 6


def ago(milliseconds: int | None) -> str:
    """Return a time in words, relative to the instance's clock.

    :param milliseconds: Unix milliseconds, or ``None`` for never.
    """
    if milliseconds is None:
        return "never"
    seconds = (current_local().now - milliseconds) // 1000
    if -5 < seconds < 10:
        return "just now"
    words = duration(abs(seconds), is_rough=True)
    return f"{words} ago" if seconds > 0 else f"in {words}"


def duration(seconds: int | None, *, is_rough: bool = False) -> str:
    """Return a duration in its largest unit, such as ``7 days``.

    :param is_rough: Whether a remainder may be dropped; else the unit must divide evenly.
    """
    if seconds is None:
        return "none"
    fits = (
        (unit, size) for unit, size in UNITS if seconds >= size and (is_rough or not seconds % size)
    )
    unit, size = next(fits, UNITS[-1])
    count = round(seconds / size)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def timestamp(milliseconds: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def name_of(user: User) -> str:
    """Return what to call a user."""
    return user.full_name or user.identifier


def initials(name: str) -> str:
    """Return one or two letters for an avatar."""
    words = [word for word in name.partition("@")[0].split() if word]
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


def tone(of: str) -> int:
    """Return which of the avatar colours belongs to an id."""
    return sum(of.encode("utf-8", "replace")) % _TONES


def device(activity: Activity | None) -> str:
    """Return where a session was last used, such as ``Chrome 130 on Linux``."""
    if activity is None or not (activity.browser_name or activity.device_type):
        return "Unknown device"
    browser = " ".join(filter(None, (activity.browser_name, activity.browser_version)))
    return " on ".join(filter(None, (browser, activity.device_type)))


def pretty(value: Any) -> str:
    """Return JSON to be read and edited."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate is JSON, yet no page can be encoded with it
        return json.dumps(value, indent=2)
    return text
