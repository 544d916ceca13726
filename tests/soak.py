"""``python -m tests.soak --minutes N``: an app at full load, and whether it stays the size it was.

A real gunicorn serves; visitors of every kind come as fast as they are answered: known sessions and
new ones, expired ones that are renewed, handshakes, forgers, nobody; and the instance's key is
replaced once a minute. Memory and open files of the workers are read every few seconds. The second
half must not need more than the first, and every answer must be the right one.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from flask import Flask
from joserfc.jwk import RSAKey

from tests.attacks.target import SUFFIX
from tests.attacks.target import add_views
from tests.attacks.target import session_cookies
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import bearer

WORKERS = 2
#: Seconds between two readings.
INTERVAL = 5.0
#: Seconds between two keys.
ROTATION = 60.0
#: How much more the second half may need: caches fill, and allocators are not exact.
MEMORY_GROWTH = 1.10
#: Megabytes that a worker may grow by in any case.
MEMORY_NOISE = 8.0
_ROOT = Path(__file__).parents[1]


def make_app() -> Flask:
    """Return the app that gunicorn serves; its Clerk is this process's, at ``CLERK_API_URL``."""
    from flask_clerk import Clerk

    app = Flask("soaked", static_folder=None)
    Clerk(app, publishable_key=PUBLISHABLE_KEY, secret_key="sk_live_soak", token_cache_size=1_000)
    return add_views(app)


class Clerks:
    """Stands for Clerk: publishes its keys, renews sessions and redeems nonces.

    A key is published one rotation before it signs, and for one rotation after it has.
    """

    def __init__(self) -> None:
        self._spare = [RSAKey.generate_key(2048, private=True) for _ in range(6)]
        self.rotations = 0

    @property
    def _published(self) -> list[tuple[str, RSAKey]]:
        numbers = range(max(0, self.rotations - 1), self.rotations + 2)
        return [(f"ins_{number}", self._spare[number % 6]) for number in numbers]

    def rotate(self) -> None:
        """Sign with the next key from now on."""
        self.rotations += 1

    def token(self, age: int = 0) -> str:
        kid, key = self._published[-2]
        return Signer(key)(session_claims(time.time() - age), {"kid": kid})

    def answer(self, call: Call) -> Answer:
        if call.path == "/v1/jwks":
            keys = [{**key.as_dict(private=False), "kid": kid} for kid, key in self._published]
            return answer_json({"keys": keys})
        lines = [f"__session={self.token()}; Path=/", "__client_uat=1; Path=/"]
        return answer_json({"cookies": lines, "directives": lines})


@dataclass
class Load:
    """Visitors, and what they were told."""

    clerks: Clerks
    port: int
    ended: threading.Event = field(default_factory=threading.Event)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def visit(self) -> None:
        """Come again and again, as somebody else, until the time is over."""
        forger = Signer(RSAKey.generate_key(2048, private=True))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        known, known_since = self.clerks.token(), time.monotonic()
        while not self.ended.is_set():
            if time.monotonic() - known_since > 40:
                known, known_since = self.clerks.token(), time.monotonic()
            kind = random.choices(KINDS, WEIGHTS)[0]
            path, headers, expected = self._request(kind, known, forger)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            told = f"{answer.status} {answer.read(200).decode()}"
            self.answers[kind] += 1
            if not told.startswith(expected):
                self.wrong.append(f"{kind}: {told}, {answer.headers['X-Clerk-Auth-Reason']}")
        connection.close()

    def _request(self, kind: str, known: str, forger: Signer) -> tuple[str, dict[str, str], str]:
        if kind == "known":
            return "/open", session_cookies(known), "200 user_1"
        if kind == "new":
            return "/open", bearer(self.clerks.token()), "200 user_1"
        if kind == "nobody":
            return "/page", {}, "401"
        if kind == "forged":
            header = {"kid": random.choice(["ins_0", f"ins_{random.random()}"])}
            return "/page", bearer(forger(session_claims(time.time()), header)), "401"
        if kind == "nonsense":
            return "/open", {"Cookie": f"__session={random.random()}; __client_uat=1"}, "200 nobody"
        if kind == "handshake":
            return f"/open?__clerk_handshake_nonce=n{random.random()}", {}, "200 user_1"
        if kind == "expired":
            held = f"{session_cookies(self.clerks.token(300))['Cookie']}; __refresh_{SUFFIX}=rt"
            return "/open", {"Cookie": held}, "200 user_1"
        return "/open", {"Cookie": "__client_uat=1", "Accept": "text/html"}, "307"


