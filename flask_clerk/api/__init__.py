"""The Backend API over ``requests``. Loaded when the first call to Clerk is made, not before."""

from __future__ import annotations

from .backend import BackendAPI
from .client import Client
from .collections import Pages
from .resources import Resource
from .resources import Session
from .resources import User

__all__ = ["BackendAPI", "Client", "Pages", "Resource", "Session", "User"]
