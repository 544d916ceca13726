"""Only our own forms are obeyed: by the browser's word, and by a token that only our pages have."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from flask import abort
from flask import after_this_request
from flask import request
from werkzeug.wrappers import Response

from ...core.urls import origin_of
from ...forms import comes_from_here
from ..ids import new_secret
from .current import current_local
from .frontend.browser import mount_path

#: The name of the hidden field.
FIELD: Final = "form_token"
_NONCE: Final = "clerk_local.form_nonce"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


def form_token() -> str:
    """Return the token for the forms of the page at hand; its cookie goes out with the page.

    It is a signed double submission: other apps on localhost could plant the cookie, since
    cookies know no ports, but none of them can sign what belongs to it.
    """
    nonce: str | None = request.cookies.get(_cookie_name()) or request.environ.get(_NONCE)
    if nonce is None:
        nonce = request.environ[_NONCE] = new_secret()
        after_this_request(_set_cookie)
    return _signature(nonce)


def require_own_form() -> None:
    """Answer 403 to what was not sent by a form of ours."""
    if request.method in _SAFE:
        return
    nonce = request.cookies.get(_cookie_name(), "")
    given = request.form.get(FIELD, "")
    is_ours = nonce != "" and hmac.compare_digest(given.encode(), _signature(nonce).encode())
    own_origin = origin_of(request.host_url) or ""
    if not is_ours or not comes_from_here(request.headers, own_origin):
        abort(403, "This form was not sent from here, or has grown old: go back and try again.")


def _set_cookie(response: Response) -> Response:
    response.set_cookie(
        _cookie_name(),
        request.environ[_NONCE],
        path=mount_path() or "/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _cookie_name() -> str:
    return f"__clerk_local_form_{current_local().publishable_key.cookie_suffix}"


def _signature(nonce: str) -> str:
    key = current_local().state.secret_key.encode()
    return hmac.new(key, f"form {nonce}".encode(), hashlib.sha256).hexdigest()
