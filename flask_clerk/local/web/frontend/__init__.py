"""The Frontend API, which Clerk's unmodified clerk-js talks to.

Paths, parameters and shapes are those of ``fapi/2026-05-12.yml`` in clerk/openapi-specs and of what
clerk-js 6 asks and reads (clerk/javascript, ``packages/clerk-js/src/core``).
"""

from __future__ import annotations

# Each of these adds its routes to the blueprint as it is imported.
from . import clients
from . import emails
from . import environment
from . import handshake
from . import hooks
from . import me
from . import me_organizations
from . import memberships
from . import organizations
from . import reverification
from . import scripts
from . import sessions
from . import sign_ins
from . import sign_ups
from .routing import blueprint

__all__ = [
    "blueprint",
    "clients",
    "emails",
    "environment",
    "handshake",
    "hooks",
    "me",
    "me_organizations",
    "memberships",
    "organizations",
    "reverification",
    "scripts",
    "sessions",
    "sign_ins",
    "sign_ups",
]
