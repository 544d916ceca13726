"""``flask clerk serve`` in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the local Clerk that a folder holds; yield the settings that the command prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "flask", "clerk", "serve"]
    process = subprocess.Popen(
        [*command, "--port", port, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield dict(_printed(process))
    finally:
        process.terminate()
        process.communicate()


def _printed(process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.fullmatch(r"  (CLERK_\w+)=(.+)\n", line):
            yield found[1], found[2]
        if "Running on" in line:
            return