KINDS = ["known", "new", "nobody", "forged", "nonsense", "handshake", "expired", "unsettled"]
WEIGHTS = [50, 10, 15, 5, 5, 3, 3, 9]


@dataclass(frozen=True)
class Reading:
    """What the workers need together: megabytes of memory, open files, threads."""

    memory: float
    handles: int
    threads: int

    @classmethod
    def of(cls, processes: list[int]) -> Reading:
        """Read it from ``/proc``."""
        memory = threads = 0
        handles = 0
        for pid in processes:
            status = dict(
                line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            )
            memory += int(status["VmRSS"].split()[0])
            threads += int(status["Threads"])
            handles += len(os.listdir(f"/proc/{pid}/fd"))
        return cls(memory / 1024, handles, threads)


def workers_of(master: int) -> list[int]:
    """Return the process ids of a gunicorn's workers."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(pid) for pid in children.split()]


def _all_workers_of(master: int) -> list[int]:
    """Return the ids of both workers, once they are there."""
    for _ in range(600):
        if len(found := workers_of(master)) == WORKERS:
            return found
        time.sleep(0.1)
    raise TimeoutError("gunicorn's workers do not come up")


@contextmanager
def gunicorn(api_url: str, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve the app, and give the server and its port once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "--log-level", "error",
         *options, "tests.soak:make_app()"],
        cwd=_ROOT,
        env={**os.environ, "CLERK_API_URL": api_url},
    )  # fmt: skip
    try:
        _wait_for(port)
        yield server, port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("gunicorn does not answer")


def soak(minutes: float, worker_class: str, visitors: int = 4) -> bool:
    """Load the app for so long, print what was seen, and say whether all is as it should be."""
    clerks, loopback = Clerks(), Loopback("HTTP/1.1")
    loopback.respond = clerks.answer
    readings: list[Reading] = []
    options = ["-w", str(WORKERS), "-k", worker_class, "--threads", "4"]
    with loopback.running(), gunicorn(loopback.url, *options) as (server, port):
        load = Load(clerks, port)
        workers = _all_workers_of(server.pid)
        threads = [threading.Thread(target=load.visit) for _ in range(visitors)]
        for thread in threads:
            thread.start()
        began = rotated = time.monotonic()
        while time.monotonic() - began < minutes * 60:
            load.ended.wait(INTERVAL)
            readings.append(Reading.of(workers))
            loopback.calls.clear()
            if time.monotonic() - rotated > ROTATION:
                clerks.rotate()
                rotated = time.monotonic()
        load.ended.set()
        for thread in threads:
            thread.join()
        same = workers_of(server.pid) == workers
        took = time.monotonic() - began
    return _report(load, readings, took, same)


def _report(load: Load, readings: list[Reading], took: float, same: bool) -> bool:
    half = len(readings) // 2
    first, second = readings[:half], readings[half:]
    total = load.answers.total()
    print(f"{took / 60:.1f} minutes, {total:,} requests, {total / took:,.0f} a second")
    print(", ".join(f"{kind} {load.answers[kind]:,}" for kind in KINDS))
    print(f"{load.clerks.rotations} keys replaced, {len(load.wrong)} wrong answers")
    held = same and not load.wrong
    for name, allowance in (("memory", MEMORY_NOISE), ("handles", 2), ("threads", 0)):
        before = [float(getattr(one, name)) for one in first]
        after = [float(getattr(one, name)) for one in second]
        medians = statistics.median(before), statistics.median(after)
        print(
            f"{name:<8} first half {medians[0]:8.1f} (at most {max(before):.1f}), "
            f"second half {medians[1]:8.1f} (at most {max(after):.1f})"
        )
        growth = MEMORY_GROWTH if name == "memory" else 1.0
        held = held and medians[1] <= max(medians[0] * growth, medians[0] + allowance)
    for line in load.wrong[:10]:
        print(line)
    if not same:
        print("a worker has died")
    print("flat" if held else "NOT as it should be")
    return held


def main() -> int:
    """Return 1 if an answer was wrong, a worker died, or the second half needed more."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--worker-class", default="gthread", choices=["gthread", "gevent"])
    asked = parser.parse_args()
    return 0 if soak(asked.minutes, asked.worker_class) else 1


if __name__ == "__main__":
    sys.exit(main())
