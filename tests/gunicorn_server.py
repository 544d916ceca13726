"""A real gunicorn on a port of the system's choice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import DEADLINE
from tests.waiting import wait_until

_ROOT = Path(__file__).parents[1]
_LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Gunicorn:
    """A gunicorn that listens; its workers may still be starting."""

    process: subprocess.Popen[bytes]
    port: int


@contextmanager
def gunicorn(
    app: str, folder: Path, environment: Mapping[str, str], *options: str
) -> Iterator[Gunicorn]:
    """Serve an app until the end of the block.

    :param app: As gunicorn takes it, such as ``tests.scaling.app:create_app()``.
    :param folder: For its log; each server needs one of its own.
    :param environment: What it has beside this process's own.
    :param options: Of gunicorn's command line.
    """
    log = folder / "gunicorn.log"
    command = [
        sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--timeout", "120",
        "--log-file", str(log), *options, app,
    ]  # fmt: skip
    # gunicorn keeps its control socket below XDG_RUNTIME_DIR.
    own = {"XDG_RUNTIME_DIR": str(folder), **environment}
    process = subprocess.Popen(command, cwd=_ROOT, env={**os.environ, **own})
    try:
        wait_until(lambda: _port(log) or process.poll() is not None, "gunicorn does not listen")
        assert process.poll() is None, log.read_text()
        yield Gunicorn(process, _port(log))
    finally:
        process.terminate()
        process.wait(DEADLINE)


def _port(log: Path) -> int:
    found = _LISTENING.search(log.read_text()) if log.exists() else None
    return int(found[1]) if found else 0
