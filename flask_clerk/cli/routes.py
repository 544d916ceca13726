"""``flask clerk routes``: every endpoint with what guards it, by the hook's own word."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import click
from flask import current_app

from ..bound import AppClerk
from ..endpoints import guards_at
from ..endpoints import is_public_at
from ..endpoints import is_static
from ..guards import Guard
from ..guards import accepted_by
from ..guards import guards_of
from ..guards import is_marked_apart
from .answers import methods_of
from .app import with_clerk
from .output import echo_json
from .output import echo_table
from .output import json_option
from .unmeetable import Supply
from .unmeetable import supply_of
from .unmeetable import unmeetable
from .wording import conditions_of
from .wording import who

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

UNGUARDED: Final = "unguarded"
PUBLIC: Final = "public"
STATIC: Final = "static"
APART: Final = "apart"
GUARDED: Final = "guarded"

_HIDDEN: Final = (
    "A decorator without functools.wraps hides the view's guard, which therefore acts only when "
    "the view itself is called."
)
_VARIABLE: Final = re.compile(r"<[^<>]+>")
_COLOURS: Final = {UNGUARDED: "red", PUBLIC: "green", STATIC: "green", APART: "green"}
_WORDS: Final = {APART: "judges its callers itself"}


@dataclass(frozen=True, slots=True)
class Route:
    """The methods of one URL rule that are guarded alike.

    :param access: ``unguarded``, ``public``, ``static``, ``guarded``, or ``apart`` for a view that
        judges its callers itself, as a webhook does.
    :param asks: What a session must have, where it is guarded.
    :param problems: What is wrong with it, in sentences.
    """

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    access: str
    asks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "rule": self.rule,
            "endpoint": self.endpoint,
            "methods": list(self.methods),
            "access": self.access,
            "asks": list(self.asks),
            "problems": list(self.problems),
        }


@click.command()
@click.option(
    "--fail-on-unguarded",
    is_flag=True,
    help="Exit with 1 if an endpoint is neither guarded nor marked public.",
)
@json_option
@with_clerk
def routes(clerk: AppClerk, fail_on_unguarded: bool, as_json: bool) -> None:
    """List every endpoint with what guards it.

    An endpoint that is open without being marked @public is "unguarded". Conditions that no
    session can meet are pointed out: by Clerk's rules, by what the customised session token
    supplies, and with a local Clerk by its organizations and roles.
    """
    found = list(routes_of(current_app, clerk))
    if as_json:
        echo_json([route.to_json() for route in found])
    else:
        _print(found)
    unguarded = sum(route.access == UNGUARDED for route in found)
    if fail_on_unguarded and unguarded:
        raise click.ClickException(
            f"{unguarded} unguarded: guard them with require_auth, or mark them @public."
        )


def routes_of(app: Flask, clerk: AppClerk) -> Iterator[Route]:
    """Yield what guards each method of each URL rule, in the order of the rules' texts."""
    supply = supply_of(clerk)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        alike: dict[str, list[str]] = {}
        found: dict[str, tuple[Guard, ...]] = {}
        for method in methods_of(rule):
            guards = guards_at(
                app, rule.endpoint, method, closed=clerk.instance.config.require_auth
            )
            is_public = is_public_at(app, rule.endpoint, method)
            key = repr((guards, is_public))
            alike.setdefault(key, []).append(method)
            found[key] = guards
        for key, methods in alike.items():
            yield _route(app, clerk, rule, tuple(methods), found[key], supply)


def _route(
    app: Flask,
    clerk: AppClerk,
    rule: Rule,
    methods: tuple[str, ...],
    guards: tuple[Guard, ...],
    supply: Supply,
) -> Route:
    place = (rule.rule, rule.endpoint, methods)
    if guards:
        is_marked = bool(guards_at(app, rule.endpoint, methods[0], closed=False))
        asks = [condition for guard in guards for condition in conditions_of(guard)]
        target = clerk.instance.organization_of(_VARIABLE.sub("1", rule.rule))
        is_personal = target is not None and not target.parameter
        accepted = accepted_by(guards)
        accepted = clerk.instance.config.accepts_token if accepted is None else accepted
        problems = tuple(unmeetable(guards, accepted, supply, is_personal=is_personal))
        first = who(accepted) if is_marked else f"{who(accepted)} (CLERK_REQUIRE_AUTH)"
        return Route(*place, GUARDED, (first, *dict.fromkeys(asks)), problems)
    if is_marked_apart(app.view_functions.get(rule.endpoint)):
        return Route(*place, APART)
    if is_public_at(app, rule.endpoint, methods[0]):
        return Route(*place, PUBLIC)
    if is_static(app, rule.endpoint):
        return Route(*place, STATIC)
    is_hidden = _hides_a_guard(app.view_functions.get(rule.endpoint), methods[0])
    return Route(*place, UNGUARDED, problems=(_HIDDEN,) if is_hidden else ())


def _hides_a_guard(view: Any, method: str) -> bool:
    """Whether a function inside a view is marked, of which the view itself shows nothing."""
    seen: list[Any] = []
    inside = [view]
    while inside:
        function = inside.pop()
        if not isinstance(function, FunctionType) or function in seen:
            continue
        if guards_of(function, method, (), closed=False):
            return True
        seen.append(function)
        inside += inspect.getclosurevars(function).nonlocals.values()
    return False


def _guard(route: Route) -> str:
    return ", ".join(route.asks) or _WORDS.get(route.access, route.access)


def _print(found: list[Route]) -> None:
    rows = [
        (
            ",".join(route.methods),
            route.rule,
            route.endpoint,
            click.style(_guard(route), fg=_COLOURS.get(route.access)),
        )
        for route in found
    ]
    echo_table(("METHODS", "RULE", "ENDPOINT", "GUARD"), rows)
    for route in found:
        for problem in route.problems:
            where = f"{','.join(route.methods)} {route.rule}"
            click.echo(f"\n{click.style(where, fg='yellow')}\n  {problem}")
