"""Errors on the command line: a sentence on stderr and exit code 1, never a stack trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from ..core.errors import ClerkError


def shown(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command's expected errors be shown as a sentence."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (ClerkError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return wrapper
