"""What the instance answers when it refuses: Clerk's error codes, with the HTTP status of each.

Codes and statuses are those of ``data/api_errors.json`` in Clerk's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import ClerkError


class LocalClerkError(ClerkError):
    """A call that the instance refuses.

    :param code: Clerk's error code, such as ``form_password_incorrect``.
    :param status: The HTTP status of the answer.
    :param message: A few words.
    :param long_message: What a person may read.
    :param param: The parameter that is wrong.
    :param meta: More for ``meta``.
    :param retry_after: Seconds to wait, for a 429.
    """

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        long_message: str | None = None,
        *,
        param: str | None = None,
        meta: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, reason=code)
        self.code = code
        self.status = status
        self.long_message = message if long_message is None else long_message
        self.param = param
        self.meta = {**({"param_name": param} if param else {}), **(meta or {})}
        self.retry_after = retry_after

    def to_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "errors": [
                {
                    "code": self.code,
                    "message": self.message,
                    "long_message": self.long_message,
                    "meta": self.meta,
                }
            ]
        }


def param_missing(param: str) -> LocalClerkError:
    """A parameter is not there."""
    return LocalClerkError(
        "form_param_missing", 422, "is missing", f"{param} must be included.", param=param
    )


def param_invalid(param: str, long_message: str) -> LocalClerkError:
    """A parameter has a value that is not allowed."""
    return LocalClerkError("form_param_value_invalid", 422, "is invalid", long_message, param=param)


def param_format_invalid(param: str, long_message: str) -> LocalClerkError:
    """A parameter is not of its form."""
    return LocalClerkError(
        "form_param_format_invalid", 422, "is invalid", long_message, param=param
    )


def identifier_not_found(param: str = "identifier") -> LocalClerkError:
    """Nobody has this address or name."""
    return LocalClerkError(
        "form_identifier_not_found", 422, "Couldn't find your account.", param=param
    )


def identifier_exists(param: str) -> LocalClerkError:
    """Somebody has this address or name already."""
    return LocalClerkError(
        "form_identifier_exists",
        422,
        f"That {param.replace('_', ' ')} is taken. Please try another.",
        param=param,
    )


def password_incorrect(param: str = "password") -> LocalClerkError:
    """The password is another one."""
    return LocalClerkError(
        "form_password_incorrect",
        422,
        "Password is incorrect. Try again, or use another method.",
        param=param,
    )


def password_too_short(minimum: int, param: str = "password") -> LocalClerkError:
    """The password has too few characters."""
    return LocalClerkError(
        "form_password_length_too_short",
        422,
        f"Passwords must be {minimum} characters or more.",
        param=param,
    )


def code_incorrect() -> LocalClerkError:
    """The code is another one."""
    return LocalClerkError(
        "form_code_incorrect", 422, "is incorrect", "Incorrect code", param="code"
    )


def verification_failed() -> LocalClerkError:
    """Too many wrong codes."""
    return LocalClerkError(
        "verification_failed", 400, "failed", "Too many wrong codes: ask for a new one."
    )


def verification_expired() -> LocalClerkError:
    """The code came too late."""
    return LocalClerkError(
        "verification_expired", 400, "expired", "This code has expired: ask for a new one."
    )


def verification_missing() -> LocalClerkError:
    """No code was asked for."""
    return LocalClerkError(
        "verification_missing", 400, "is missing", "Prepare the verification before attempting it."
    )


def verification_already_verified() -> LocalClerkError:
    """There is nothing left to prove."""
    return LocalClerkError(
        "verification_already_verified", 400, "already verified", "This is verified already."
    )


def strategy_invalid() -> LocalClerkError:
    """The user cannot sign in this way."""
    return LocalClerkError(
        "strategy_for_user_invalid",
        400,
        "Invalid verification strategy",
        "The verification strategy is not valid for this account",
    )


def too_many_requests(retry_after: int) -> LocalClerkError:
    """Too many attempts.

    :param retry_after: Seconds to wait.
    """
    return LocalClerkError(
        "too_many_requests",
        429,
        "Too many requests",
        "Too many requests, retry later",
        meta={"resets_in": retry_after},
        retry_after=retry_after,
    )


def not_found(what: str, key: str) -> LocalClerkError:
    """There is no such thing.

    :param what: In words, such as ``sign in``.
    """
    return LocalClerkError(
        "resource_not_found",
        404,
        f"{what.capitalize()} not found",
        f"No {what} exists with id {key}",
    )


def session_not_found(session_id: str) -> LocalClerkError:
    """There is no such session, or not on this client."""
    return LocalClerkError(
        "resource_not_found", 404, "Session not found", f"No session was found with id {session_id}"
    )


def session_exists() -> LocalClerkError:
    """Somebody is signed in already, and one session at a time is allowed."""
    return LocalClerkError(
        "session_exists", 400, "Session already exists", "You're already signed in."
    )


def already_signed_in(session_id: str) -> LocalClerkError:
    """The user is signed in already, in this session."""
    return LocalClerkError(
        "identifier_already_signed_in",
        400,
        "You're already signed in",
        meta={"session_id": session_id},
    )


def session_action_invalid(action: str, session_id: str) -> LocalClerkError:
    """The session is over."""
    return LocalClerkError(
        "invalid_action_for_session",
        400,
        "Invalid action for user session",
        f"Unable to {action} session {session_id}",
    )


def user_banned() -> LocalClerkError:
    """The user may not sign in."""
    return LocalClerkError("user_banned", 403, "User banned", "This account is banned.")


def authentication_invalid() -> LocalClerkError:
    """The request proves nobody."""
    return LocalClerkError(
        "authentication_invalid",
        401,
        "Invalid authentication",
        "Unable to authenticate the request, you need to supply an active session",
    )


def dev_browser_unauthenticated() -> LocalClerkError:
    """The development browser is none of this instance's."""
    return LocalClerkError(
        "dev_browser_unauthenticated",
        401,
        "Browser unauthenticated",
        "Unable to authenticate this browser for your development instance. Check your Clerk "
        "cookies and try again.",
    )


