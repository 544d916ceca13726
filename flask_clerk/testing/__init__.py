"""For tests of apps: keys that stand for Clerk, clients that sign in, and an app that is live."""

from __future__ import annotations

from .client import ClerkClient
from .client import install
from .keys import ClerkKeys
from .live import LiveServer
from .local import LocalClient
from .local import make_local

__all__ = [
    "ClerkClient",
    "ClerkKeys",
    "LiveServer",
    "LocalClient",
    "install",
    "make_local",
]
