"""Errors on the command line: a sentence on stderr and exit code 1, never a stack trace."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
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
        except BrokenPipeError:
            raise  # whoever read the output has enough; click ends quietly
        except (ClerkError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return wrapper


@contextmanager
def missing(sentence: str) -> Iterator[None]:
    """Say this where Clerk answers that what a call names is not there.

    :raises click.ClickException: With the sentence.
    """
    try:
        yield
    except ClerkError as error:
        if getattr(error, "status", None) != 404:
            raise
        raise click.ClickException(sentence) from error
