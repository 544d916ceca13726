"""The dashboard: everything that the instance knows, to be seen and changed by its developer."""

from __future__ import annotations

from . import instance
from . import organizations
from . import outbox
from . import overview
from . import roles
from . import sessions
from . import settings
from . import templates
from . import user
from . import user_actions
from . import users
from .blueprint import blueprint

__all__ = [
    "blueprint",
    "instance",
    "organizations",
    "outbox",
    "overview",
    "roles",
    "sessions",
    "settings",
    "templates",
    "user",
    "user_actions",
    "users",
]
