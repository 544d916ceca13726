"""Who may call the Backend API, and how it refuses: keys, errors, faults on demand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from typing import TypeVar

from flask import current_app
from flask import jsonify
from flask import request
from flask.typing import ResponseReturnValue

from ... import errors
from ...errors import LocalClerkError
from ...faults import Fault
from ...model import Machine
from ..current import current_local

_F = TypeVar("_F", bound=Callable[..., ResponseReturnValue])

_MACHINES: Final = "__clerk_machines_may_call__"
#: The version of a caller that names none ("Versioning").
_OLDEST_VERSION: Final = "2021-02-05"
#: Since this one, metadata is changed through endpoints of its own.
_METADATA_APART: Final = "2026-05-12"


def admit() -> ResponseReturnValue | None:
    """Let a caller with the secret key in; ask the faults first, once for each request."""
    clerk = current_local()
    fault = clerk.faults.take("backend")
    if fault is not None:
        time.sleep(fault.hang)
        if fault.status is not None:
            return answer_error(_misbehaviour(fault.status, fault))
    key = _key()
    if clerk.is_secret_key(key):
        return None
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, _MACHINES, False) and clerk.machines.find_by_secret(key) is not None:
        return None
    raise _key_invalid()


def machines_may_call(view: _F) -> _F:
    """Let machines call a view with their own secret keys, too."""
    setattr(view, _MACHINES, True)
    return view


def calling_machine() -> Machine | None:
    """Return the machine that calls, or ``None`` where the instance's secret key does."""
    return current_local().machines.find_by_secret(_key())


def takes_metadata_apart() -> bool:
    """Whether the caller's API version changes metadata only through endpoints of its own."""
    return request.headers.get("Clerk-API-Version", _OLDEST_VERSION) >= _METADATA_APART


def answer_error(error: LocalClerkError) -> ResponseReturnValue:
    """Return a refusal in Clerk's shape."""
    response = jsonify(error.to_json())
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def refuse_unknown_path(path: str) -> ResponseReturnValue:
    """Answer that there is no such endpoint."""
    raise LocalClerkError(
        "resource_not_found",
        404,
        "not found",
        f"The local Clerk's Backend API has no {request.method} /{path}.",
    )


def _key() -> str:
    """Return the key of ``Authorization: Bearer <key>``.

    :raises LocalClerkError: ``authentication_invalid``, ``authorization_header_format_invalid``.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        raise errors.authentication_invalid()
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise LocalClerkError(
            "authorization_header_format_invalid",
            401,
            "Invalid Authorization header format",
            "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
        )
    return key.strip()


def _key_invalid() -> LocalClerkError:
    return LocalClerkError(
        "clerk_key_invalid",
        401,
        "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is "
        "correct.",
    )


def _misbehaviour(status: int, fault: Fault) -> LocalClerkError:
    if status == 429:
        return errors.too_many_requests(fault.retry_after or 1)
    return LocalClerkError(
        "internal_clerk_error",
        status,
        "Oops, an unexpected error occurred",
        "The local Clerk was told to answer so.",
        retry_after=fault.retry_after,
    )
