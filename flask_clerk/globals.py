"""``auth``: the auth of the current request, for code and templates alike, and its enforcement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Any
from typing import cast

from flask import current_app
from flask import has_request_context
from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.local import LocalProxy

from .bound import AppClerk
from .bound import Visit
from .core.auth import Auth
from .forms import take_form
from .guards import Guard

if TYPE_CHECKING:
    from flask import Flask

EXTENSION = "clerk"


def current_clerk() -> AppClerk:
    """Return what the current app knows of Clerk.

    :raises RuntimeError: If ``Clerk`` was not initialised with this app.
    """
    return clerk_of(current_app)


def clerk_of(app: Flask) -> AppClerk:
    """Return what an app knows of Clerk.

    :raises RuntimeError: If ``Clerk`` was not initialised with it.
    """
    found: AppClerk | None = app.extensions.get(EXTENSION)
    if found is None:
        raise RuntimeError("This app has no Clerk yet: call Clerk(app) or clerk.init_app(app).")
    return found


def current_visit() -> Visit:
    """Return what the current app knows of the current request.

    :raises RuntimeError: If there is no request, or ``Clerk`` was not initialised with the app.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return clerk_of(app).visit_of(request._get_current_object())  # type: ignore[attr-defined]


def current_auth() -> Auth:
    """Return the auth of the current request; signed out where there is no request."""
    if not has_request_context():
        return Auth()
    return current_visit().auth


def enforce(guards: Iterable[Guard], view: Any) -> None:
    """Hold the current request to these guards of a view, once each.

    :raises Unauthenticated: If nobody is signed in.
    :raises Forbidden: If a condition does not hold.
    """
    if not has_request_context():
        raise RuntimeError("A guarded view was called outside of a request.")
    current_visit().enforce(guards, view)


def kept_form() -> MultiDict[str, str] | None:
    """Return the fields of a form that outlived its session, once; ``None`` if there are none.

    Show them in the form again: the person decides whether to send it. They are for the person
    who posted them, on the page that they were posted to, and for ten minutes.
    """
    clerk = current_clerk()
    return take_form(clerk.visit_of(request).auth.user_id, clerk.instance.now())


#: The auth of the current request. ``g.auth`` is the same.
auth: Auth = cast(Auth, LocalProxy(current_auth))
