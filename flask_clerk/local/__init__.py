"""The local Clerk: a Clerk instance inside a developer's app. Loaded only where it is used."""

from __future__ import annotations

from .clock import Clock
from .errors import LocalClerkError
from .handshakes import CookiePolicy
from .handshakes import Handshake
from .instance import LocalClerk
from .seed import DEFAULT_PASSWORD
from .seed import DEFAULT_SEED
from .seed import SeedError
from .seed import load_seed
from .seed import seed
from .store import MemoryStore
from .store import SQLiteStore
from .store import Store

__all__ = [
    "DEFAULT_PASSWORD",
    "DEFAULT_SEED",
    "Clock",
    "CookiePolicy",
    "Handshake",
    "LocalClerk",
    "LocalClerkError",
    "MemoryStore",
    "SQLiteStore",
    "SeedError",
    "Store",
    "load_seed",
    "seed",
]
