"""Clerk for Flask: who sent this request, and what may they do?"""

from __future__ import annotations

from .core.auth import Auth
from .core.auth import SessionAuth
from .core.auth import TokenAuth
from .core.errors import BackendAPIError
from .core.errors import ClerkError
from .core.errors import ConfigurationError
from .core.errors import HandshakeError
from .core.errors import ResourceNotFoundError
from .core.errors import SigningKeyError
from .core.errors import TokenVerificationError
from .core.errors import TooManyRequestsError
from .core.state import RequestState
from .decorators import public
from .decorators import require_auth
from .decorators import require_claim
from .decorators import require_feature
from .decorators import require_permission
from .decorators import require_plan
from .decorators import require_reverification
from .decorators import require_role
from .exceptions import Forbidden
from .exceptions import InsufficientScope
from .exceptions import ReverificationRequired
from .exceptions import Unauthenticated
from .extension import Clerk
from .globals import auth
from .globals import kept_form
from .inbox import WebhookEvent
from .signals import authenticated
from .signals import authentication_failed
from .signals import authorization_denied
from .signals import webhook_received
from .version import VERSION as __version__

__all__ = [
    "Auth",
    "BackendAPIError",
    "Clerk",
    "ClerkError",
    "ConfigurationError",
    "Forbidden",
    "HandshakeError",
    "InsufficientScope",
    "RequestState",
    "ResourceNotFoundError",
    "ReverificationRequired",
    "SessionAuth",
    "SigningKeyError",
    "TokenAuth",
    "TokenVerificationError",
    "TooManyRequestsError",
    "Unauthenticated",
    "WebhookEvent",
    "__version__",
    "auth",
    "authenticated",
    "authentication_failed",
    "authorization_denied",
    "kept_form",
    "public",
    "require_auth",
    "require_claim",
    "require_feature",
    "require_permission",
    "require_plan",
    "require_reverification",
    "require_role",
    "webhook_received",
]
