"""What happens around every request: faults on demand, foreign pages, CORS, errors."""

from __future__ import annotations

import time
from typing import Final

from flask import Response
from flask import request
from werkzeug.exceptions import HTTPException

from ....core.urls import host_of
from ....core.urls import origin_of
from ... import errors
from ...errors import LocalClerkError
from ..current import current_local
from ..guard import is_loopback_host
from .answers import refusal
from .answers import refusal_of_http
from .browser import current_client
from .browser import mount_path
from .origins import may_call
from .routing import blueprint
from .routing import route

#: Attempts, whose errors come with the client that they belong to.
_ATTEMPTS: Final = ("/v1/client/sign_ins", "/v1/client/sign_ups")


@blueprint.before_request
def refuse_foreign_page() -> None:
    """Refuse what a page of another origin sends.

    :raises LocalClerkError: ``origin_invalid``.
    """
    sent = request.headers.get("Origin")
    if sent is not None:
        origin = origin_of(sent)
        if origin is None or not may_call(origin):
            raise errors.origin_invalid()


@blueprint.before_request
def misbehave() -> Response | None:
    """Do what a test wants to go wrong."""
    if "/v1/" not in request.path or request.method == "OPTIONS":
        return None
    fault = current_local().faults.take("frontend")
    if fault is None:
        return None
    time.sleep(fault.hang)
    if fault.status is None:
        return None
    code = "too_many_requests" if fault.status == 429 else "internal_clerk_error"
    message = "The local Clerk fails because it was told to."
    return refusal(LocalClerkError(code, fault.status, message, retry_after=fault.retry_after))


@blueprint.after_request
def allow_pages_of_this_machine(response: Response) -> Response:
    """Let pages on other ports read the answers, where the local Clerk has a port of its own.

    Beside an app there is no need: clerk-js is on the same origin.
    """
    origin = request.headers.get("Origin")
    if not mount_path():
        response.vary.add("Origin")
        if origin is not None and is_loopback_host(host_of(origin)):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            if request.method == "OPTIONS":
                _answer_preflight(response)
    if "/v1/" in request.path:
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.errorhandler(LocalClerkError)
def show_error(error: LocalClerkError) -> Response:
    """Answer with Clerk's error codes."""
    is_attempt = any(path in request.path for path in _ATTEMPTS)
    return refusal(error, current_client() if is_attempt else None)


@blueprint.errorhandler(HTTPException)
def show_http_error(error: HTTPException) -> Response:
    """Answer in Clerk's shape: clerk-js reads JSON, whatever the status."""
    return refusal_of_http(error)


def _unknown(path: str) -> Response:
    raise errors.LocalClerkError(
        "resource_not_found", 404, "not found", f"The local Clerk has no /v1/{path}."
    )


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    route(_method, "/v1/<path:path>")(_unknown)


def _answer_preflight(response: Response) -> None:
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
    asked = request.headers.get("Access-Control-Request-Headers")
    if asked:
        response.headers["Access-Control-Allow-Headers"] = asked
