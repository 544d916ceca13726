"""What all HTML of the local Clerk has in common: its headers, its form tokens, its errors."""

from __future__ import annotations

import secrets
from typing import Any
from typing import Final

from flask import Blueprint
from flask import Response
from flask import after_this_request
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from ..errors import LocalClerkError
from . import wording
from .components import LOOPBACK
from .components import component
from .current import current_local
from .form_protection import FIELD
from .form_protection import form_token
from .form_protection import require_own_form
from .frontend.browser import app_home

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        f"form-action 'self' {LOOPBACK}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
#: What a page says after a redirect, by the value of its parameter ``done``.
_NOTICES: Final = {
    "saved": "Saved.",
    "created": "Created.",
    "deleted": "Deleted.",
    "removed": "Removed.",
    "revoked": "Revoked. Its browser is signed out with its next token.",
    "signed-out": "Signed out there.",
    "sent": "A new code is in the outbox.",
    "password": "The password is set.",
    "banned": "Banned, and signed out everywhere.",
    "unbanned": "The ban is lifted.",
    "rotated": "Tokens are signed with a new key from now on.",
    "cleared": "The outbox is empty.",
    "delivered": "The webhook was sent again.",
}


def serve_html(blueprint: Blueprint) -> Blueprint:
    """Give a blueprint what every page needs: protected forms, strict headers, readable errors."""
    blueprint.before_request(_begin)
    blueprint.context_processor(_context)
    blueprint.register_error_handler(LocalClerkError, _refused)
    blueprint.register_error_handler(403, _forbidden)
    return blueprint


def see_other(url: str) -> Response:
    """Redirect to what is to be seen now, with a GET whatever came before."""
    response = redirect(url, 303)
    assert isinstance(response, Response)
    return response


def script(name: str) -> Markup:
    """Return the tag of a script of ours, which the page at hand alone may run."""
    nonce = secrets.token_urlsafe(16)

    def allow(response: Response) -> Response:
        allowed = f"script-src 'nonce-{nonce}'; connect-src 'self'"
        response.headers["Content-Security-Policy"] = f"{_POLICY}; {allowed}"
        return response

    after_this_request(allow)
    url = url_for("clerk_local.static", filename=name)
    return Markup('<script defer nonce="{}" src="{}"></script>').format(nonce, url)


def _begin() -> None:
    # Behind the app's guard, so that whoever is turned away there sees nothing of us.
    after_this_request(_set_headers)
    require_own_form()


def _set_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    # Not no-referrer: then browsers would send forms with "Origin: null".
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _context() -> dict[str, Any]:
    return {
        "app_home": app_home(),
        "application": current_local().settings.application_name,
        "component": component,
        "form_field": FIELD,
        "form_token": form_token,
        "notice": _NOTICES.get(request.args.get("done", "")),
        "say": wording,
        "script": script,
    }


def _refused(error: LocalClerkError) -> tuple[str, int]:
    return _message(error.message, error.long_message), error.status


def _forbidden(error: HTTPException) -> tuple[str, int]:
    return _message("That did not come from here", error.description or ""), 403


def _message(title: str, text: str) -> str:
    return render_template("clerk_local/message.html", title=title, text=text)
