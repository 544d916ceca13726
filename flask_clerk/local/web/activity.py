"""From where a session is used: the address and the browser, as far as the request tells."""

from __future__ import annotations

import re
from typing import Final

from flask import Request

from ..ids import new_id
from ..model import Activity

#: The first that fits wins: every browser also claims to be an older one.
_BROWSERS: Final = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:HeadlessChrome|Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+).*Safari/")),
)
_DEVICES: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Macintosh", "Macintosh"),
    ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def activity_of(request: Request) -> Activity:
    """Return what a session's list of devices says about this request."""
    agent = request.headers.get("User-Agent", "")
    name, version = _browser(agent)
    return Activity(
        id=new_id("sess_activity"),
        ip_address=request.remote_addr,
        browser_name=name,
        browser_version=version,
        device_type=next((device for sign, device in _DEVICES if sign in agent), None),
        is_mobile="Mobile" in agent,
    )


def _browser(agent: str) -> tuple[str | None, str | None]:
    for name, pattern in _BROWSERS:
        found = pattern.search(agent)
        if found is not None:
            return name, found[1]
    return None, None
