"""``flask clerk …``: a file for each family of commands, loaded when one of it is called."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

import click

#: Where each command is, as ``module:name`` below this package.
_COMMANDS: Final = {
    "doctor": "doctor:doctor",
    "explain": "explain:explain",
    "js": "js:js",
    "routes": "routes:routes",
    "serve": "serve:serve",
    "sessions": "sessions:sessions",
    "templates": "templates:templates",
    "token": "token:token",
    "users": "users:users",
}


class _LazyGroup(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


@click.group(cls=_LazyGroup)
@click.pass_context
def clerk(ctx: click.Context) -> None:
    """Work with Clerk beside the app."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False
