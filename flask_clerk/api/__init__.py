"""The Backend API over ``requests``. Loaded when the first call to Clerk is made, not before."""

from __future__ import annotations

from .backend import BackendAPI
from .client import Client

__all__ = ["BackendAPI", "Client"]
