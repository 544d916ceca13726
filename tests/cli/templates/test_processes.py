"""The commands as they are called: in processes, in pipes, on a terminal, at a server that dies."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from flask_clerk.local import LocalClerk
from flask_clerk.local import SQLiteStore
from flask_clerk.local.web.app import create_app
from flask_clerk.local.web.attach import DATABASE
from flask_clerk.local.web.attach import open_local
from tests.cli.served import served
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template
from tests.local.live import serving
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback

APP = """
from flask import Flask
from flask_clerk import Clerk

app = Flask(__name__)
Clerk(app)
"""
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "clerk", "templates"]


@pytest.fixture
def place(folder: Path) -> Path:
    """Return the folder of an app with three templates and a session token."""
    place = folder.parent
    open_local(place / "instance")  # a new one would begin with the files
    (place / "app.py").write_text(APP, "utf-8")
    write_template(folder, "one", {"aud": "https://one.example"})
    write_template(folder, "two", lifetime=90)
    write_template(folder, "three", {"names": ["{{user.full_name || 'Nobody'}}"]})
    write(folder, "session_token", {"role": "{{user.public_metadata.role}}"})
    return place


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}
    return {**kept, **settings}


def templates(place: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Return what a process answered, whose output goes into pipes."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        cwd=place,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


@pytest.fixture(params=["in the app", "flask clerk serve"])
def settings(request: pytest.FixtureRequest, place: Path) -> Iterator[dict[str, str]]:
    """Return the settings of the app: a Clerk of its own, or one in another process."""
    if request.param == "in the app":
        yield {"CLERK_LOCAL": "true"}
        return
    folder = place / "elsewhere"
    with served(folder) as settings:
        key = LocalClerk(SQLiteStore(folder / DATABASE)).secret_key
        yield {**settings, "CLERK_SECRET_KEY": key.value}


def test_there_and_back_are_the_same_files(place: Path, settings: dict[str, str]) -> None:
    before = contents(place / "clerk")

    refused = templates(place, "push", **settings)
    assert refused.returncode == 1
    assert refused.stderr.endswith("Nothing was changed: this is no terminal, so add --yes.\n")
    pushed = templates(place, "push", "--yes", **settings)
    assert pushed.returncode == 0, pushed.stderr
    assert pushed.stdout.endswith("4 changes made.\n")
    assert "\x1b" not in pushed.stdout
    shutil.rmtree(place / "clerk")
    assert templates(place, "diff", **settings).returncode == 1
    pulled = templates(place, "pull", **settings)
    assert pulled.returncode == 0, pulled.stderr
    assert contents(place / "clerk") == before
    assert templates(place, "diff", **settings).returncode == 0
    linted = templates(place, "lint", "--format", "github", **settings)
    assert (linted.returncode, linted.stdout) == (0, "")
    for answer in (refused, pushed, pulled, linted):
        assert settings.get("CLERK_SECRET_KEY", "sk_test_") not in answer.stdout + answer.stderr


def on_a_terminal(place: Path, typed: str, *arguments: str, **settings: str) -> tuple[str, int]:
    """Return what was shown on a terminal at which somebody typed, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=place,
        env=environment(**settings),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:  # the other side is closed, as Linux says it
        pass
    finally:
        os.close(ours)
    return shown.decode().replace("\r\n", "\n"), process.wait(timeout=60)


def test_on_a_terminal_somebody_is_asked(place: Path) -> None:
    local = {"CLERK_LOCAL": "true"}

    shown, code = on_a_terminal(place, "n\n", "push", **local)
    assert code == 1
    assert "Make 4 changes at the local Clerk? [y/N]: " in shown
    assert '\x1b[32m+    "aud": "https://one.example"' in shown
    assert templates(place, "diff", **local).returncode == 1

    shown, code = on_a_terminal(place, "y\n", "push", NO_COLOR="1", **local)
    assert code == 0
    assert shown.endswith("4 changes made.\n")
    assert "\x1b[3" not in shown
    assert templates(place, "diff", **local).returncode == 0


def forwarding(origin: str, creates: int) -> Loopback:
    """Return a server that passes calls on, and dies after so many templates were created."""
    loopback = Loopback()
    left = [creates]

    def respond(call: Call) -> Answer:
        if call.method == "POST":
            left[0] -= 1
        if left[0] < 0:
            return Answer(promised=10)  # the connection ends before the answer does
        found: Any = requests.request(
            call.method,
            f"{origin}{call.path}",
            params=call.query,
            json=call.body,
            headers={"Authorization": call.headers["authorization"]},
            timeout=60,
        )
        return Answer(found.status_code, found.content, {"Content-Type": "application/json"})

    loopback.respond = respond
    return loopback


def test_the_push_after_a_server_died_completes_it(place: Path, local: LocalClerk) -> None:
    settings = {"CLERK_SECRET_KEY": local.secret_key.value}

    with serving(create_app(local)) as origin, forwarding(origin, 1).running() as dying:
        failed = templates(place, "push", "--yes", CLERK_API_URL=f"{dying.url}/api", **settings)
        assert failed.returncode == 1
        assert "Created one.\n" in failed.stdout
        assert "Done: create one.\n" in failed.stderr
        assert "Not done: create three, create two, update session_token.\n" in failed.stderr
        assert "Traceback" not in failed.stderr
        assert [found.name for found in local.templates.search()] == ["one"]

        completed = templates(place, "push", "--yes", CLERK_API_URL=f"{origin}/api", **settings)
        assert completed.returncode == 0, completed.stderr
        assert completed.stdout.endswith("3 changes made.\n")
        same = templates(place, "diff", CLERK_API_URL=f"{origin}/api", **settings)
        assert (same.returncode, same.stdout) == (0, "")


def test_settings_that_stop_the_app_are_a_sentence(place: Path) -> None:
    answer = templates(place, "list", CLERK_SECRET_KEY="not-a-key")

    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: CLERK_SECRET_KEY")
    assert "Traceback" not in answer.stderr
    assert "not-a-key" not in answer.stderr
