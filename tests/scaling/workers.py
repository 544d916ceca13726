"""A real gunicorn with several workers, and what each of them answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from tests.gunicorn_server import gunicorn
from tests.signing import Signer
from tests.signing import session_claims
from tests.waiting import DEADLINE

COUNT = 4


@dataclass(frozen=True)
class Seen:
    """What a worker answered.

    :param at: Unix seconds by the worker's clock, after it had decided.
    :param took: Seconds that the answer took.
    """

    worker: int
    at: float
    is_signed_in: bool
    is_connected: bool
    took: float


class Workers:
    """Calls the workers, whichever the kernel picks."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, sign: Signer) -> None:
        self._process = process
        self._port = port
        self._sign = sign
        self._count = COUNT

    def token(self, session_id: str) -> str:
        claims = session_claims(time.time(), sid=session_id)
        return self._sign({**claims, "exp": claims["exp"] + 600})

    def ask(self, token: str) -> Seen:
        began = time.perf_counter()
        answer = self._call("GET", "/who", {"Authorization": f"Bearer {token}"})
        return Seen(
            answer["worker"],
            answer["at"],
            answer["user"] is not None,
            answer["is_connected"],
            time.perf_counter() - began,
        )

    def revoke(self, session_id: str) -> Seen:
        answer = self._call("POST", f"/revoke/{session_id}", {})
        return Seen(answer["worker"], answer["at"], False, True, 0)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Return the status of an answer."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        connection.request("POST", path, body, dict(headers))
        status = connection.getresponse().status
        connection.close()
        return status

    def wait_for_all(self, token: str, *, is_signed_in: bool) -> dict[int, Seen]:
        """Return the first such answer of every worker; each sticks to it once it has given it."""
        found, others = self._first_of_each(token, lambda seen: seen.is_signed_in is is_signed_in)
        assert [seen for seen in others if seen.at > found[seen.worker].at] == []
        return found

    def wait_for_connections(self) -> None:
        """Return once every worker has said that it is connected to Redis."""
        self._first_of_each(self.token("sess_of_nobody"), lambda seen: seen.is_connected)

    def spread(self, session_id: str) -> float:
        """End a session in one worker; return the seconds until the last of them refused it."""
        token = self.token(session_id)
        self.wait_for_all(token, is_signed_in=True)
        began: list[float] = []
        revoking = threading.Thread(target=lambda: began.append(self.revoke(session_id).at))
        revoking.start()
        refusals = self.wait_for_all(token, is_signed_in=False)
        revoking.join()
        return max(seen.at for seen in refusals.values()) - began[0]

    def add(self) -> None:
        """Start another worker; it answers when it likes."""
        os.kill(self._process.pid, signal.SIGTTIN)
        self._count += 1

    def _first_of_each(
        self, token: str, is_wanted: Callable[[Seen], bool]
    ) -> tuple[dict[int, Seen], list[Seen]]:
        """Return the first wanted answer of every worker, and the answers that were not wanted.

        Several ask at once, so that no worker is passed over.
        """
        found: dict[int, Seen] = {}
        others: list[Seen] = []

        def poll() -> None:
            end = time.monotonic() + DEADLINE
            while len(found) < self._count and time.monotonic() < end:
                seen = self.ask(token)
                if is_wanted(seen):
                    found.setdefault(seen.worker, seen)
                else:
                    others.append(seen)

        pollers = [threading.Thread(target=poll) for _ in range(2 * COUNT)]
        for poller in pollers:
            poller.start()
        for poller in pollers:
            poller.join()
        assert len(found) == self._count, f"{len(found)} of {self._count} workers answered so"
        return found, others

    def _call(self, method: str, path: str, headers: Mapping[str, str]) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            assert response.status == 200, response.status
            return json.loads(response.read())
        finally:
            connection.close()


@contextmanager
def running_workers(
    sign: Signer, pem: str, folder: Path, *options: str, **settings: str
) -> Iterator[Workers]:
    """Run gunicorn with four workers.

    :param options: Of gunicorn's command line.
    :param settings: In the environment, by their names without ``CLERK_``.
    """
    environment = {f"CLERK_{name.upper()}": value for name, value in settings.items()}
    environment["CLERK_JWT_KEY"] = pem
    options = ("--workers", str(COUNT), *options)
    with gunicorn("tests.scaling.app:create_app()", folder, environment, *options) as server:
        workers = Workers(server.process, server.port, sign)
        workers.wait_for_all(workers.token("sess_of_nobody"), is_signed_in=True)
        yield workers


def summary(spreads: list[float]) -> str:
    """Return a line about how long it took until all workers had heard."""
    return (
        f"a session ended in one of {COUNT} gunicorn workers was refused in all of them after "
        f"{median(spreads) * 1000:.1f} ms at the median of {len(spreads)} "
        f"(the slowest: {max(spreads) * 1000:.1f} ms)"
    )
