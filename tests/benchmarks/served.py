"""Requests a second behind gunicorn, counted by wrk: the bare app and the same app with Clerk."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask import Flask

from flask_clerk import Clerk
from tests.benchmarks.variants import PUBLISHABLE_KEY
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import bare_app
from tests.benchmarks.variants import browser
from tests.gunicorn_server import gunicorn
from tests.waiting import wait_until

#: gunicorn's options by the class of its workers: one worker for each of two cores.
WORKERS = {
    "gthread": ("--workers", "2", "--worker-class", "gthread", "--threads", "4"),
    "gevent": ("--workers", "2", "--worker-class", "gevent"),
}
CONNECTIONS = 16
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def bare() -> Flask:
    """Return the app without Clerk, for gunicorn."""
    return bare_app()


def with_clerk() -> Flask:
    """Return the app with Clerk, for gunicorn. Its keys are in the environment."""
    app = bare_app()
    Clerk(app)
    return app


@dataclass(frozen=True)
class Round:
    """One round: requests a second of both apps, one right after the other."""

    bare: float
    clerk: float

    @property
    def share(self) -> float:
        """The part of the bare app's rate that is left."""
        return self.clerk / self.bare


def rounds_of(shop: Workshop, kind: str, number: int, seconds: int) -> list[Round]:
    """Return so many interleaved rounds with one class of workers, with a browser's warm token.

    :param seconds: For which wrk asks each app in each round.
    """
    headers = {
        name[len("HTTP_") :].replace("_", "-").title(): value  # wrk looks for "Host"
        for name, value in browser(shop.token(0)).items()
        if name.startswith("HTTP_") and name != "HTTP_CONNECTION"
    }
    headers["X-Forwarded-Proto"] = "https"  # gunicorn believes it of this machine
    keys = {"CLERK_JWT_KEY": shop.pem, "CLERK_PUBLISHABLE_KEY": PUBLISHABLE_KEY.value}
    ports = []
    with ExitStack() as stack:
        for app in ("bare", "with_clerk"):
            folder = Path(stack.enter_context(TemporaryDirectory()))
            target = f"tests.benchmarks.served:{app}()"
            server = stack.enter_context(gunicorn(target, folder, keys, *WORKERS[kind]))
            wait_until(partial(_answers, server.port, headers), "gunicorn does not answer")
            ports.append(server.port)
            _rate(server.port, headers, 1)
        return [Round(*(_rate(port, headers, seconds) for port in ports)) for _ in range(number)]


def summary(kind: str, rounds: list[Round]) -> str:
    """Return a line of medians, with the spread of the rounds."""
    shares = [each.share for each in rounds]
    return (
        f"{kind}: bare {median(each.bare for each in rounds):.0f} requests/s, with Clerk "
        f"{median(each.clerk for each in rounds):.0f}; {median(shares):.1%} at the median of "
        f"{len(rounds)} rounds ({min(shares):.1%} to {max(shares):.1%})"
    )


def _rate(port: int, headers: dict[str, str], seconds: int) -> float:
    wrk = shutil.which("wrk") or sys.exit("wrk is not installed: apt-get install wrk.")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    found = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/page"], capture_output=True, text=True, check=True
    ).stdout
    refused = _REFUSED.search(found)
    if refused:
        sys.exit(f"{refused[1]} requests were not answered with 200.")
    return float(_RATE.search(found)[1])


def _answers(port: int, headers: dict[str, str]) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/page", headers=headers)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
