"""Commands through Flask's runner, with their two streams apart."""

from __future__ import annotations

import inspect
from typing import Any

from click.testing import CliRunner
from click.testing import Result
from flask import Flask

from flask_clerk.cli import clerk

#: Until 8.2, click's runner put both streams into one unless told not to.
_APART = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


def run(app: Flask, *line: str, **options: Any) -> Result:
    """Return what ``flask clerk …`` answered, which is never a stack trace."""
    answer = app.test_cli_runner(**_APART).invoke(clerk, line, **options)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer
