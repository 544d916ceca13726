"""What a guard raises: Werkzeug exceptions that apps handle with ``errorhandler`` as they like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug import exceptions
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from .challenges import insufficient_scope
from .challenges import missing_token

Headers = list[tuple[str, str]]


class _Answer(exceptions.HTTPException):
    """An error that answers in JSON, or as a page to a client that prefers HTML."""

    error_code: str

    def __init__(self, description: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(description)
        self.reason = reason

    def document(self) -> Mapping[str, Any]:
        """Return the JSON body, in the shape of Clerk's own errors."""
        return {
            "errors": [
                {
                    "code": self.error_code,
                    "message": self.name,
                    "long_message": self.description,
                    "meta": {"reason": self.reason},
                }
            ]
        }

    def get_body(self, environ: Any = None, scope: Any = None) -> str:
        """Return the body that the client prefers."""
        if _prefers_html(environ):
            return super().get_body(environ, scope)
        return json.dumps(self.document()) + "\n"

    def get_headers(self, environ: Any = None, scope: Any = None) -> Headers:
        """Return the headers that go with the body."""
        if _prefers_html(environ):
            return super().get_headers(environ, scope)
        return [("Content-Type", "application/json")]


class Unauthenticated(_Answer, exceptions.Unauthorized):
    """401: nobody is authenticated. ``reason`` is Clerk's code for why."""

    error_code = "authentication_invalid"
    description = "Sign in to see this."

    def get_headers(self, environ: Any = None, scope: Any = None) -> Headers:
        """Return the headers that go with the body, and the challenge that a 401 must carry."""
        return [*super().get_headers(environ, scope), ("WWW-Authenticate", missing_token())]


class Forbidden(_Answer, exceptions.Forbidden):
    """403: the session lacks what the view asks for."""

    error_code = "authorization_invalid"
    description = "You may not see this."


class InsufficientScope(Forbidden):
    """403: the token lacks one of the scopes that the view asks for (RFC 6750, section 3.1).

    :param scopes: All that the view asks for.
    """

    description = "The token's scopes do not reach this far."

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__(reason="insufficient-scope")
        self.scopes = scopes

    def get_headers(self, environ: Any = None, scope: Any = None) -> Headers:
        """Return the headers that go with the body, and the challenge that names the scopes."""
        challenge = insufficient_scope(self.scopes)
        return [*super().get_headers(environ, scope), ("WWW-Authenticate", challenge)]


class ReverificationRequired(Forbidden):
    """403: the session's last verification is too old. clerk-js understands the body.

    :param required: ``{"level": …, "after_minutes": …}`` or a preset's name.
    """

    description = "Confirm that it is you and try again."

    def __init__(self, required: Any) -> None:
        super().__init__(reason="reverification-error")
        self.required = required

    def document(self) -> Mapping[str, Any]:
        """Return Clerk's reverification body."""
        required = self.required
        if isinstance(required, Mapping):
            required = {"level": required["level"], "afterMinutes": required["after_minutes"]}
        return {
            "clerk_error": {
                "type": "forbidden",
                "reason": "reverification-error",
                "metadata": {"reverification": required},
            }
        }


def _prefers_html(environ: Any) -> bool:
    header = (environ or {}).get("HTTP_ACCEPT")
    accepted = parse_accept_header(header, MIMEAccept)
    return accepted.best_match(["application/json", "text/html"]) == "text/html"
