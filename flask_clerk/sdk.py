"""Clerk's own Python SDK, configured as the app is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Final

from flask import current_app

from .core.config import ClerkConfig
from .core.errors import BackendAPIError

if TYPE_CHECKING:
    import clerk_backend_api

#: Milliseconds for one try of a call, and for all of its tries: a request waits meanwhile.
_TIMEOUT: Final = 10_000
_PATIENCE: Final = 5_000


def make_sdk(config: ClerkConfig) -> clerk_backend_api.Clerk:
    """Return Clerk's SDK for the instance that these settings name.

    By itself it tries for most of a minute to reach a server that is down; a web request has no
    such time.

    :raises RuntimeError: If ``clerk-backend-api`` is not installed.
    :raises BackendAPIError: If there is no secret key.
    """
    try:
        import clerk_backend_api
        from clerk_backend_api.utils import BackoffStrategy
        from clerk_backend_api.utils import RetryConfig
    except ImportError as error:
        raise RuntimeError(
            "clerk.sdk is Clerk's own Python SDK: pip install clerk-backend-api."
        ) from error
    if config.secret_key is None:
        raise BackendAPIError("The Backend API needs CLERK_SECRET_KEY.")
    client = None
    if config.local:
        import httpx

        from .local.web.attach import backend_app

        app = current_app._get_current_object()  # type: ignore[attr-defined]
        client = httpx.Client(transport=httpx.WSGITransport(backend_app(app)))
    return clerk_backend_api.Clerk(
        bearer_auth=config.secret_key.value,
        server_url=f"{config.api_url}/{config.api_version}",
        client=client,
        retry_config=RetryConfig("backoff", BackoffStrategy(200, 1_000, 2, _PATIENCE), False),
        timeout_ms=_TIMEOUT,
    )
