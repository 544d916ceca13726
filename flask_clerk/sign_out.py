"""Signing out without JavaScript: a POST that ends the session at Clerk and drops the cookies."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint
from flask import abort
from flask import redirect
from flask import request
from flask import url_for

from .core.constants import Cookies
from .core.context import AuthenticateContext
from .core.errors import ClerkError
from .core.errors import TokenVerificationError
from .core.urls import host_of
from .core.urls import safe_redirect
from .decorators import public
from .forms import comes_from_here
from .globals import current_clerk

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from .core.instance import Instance

logger = logging.getLogger("flask_clerk")

sign_out_blueprint = Blueprint("flask_clerk", __name__, url_prefix="/clerk")


def sign_out_url() -> str:
    """Return the URL that a form posts to; a field ``redirect_url`` says where to go then."""
    return url_for("flask_clerk.sign_out")


@sign_out_blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End the session and send the browser on.

    A form of another site cannot sign anybody out: browsers tell where a POST comes from
    (Fetch Metadata's ``Sec-Fetch-Site``, and ``Origin``), and one that tells neither is refused.
    """
    clerk = current_clerk()
    context = clerk.visit_of(request).context
    if not comes_from_here(context.headers, context.origin):
        abort(403, "Sign out from a page of this application.")
    _revoke(context, clerk.instance)
    asked = request.form.get("redirect_url")
    target = safe_redirect(asked, context.url, clerk.instance.config.allowed_redirect_origins)
    response = redirect(target or _home(request.root_path), 303)
    _expire_cookies(response, context)
    return response


def _home(root_path: str) -> str:
    """Return the app's first page. It begins with one slash: two would name another host."""
    mounted = quote(root_path.strip("/"))
    return f"/{mounted}/" if mounted else "/"


def _revoke(context: AuthenticateContext, instance: Instance) -> None:
    """Revoke the session of the cookie, also when its token has expired on the way."""
    try:
        claims = instance.verify_token(context.session_token_in_cookie or "", clock_skew=math.inf)
        session_id = claims.get("sid")
        if session_id and isinstance(session_id, str):
            instance.revoke_session(session_id)
    except TokenVerificationError:
        logger.debug("There was no session to sign out of.")
    except ClerkError as error:
        logger.warning("A session was signed out here but could not be revoked: %s", error)


def _expire_cookies(response: Response, context: AuthenticateContext) -> None:
    names = [Cookies.SESSION, Cookies.CLIENT_UAT, Cookies.REFRESH]
    handshakes = [Cookies.HANDSHAKE, Cookies.HANDSHAKE_NONCE]
    key = context.config.publishable_key
    if key is not None:
        names += [f"{name}_{key.cookie_suffix}" for name in names]
    # The Frontend API sets its cookies for the parent domain of its own host.
    parent = host_of(context.config.issuer or "").partition(".")[2]
    own_host = host_of(context.origin)
    domains = [None, parent] if parent and f".{own_host}".endswith(f".{parent}") else [None]
    for name in (*names, *handshakes):
        for domain in domains:
            response.delete_cookie(
                name, domain=domain, secure=context.origin.startswith("https:"), samesite="Lax"
            )