def origin_invalid() -> LocalClerkError:
    """A page of another origin asks."""
    return LocalClerkError(
        "origin_invalid",
        400,
        "Invalid HTTP Origin header",
        "The local Clerk answers only pages of its own app; add others to "
        "CLERK_ALLOWED_REDIRECT_ORIGINS.",
    )


def signed_out() -> LocalClerkError:
    """The browser has no session."""
    return LocalClerkError("signed_out", 401, "Signed out", "You are signed out")


def forbidden() -> LocalClerkError:
    """The caller may not do this."""
    return LocalClerkError("resource_forbidden", 403, "forbidden", "Resource forbidden")


def organizations_disabled() -> LocalClerkError:
    """There are no organizations here."""
    return LocalClerkError(
        "organization_not_enabled_in_instance",
        403,
        "The organizations feature is not enabled for this instance.",
    )


def not_a_member() -> LocalClerkError:
    """The user does not belong to the organization."""
    return LocalClerkError(
        "not_a_member_in_organization",
        403,
        "not a member",
        "Only members of the organization can do this.",
    )


def organization_not_found() -> LocalClerkError:
    """There is no such organization, or it is none of the caller's business."""
    return LocalClerkError(
        "organization_not_found_or_unauthorized",
        404,
        "not found or unauthorized",
        "Given organization not found, or you don't have permission to access the organization",
    )


def already_a_member(user_id: str) -> LocalClerkError:
    """The user belongs to the organization already."""
    return LocalClerkError(
        "already_a_member_in_organization",
        400,
        "already a member",
        f"{user_id} is already a member of the organization.",
    )


def ticket_error(code: str, long_message: str) -> LocalClerkError:
    """A ticket that cannot be used."""
    return LocalClerkError(code, 400, long_message)


def refresh_refused(code: str, long_message: str) -> LocalClerkError:
    """A session token that is not refreshed; the SDK falls back to a handshake."""
    return LocalClerkError(code, 401, long_message)
