"""Real gunicorns: workers that fork from a loaded app, are replaced under load, are greenlets."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tests.loopback import Loopback
from tests.soak import Clerks
from tests.soak import Load
from tests.soak import gunicorn
from tests.soak import workers_of

OPTIONS = {
    "threads": ["-k", "gthread", "--threads", "4"],
    "gevent": ["-k", "gevent"],
    "forked-from-a-loaded-app": ["-k", "gthread", "--threads", "4", "--preload"],
    "sync": ["-k", "sync"],
}


@pytest.fixture(scope="module")
def clerks() -> Clerks:
    return Clerks()


@pytest.fixture
def loopback(clerks: Clerks) -> Iterator[Loopback]:
    loopback = Loopback("HTTP/1.1")
    loopback.respond = clerks.answer
    with loopback.running():
        yield loopback


def visit_until(load: Load, ready: object, requests: int) -> None:
    """Load the app with visitors until they have made so many requests and something is so."""
    assert callable(ready)
    threads = [threading.Thread(target=load.visit) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 120
    while load.answers.total() < requests or not ready():
        assert time.monotonic() < deadline
        assert any(thread.is_alive() for thread in threads)
        time.sleep(0.05)
    load.ended.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_workers_of_every_kind_answer_everybody_right(
    options: list[str], clerks: Clerks, loopback: Loopback
) -> None:
    with gunicorn(loopback.url, "-w", "2", *options) as (_, port):
        load = Load(clerks, port)
        visit_until(load, lambda: True, 300)
        assert load.wrong == []


def test_workers_replaced_under_load_sign_nobody_out(clerks: Clerks, loopback: Loopback) -> None:
    """HUP replaces the workers one by one; those that leave finish what they have begun."""
    options = ["-w", "2", "-k", "gthread", "--threads", "4", "--keep-alive", "0"]
    with gunicorn(loopback.url, *options) as (server, port):
        before = set(workers_of(server.pid))
        load = Load(clerks, port)
        server.send_signal(signal.SIGHUP)
        visit_until(load, lambda: not before & set(workers_of(server.pid)), 300)
        assert load.wrong == []
