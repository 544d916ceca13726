"""Routes of the Frontend API, whose method may come as ``POST ?_method=``.

clerk-js sends nothing but GET and POST, so that no browser asks for permission first (clerk-js,
``core/fapiClient.ts``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Final
from typing import TypeVar

from flask import Blueprint
from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

blueprint: Final = Blueprint("frontend", __name__)

View = Callable[..., ResponseReturnValue]
_V = TypeVar("_V", bound=View)

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_views: Final[dict[str, dict[str, View]]] = {}


def route(method: str, rule: str, endpoint: str | None = None) -> Callable[[_V], _V]:
    """Register a view for one method of a path; a slash too many at its end does no harm.

    :param endpoint: The name of the path; that of its first view unless given.
    """

    def register(view: _V) -> _V:
        if rule not in _views:
            _views[rule] = {}
            blueprint.add_url_rule(
                rule,
                endpoint or view.__name__,
                _dispatcher(_views[rule]),
                methods=_METHODS,
                strict_slashes=False,
            )
        _views[rule][method] = view
        return view

    return register


def meant_method() -> str:
    """Return the method that the caller means."""
    if request.method == "POST":
        return request.args.get("_method", "POST").upper()
    return "GET" if request.method == "HEAD" else request.method


def _dispatcher(views: dict[str, View]) -> View:
    def dispatch(**arguments: Any) -> ResponseReturnValue:
        view = views.get(meant_method())
        if view is None:
            raise MethodNotAllowed(valid_methods=sorted(views))
        return view(**arguments)

    return dispatch
