"""From where a session is used, for the list of sessions in an account."""

from __future__ import annotations

import re
from typing import Final

from flask import request

from ...ids import new_id
from ...model import Activity

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


def activity() -> Activity:
    """Return from where the browser asks, as far as ``User-Agent`` tells."""
    agent = request.headers.get("User-Agent", "")
    found = ((name, pattern.search(agent)) for name, pattern in _BROWSERS)
    browser, version = next(((name, match[1]) for name, match in found if match), (None, None))
    return Activity(
        id=new_id("sess_activity"),
        ip_address=request.remote_addr,
        browser_name=browser,
        browser_version=version,
        device_type=next((device for sign, device in _DEVICES if sign in agent), None),
        is_mobile="Mobi" in agent,
    )
