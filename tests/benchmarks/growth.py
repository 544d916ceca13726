"""What a request costs as something grows: tokens, threads, keys, routes."""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

from flask import Flask

from flask_clerk import Clerk
from flask_clerk.core.jwks import RemoteKeys
from tests.benchmarks.measure import timed
from tests.benchmarks.tokens import signed_tokens
from tests.benchmarks.variants import PUBLISHABLE_KEY
from tests.benchmarks.variants import Environ
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import bare_app
from tests.benchmarks.variants import browser
from tests.benchmarks.variants import call

#: Seconds in which the processes that sign come to rest.
_REST = 0.5
_ROUNDS = 40
#: Seconds between rounds: a neighbour's burst is over before the last.
_PAUSE = 0.02


@dataclass(frozen=True)
class Growth:
    """Curves over the same sizes.

    :param of: What grows.
    :param figures: What the numbers of a row behind its size are.
    """

    of: str
    figures: tuple[str, ...]
    rows: Sequence[tuple[float, ...]]

    def table(self) -> str:
        """Return it as Markdown."""
        titles = (self.of, *self.figures)
        lines = [f"| {' | '.join(titles)} |", "|" + "---:|" * len(titles)]
        for size, *numbers in self.rows:
            lines.append(f"| {size:,} | {' | '.join(f'{number:.2f}' for number in numbers)} |")
        return "\n".join(lines)


def by_tokens(shop: Workshop, sizes: list[int], remembered: int) -> Growth:
    """Measure after so many browsers in all, each with a new token, have sent a request.

    The warm request is that of one browser more, also as a multiple of the bare app's at the same
    moment; the memory is what the process holds beyond what it held before the first of them.

    :param remembered: For how many an app remembers what was decided.
    """
    app, known, rows, sent = shop.app(token_cache_size=remembered), shop.token(0), [], 0
    bare = bare_app()
    _warm(known, bare, app)
    before = _resident()
    with signed_tokens(shop) as tokens:
        for size in sizes:
            for token in islice(tokens, size - sent):
                call(app, browser(token))
            sent = size
            time.sleep(_REST)
            gc.collect()
            held = _resident() - before
            least, warm = _warm(known, bare, app)
            rows.append((size, warm, warm / least, held))
    return Growth("distinct tokens", ("µs a request", "of a bare one", "MB of memory"), rows)


def by_threads(shop: Workshop, sizes: list[int], number: int) -> Growth:
    """Measure with so many threads at it; one interpreter serves them all."""
    app = shop.app()
    known = shop.token(0)
    rows = []
    for size in sizes:
        share = max(number // size, 1)
        loads = [[browser(known) for _ in range(share)] for _ in range(size)]
        all_there = threading.Barrier(size + 1)

        def work(load: list[Environ]) -> None:
            all_there.wait()  # noqa: B023
            for environ in load:
                call(app, environ)

        threads = [threading.Thread(target=work, args=(load,)) for load in loads]
        for thread in threads:
            thread.start()
        all_there.wait()
        began = perf_counter()
        for thread in threads:
            thread.join()
        rows.append((size, (perf_counter() - began) / (share * size) * 1e6))
    return Growth("threads", ("µs a request",), rows)


def by_keys(shop: Workshop, sizes: list[int], number: int) -> Growth:
    """Measure how long it takes to find the key among so many in the JWKS."""
    rows = []
    public = shop.key.as_dict(private=False)
    for size in sizes:
        keys = [{**public, "kid": f"ins_{each}", "alg": "RS256"} for each in range(size)]
        remote = RemoteKeys(lambda: {"keys": keys}, 3600, lambda: 0.0)  # noqa: B023
        remote.get("ins_0")
        rows.append((size, timed(remote.get, [f"ins_{size - 1}"] * number)))
    return Growth("keys in the JWKS", ("µs to find one",), rows)


def by_routes(shop: Workshop, sizes: list[int], number: int) -> Growth:
    """Measure what Clerk adds to a bare app with so many routes."""
    rows = []
    known = shop.token(0)
    for size in sizes:
        apps = []
        for has_clerk in (False, True):
            app = Flask("routes", static_folder=None)
            if has_clerk:
                Clerk(app, jwt_key=shop.pem, publishable_key=PUBLISHABLE_KEY.value)
            for each in range(size):
                app.add_url_rule(f"/page{each or ''}", f"page{each}", lambda: "hello")
            apps.append(app)
        least, warm = _warm(known, *apps, number=number)
        rows.append((size, warm - least))
    return Growth("routes", ("µs that Clerk adds",), rows)


def _warm(token: str, *apps: Flask, number: int = 50) -> list[float]:
    """Return the microseconds of a browser's request at each app, in the lowest of 40 rounds.

    What the machine does besides only ever adds to it, and would bend the curve.

    :param number: Of requests in a round; the apps take turns.
    """
    found: list[list[float]] = [[] for _ in apps]
    for _ in range(_ROUNDS):
        for app, times in zip(apps, found, strict=True):
            requests = [browser(token) for _ in range(number)]
            times.append(timed(lambda r: call(app, r), requests))  # noqa: B023
        time.sleep(_PAUSE)
    return [min(times) for times in found]


def _resident() -> float:
    """Return the megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
