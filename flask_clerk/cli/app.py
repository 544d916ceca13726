"""The app beside which a command works, and what it knows of Clerk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask.cli import with_appcontext

from ..core.config import ClerkConfig
from ..core.constants import API_URL
from ..globals import current_clerk
from .errors import shown


def with_clerk(command: Callable[..., None]) -> Callable[..., None]:
    """Load the app and hand its :class:`AppClerk` to a command, as the first argument.

    Expected errors are shown as a sentence, those of the app's own settings included.
    """

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            clerk = current_clerk()
        except RuntimeError as error:
            raise click.ClickException(str(error)) from error
        command(clerk, *args, **kwargs)

    return shown(with_appcontext(wrapper))


def instance_name(config: ClerkConfig) -> str:
    """Return which instance commands speak to, in a few words."""
    if config.local:
        return "the local Clerk"
    if config.api_url != API_URL:
        return f"the Clerk at {config.api_url}"
    kind = "development" if config.is_development else "production"
    key = config.publishable_key
    return f"Clerk's {kind} instance" + (f" {key.frontend_api}" if key else "")
