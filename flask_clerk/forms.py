"""Keeping a form whose session expired while the person was typing.

A POST cannot go through a handshake: the browser would arrive back with a GET and no fields. So
the fields wait in Flask's session while the browser is sent to the same URL with a GET, which
renews the session on its way, and the view shows them again.
"""

from __future__ import annotations

import logging
from typing import Final

from flask import current_app
from flask import request
from flask import session
from werkzeug.datastructures import MultiDict

from .core.context import AuthenticateContext
from .core.context import HeaderLookup
from .core.urls import origin_of

logger = logging.getLogger("flask_clerk")

#: Bytes of names and values. Flask's session is a cookie, which browsers cap at 4 KB.
MAX_FORM_SIZE: Final = 2048
#: Seconds.
KEPT_FOR: Final = 600

_KEY: Final = "_clerk_kept_form"


def comes_from_here(headers: HeaderLookup, origin: str) -> bool:
    """Whether a page of this origin sent the request, by the browser's own word.

    Browsers name the place with ``Sec-Fetch-Site`` and with ``Origin``, which no page can forge;
    a request with neither counts as another site's.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return bool(origin) and origin_of(headers.get("Origin") or "") == origin


def keep_form(context: AuthenticateContext, user_id: str | None) -> bool:
    """Put the posted fields aside if that can be done, and say whether it was.

    Only fields that a page of this app posted are kept, so that no other site can fill in a form
    here. Files are not kept.

    :param user_id: Whose session has expired; nobody else gets the fields.
    """
    if current_app.secret_key is None:
        logger.warning("A form was lost: keep_form needs SECRET_KEY, to keep it in the session.")
        return False
    if user_id is None:
        return False
    if context.method != "POST" or not context.is_navigation:
        return False
    if not comes_from_here(context.headers, context.origin):
        return False
    fields = [[name, value] for name, value in request.form.items(multi=True)]
    size = sum(len(name.encode()) + len(value.encode()) for name, value in fields)
    if not fields or size > MAX_FORM_SIZE or request.files:
        return False
    session[_KEY] = {
        "path": request.path,
        "fields": fields,
        "user_id": user_id,
        "at": context.now,
    }
    return True


def take_form(user_id: str | None, now: float) -> MultiDict[str, str] | None:
    """Return the fields that this person posted to this page a short while ago, once.

    :param now: Unix seconds.
    """
    kept = session.get(_KEY)
    if not isinstance(kept, dict) or kept.get("path") != request.path:
        return None
    del session[_KEY]
    if kept["user_id"] != user_id or not 0 <= now - kept["at"] < KEPT_FOR:
        return None
    return MultiDict((name, value) for name, value in kept["fields"])
