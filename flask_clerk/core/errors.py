"""The errors of this package. Each carries a reason code and a message that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .constants import Reason


class ClerkError(Exception):
    """Base of every error raised here.

    :param message: One sentence for a developer; never contains a token or a key.
    :param reason: Clerk's reason code, safe to show to anybody.
    """

    reason: str = Reason.UNEXPECTED_ERROR

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if reason is not None:
            self.reason = reason


class ConfigurationError(ClerkError, ValueError):
    """A setting is missing, malformed or contradicts another one."""

    reason = "configuration-invalid"


class TokenVerificationError(ClerkError):
    """A token is not believed."""

    reason = Reason.TOKEN_VERIFICATION_FAILED


class SigningKeyError(TokenVerificationError):
    """The key that could verify a token cannot be had."""

    reason = Reason.JWK_FAILED_TO_LOAD


class HandshakeError(ClerkError):
    """A development instance's handshake failed in a way that only a developer can repair."""

    reason = "handshake-failed"


class BackendAPIError(ClerkError):
    """The Backend API refused a call or could not be reached.

    :param status: The HTTP status, or ``None`` when no answer arrived.
    :param codes: Clerk's error codes, in the order of the answer.
    :param errors: What Clerk says to each of them: ``message``, ``long_message``, ``meta`` with
        the parameter's name. They may quote what was sent, so no message or repr has them.
    :param trace_id: Clerk's trace id, for their support.
    :param retry_after: Seconds to wait before another try, where the answer named them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        codes: tuple[str, ...] = (),
        errors: tuple[Mapping[str, Any], ...] = (),
        trace_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.codes = codes
        self.errors = errors
        self.trace_id = trace_id
        self.retry_after = retry_after

    @property
    def is_unreachable(self) -> bool:
        """Whether no usable answer arrived at all."""
        return self.status is None


class ResourceNotFoundError(BackendAPIError):
    """The Backend API has no such thing (404)."""


class TooManyRequestsError(BackendAPIError):
    """The Backend API asks for a pause (429); ``retry_after`` says how long a one."""
