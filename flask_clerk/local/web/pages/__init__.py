"""The pages where people sign in, sign up and see to their account, without JavaScript."""

from __future__ import annotations

from . import account
from . import sign_in
from . import sign_in_steps
from . import sign_up
from . import tasks
from .blueprint import blueprint

__all__ = ["account", "blueprint", "sign_in", "sign_in_steps", "sign_up", "tasks"]
