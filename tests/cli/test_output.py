"""What commands print on a terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from flask_clerk.cli.errors import shown

WORK = (
    "from flask_clerk.cli.output import working\nwith working('Counting'): print('1', flush=True)"
)


def test_work_shows_in_a_pipe_as_a_plain_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK], capture_output=True, text=True, timeout=60, check=True
    )

    assert (done.stdout, done.stderr) == ("1\n", "Counting …\n")


def test_work_is_wiped_off_a_terminal_when_it_is_done() -> None:
    mine, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(theirs)
    seen = os.read(mine, 1000).decode()
    os.close(mine)

    assert done.stdout == b"1\n"
    assert seen == "Counting …\r\x1b[2K"


def test_whoever_has_read_enough_ends_a_command_quietly() -> None:
    @shown
    def command() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        command()
