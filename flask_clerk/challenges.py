"""``WWW-Authenticate``: what a client that was refused is told (RFC 6750, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Final

if TYPE_CHECKING:
    from authlib.oauth2 import OAuth2Error

#: Where the metadata of a protected resource is (RFC 9728, section 3); the resource's path follows.
METADATA_PATH: Final = "/.well-known/oauth-protected-resource"


def missing_token(resource_metadata: str | None = None) -> str:
    """Return the challenge for a request without any token, which names no error.

    :param resource_metadata: The URL of the resource's metadata (RFC 9728, section 5.1).
    """
    return _challenge(_pointer(resource_metadata))


def invalid_token(resource_metadata: str | None = None) -> str:
    """Return the challenge for a token that was refused, whatever the cause.

    :param resource_metadata: As for :func:`missing_token`.
    """
    from authlib.oauth2.rfc6750 import InvalidTokenError

    return _challenge({**_pointer(resource_metadata), **_error(InvalidTokenError)})


def insufficient_scope(scopes: Iterable[str], resource_metadata: str | None = None) -> str:
    """Return the challenge for a token that lacks one of these scopes.

    :param scopes: All that are needed.
    :param resource_metadata: As for :func:`missing_token`.
    """
    from authlib.oauth2.rfc6750 import InsufficientScopeError

    needed = {"scope": " ".join(scopes)}
    return _challenge({**_pointer(resource_metadata), **_error(InsufficientScopeError), **needed})


def _pointer(resource_metadata: str | None) -> dict[str, str]:
    return {} if resource_metadata is None else {"resource_metadata": resource_metadata}


def _error(error: type[OAuth2Error]) -> dict[str, str | None]:
    return {"error": error.error, "error_description": error.description}


def _challenge(parameters: Mapping[str, str | None]) -> str:
    listed = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return f"Bearer {listed}".rstrip()
