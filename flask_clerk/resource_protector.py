"""ClerkTokenValidator: Authlib's ``ResourceProtector`` accepts Clerk's tokens."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc6750 import InsufficientScopeError

from .challenges import insufficient_scope
from .core.auth import Auth
from .core.request import authenticate_token
from .core.tokens import OAUTH_TOKEN
from .core.tokens import accepted_types
from .globals import current_clerk


class ClerkToken:
    """A verified token, as Authlib's ``current_token`` offers it.

    :param auth: What ``g.auth`` would be, were the view guarded by ``require_auth``.
    """

    def __init__(self, auth: Auth) -> None:
        """Hold what was verified."""
        self.auth = auth

    def __repr__(self) -> str:
        return f"<ClerkToken {self.auth!r}>"

    @property
    def user_id(self) -> str | None:
        """The user that the token belongs to, if it belongs to one."""
        return self.auth.user_id

    @property
    def client_id(self) -> str | None:
        """The OAuth application, of an OAuth token."""
        return self.auth.client_id

    def get_scope(self) -> str:
        """Return the scopes, with spaces between them."""
        return " ".join(self.auth.scopes or ())

    def is_expired(self) -> bool:
        """Answer no: an expired token was not verified."""
        return False

    def is_revoked(self) -> bool:
        """Answer no: a revoked token was not verified."""
        return False


class ClerkTokenValidator(BearerTokenValidator):
    """Validates bearer tokens of the current app's Clerk instance (RFC 6750).

    Register it with ``authlib.integrations.flask_oauth2.ResourceProtector``; the views that this
    protects need no ``require_auth``.
    """

    def __init__(
        self,
        accepts_token: str | Iterable[str] = OAUTH_TOKEN,
        realm: str | None = None,
        **extra: Any,
    ) -> None:
        """Accept tokens of these types.

        :param accepts_token: As for ``require_auth``.
        :param extra: More parameters for the challenge, such as ``resource_metadata``.
        :raises ValueError: For a token type that does not exist.
        """
        super().__init__(realm, **extra)
        self._accepts = accepted_types(accepts_token)

    def authenticate_token(self, token_string: str) -> ClerkToken | None:
        """Return the verified token, or ``None``, for which Authlib answers 401."""
        state = authenticate_token(token_string, current_clerk().instance, self._accepts)
        auth = state.to_auth()
        return ClerkToken(auth) if auth.is_authenticated else None

    def validate_token(
        self, token: ClerkToken | None, scopes: Sequence[str] | None, request: Any
    ) -> None:
        """Hold the token to the scopes, as Authlib does, and name them in the challenge of a 403.

        :raises InvalidTokenError: Without a token.
        :raises InsufficientScopeError: For one that has none of the alternatives.
        """
        try:
            super().validate_token(token, scopes, request)
        except InsufficientScopeError:
            metadata = self.extra_attributes.get("resource_metadata")
            raise _InsufficientScopeError(scopes or (), metadata) from None


class _InsufficientScopeError(InsufficientScopeError):
    def __init__(self, scopes: Iterable[str], resource_metadata: str | None) -> None:
        super().__init__()
        self._challenge = insufficient_scope(scopes, resource_metadata)

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the answer; Authlib's own lack the challenge."""
        return [*super().get_headers(), ("WWW-Authenticate", self._challenge)]
