"""``flask run --debug``: Werkzeug's reloader replaces the process while people are about."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from http.client import HTTPConnection
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.target import session_cookies
from tests.peers_needed import need_package
from tests.peers_needed import need_redis_server
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.waiting import DEADLINE
from tests.waiting import wait_until

RESTARTS = 3
APP = """
import os
from flask import Flask, g
from flask_clerk import Clerk

app = Flask(__name__)
clerk = Clerk(app)

@app.get("/")
def who():
    return {"user": g.auth.user_id, "process": os.getpid()}

@app.post("/end/<session_id>")
def end(session_id):
    clerk.revoke_session(session_id)
    return {}
"""
_RUNNING = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Any]:
    need_package("redis")
    from tests.scaling.redis_server import RedisServer

    server = RedisServer(need_redis_server(), tmp_path)
    server.start()
    yield server
    server.close()


@dataclass
class Visitor:
    """Asks again and again who it is, and keeps what each process has told."""

    port: int
    headers: dict[str, str]
    ended: threading.Event = field(default_factory=threading.Event)
    told: dict[int, list[str | None]] = field(default_factory=dict)

    def has_met(self, processes: int) -> bool:
        """Whether so many processes have answered, and the last of them often."""
        told = list(self.told.values())
        return len(told) == processes and len(told[-1]) >= 20

    def visit(self) -> None:
        while not self.ended.wait(0.01):
            with suppress(OSError, HTTPException):  # cut off by the process's end
                answer = ask(self.port, "GET", "/", self.headers)
                self.told.setdefault(answer["process"], []).append(answer["user"])


def ask(port: int, method: str, path: str, headers: dict[str, str]) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def flask_run(folder: Path, settings: dict[str, str]) -> Iterator[int]:
    """Serve the folder's ``shop`` by Flask's development server, and give its port."""
    log = folder / "flask.log"
    command = [sys.executable, "-m", "flask", "--app", "shop", "run", "--debug", "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that signals reach the reloader's child, too
        )
    try:
        wait_until(
            lambda: _RUNNING.search(log.read_text()) or process.poll() is not None,
            "flask run does not listen",
        )
        assert process.poll() is None, log.read_text()
        yield int(_RUNNING.search(log.read_text())[1])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(DEADLINE)


@contextmanager
def visiting(visitors: list[Visitor]) -> Iterator[None]:
    threads = [threading.Thread(target=visitor.visit) for visitor in visitors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for visitor in visitors:
            visitor.ended.set()
        for thread in threads:
            thread.join()


def test_a_process_that_is_replaced_changes_nobodys_verdict(
    redis: Any, sign: Signer, public_pem: str, tmp_path: Path
) -> None:
    def browser(session_id: str) -> dict[str, str]:
        now = time.time()
        return session_cookies(sign(session_claims(now, exp=int(now) + 3600, sid=session_id)))

    app = tmp_path / "shop.py"
    app.write_text(APP)
    settings = {
        "CLERK_JWT_KEY": public_pem,
        "CLERK_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "CLERK_REVOCATION_URL": redis.url,
    }
    with flask_run(tmp_path, settings) as port:
        assert ask(port, "POST", "/end/sess_ended", {}) == {}
        wait_until(lambda: redis.client.zcard("flask-clerk:revoked"), "Redis is not told")
        signed_in = [Visitor(port, browser("sess_good")) for _ in range(2)]
        signed_out = Visitor(port, browser("sess_ended"))
        visitors = [*signed_in, signed_out]
        with visiting(visitors):
            for processes in range(1, RESTARTS + 2):
                wait_until(
                    lambda: all(visitor.has_met(processes) for visitor in visitors),  # noqa: B023
                    "the process is not replaced",
                )
                if processes <= RESTARTS:
                    app.touch()
    assert {user for one in signed_in for users in one.told.values() for user in users} == {
        "user_1"
    }
    assert {user for users in signed_out.told.values() for user in users} == {None}
