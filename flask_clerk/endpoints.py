"""What stands between a request and an endpoint: asked by the hook, and by who lists the routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from flask.views import http_method_funcs

from .core.config import ClerkConfig
from .core.tokens import SESSION_TOKEN
from .guards import Guard
from .guards import accepted_by
from .guards import guards_of
from .guards import is_marked_apart
from .guards import is_marked_public
from .guards import marks

if TYPE_CHECKING:
    from flask import Flask
    from flask import Request
    from werkzeug.routing import Rule


@dataclass(frozen=True, slots=True)
class Door:
    """What a request to an endpoint passes through.

    :param accepts: The token types that are let in.
    :param is_apart: Whether no session is decided about: for Flask's static files, and for a view
        that finds out itself who calls, as long as nothing guards them.
    :param marks: The number of marks that had been made when the guards were looked for.
    :param config: The settings by which it was looked at.
    """

    view: Any
    guards: tuple[Guard, ...]
    accepts: tuple[str, ...]
    is_apart: bool
    marks: int
    config: ClerkConfig


class Doors:
    """The doors of one app, each looked at once, and again after a new mark or another view."""

    def __init__(self, app: Flask) -> None:
        """Know none of them yet."""
        self._app = app
        self._known: dict[tuple[str, str], Door] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, request: Request, config: ClerkConfig) -> Door:
        """Return what a request passes through, as :func:`guards_at` finds its guards."""
        app, rule, method = self._app, request.url_rule, request.method
        endpoint = "" if rule is None else rule.endpoint
        door = self._known.get((endpoint, method))
        view = app.view_functions.get(endpoint)
        if (
            door is None
            or door.view is not view
            or door.marks != marks.made
            or door.config is not config
        ):
            guards = guards_at(app, endpoint, method, closed=config.require_auth)
            door = Door(
                view,
                guards,
                _accepted(view, guards, config.accepts_token),
                not guards and (is_static(app, endpoint) or is_marked_apart(view)),
                marks.made,
                config,
            )
            if method.lower() in http_method_funcs:  # others are any text that a client makes up
                self._known[endpoint, method] = door
        return door


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """One method of one URL rule, and what guards it."""

    rule: Rule
    method: str
    guards: tuple[Guard, ...]
    accepts: tuple[str, ...] | None


def guarded_routes(app: Flask, *, closed: bool) -> Iterator[GuardedRoute]:
    """Yield every method of every URL rule that has guards.

    :param closed: As for :func:`guards_at`.
    """
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            guards = guards_at(app, rule.endpoint, method, closed=closed)
            if guards:
                yield GuardedRoute(rule, method, guards, accepted_by(guards))


def guards_at(app: Flask, endpoint: str, method: str, *, closed: bool) -> tuple[Guard, ...]:
    """Return every guard between a request and the endpoint that it was routed to.

    :param endpoint: As ``url_map`` names it; empty for a request that no rule fits.
    :param closed: Whether views without any mark ask for a session; static files never do.
    """
    view = app.view_functions.get(endpoint)
    is_closed = closed and view is not None and not is_static(app, endpoint)
    return guards_of(view, method, _blueprints(app, endpoint), closed=is_closed)


def is_public_at(app: Flask, endpoint: str, method: str) -> bool:
    """Whether the endpoint is marked as open to everybody, itself or by its blueprint."""
    view = app.view_functions.get(endpoint)
    return is_marked_public(view, method, _blueprints(app, endpoint))


def is_static(app: Flask, endpoint: str) -> bool:
    """Whether Flask itself serves the endpoint's files, and not a view that is named ``static``."""
    owner, _, name = endpoint.rpartition(".")
    serves = app.blueprints.get(owner) if owner else app
    return name == "static" and serves is not None and serves.has_static_folder


def _accepted(view: Any, guards: tuple[Guard, ...], by_default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the token types that are let in; a URL of no view is worth no call for any other."""
    if view is None:
        return tuple(name for name in by_default if name == SESSION_TOKEN)
    accepts = accepted_by(guards)
    return by_default if accepts is None else accepts


def _blueprints(app: Flask, endpoint: str) -> list[Any]:
    """Return the blueprints that an endpoint is in, the innermost first."""
    found = []
    name = endpoint
    while "." in name:
        name = name.rpartition(".")[0]
        found.append(app.blueprints.get(name))
    return found
