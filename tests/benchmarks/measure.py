"""Measuring: interleaved rounds and medians."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from typing import Any

from flask import Flask

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.instance import Instance
from tests.benchmarks.variants import PUBLISHABLE_KEY
from tests.benchmarks.variants import Variant
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import bearer
from tests.benchmarks.variants import browser
from tests.benchmarks.variants import call
from tests.benchmarks.variants import raw_verification


def compare(variants: list[Variant], rounds: int, batch: int) -> dict[str, list[float]]:
    """Return microseconds a request by variant, one for each round; rounds are interleaved."""
    found: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for variant in variants:
        for environ in variant.requests(batch):
            call(variant.app, environ)
    for _ in range(rounds):
        for variant in variants:
            requests = variant.requests(batch)
            gc.collect()
            found[variant.name].append(timed(lambda r: call(variant.app, r), requests))  # noqa: B023
    return found


def timed(work: Callable[[Any], object], items: list[Any]) -> float:
    """Return the microseconds that the work takes for one item, in the mean of all."""
    began = perf_counter()
    for item in items:
        work(item)
    return (perf_counter() - began) / len(items) * 1e6


def instance_of(shop: Workshop) -> Instance:
    """Return a Clerk instance without an app."""
    config = ClerkConfig.load({"jwt_key": shop.pem}, {}, {})
    return Instance(config, _no_backend)


def verifications(shop: Workshop, rounds: int, batch: int) -> tuple[float, float, float]:
    """Return the medians of a whole verification and of OpenSSL's part alone, in microseconds.

    The third is the median of their ratios, round by round.
    """
    whole, raw = [], []
    instance = instance_of(shop)
    verify_raw = raw_verification(shop)
    for _ in range(rounds):
        tokens = [shop.token() for _ in range(batch)]
        gc.collect()
        whole.append(timed(instance.verify_token, tokens))
        raw.append(timed(verify_raw, tokens))
    ratio = statistics.median(one / other for one, other in zip(whole, raw, strict=True))
    return statistics.median(whole), statistics.median(raw), ratio


def under_a_busy_thread(shop: Workshop, number: int) -> tuple[float, float]:
    """Return the medians of a verification and of a remembered one beside a busy thread."""
    instance, stop = instance_of(shop), threading.Event()
    app = shop.app()
    known = shop.token(0)
    call(app, browser(known))
    facts, memory = _facts_and_memory(app, known)

    def spin() -> None:
        while not stop.is_set():
            sum(range(100))

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        tokens = [shop.token() for _ in range(number)]
        cold = [timed(instance.verify_token, [token]) for token in tokens]
        warm = [timed(lambda f: memory.recall(f, now_of(app)), [facts]) for _ in range(number)]
    finally:
        stop.set()
        thread.join()
    return statistics.median(cold), statistics.median(warm)


def memory_of_tokens(shop: Workshop, number: int) -> float:
    """Return the megabytes that so many remembered tokens take, each sent in the header."""
    app = shop.app(token_cache_size=2 * number)
    call(app, bearer(shop.token()))
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(number):
            call(app, bearer(shop.token()))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / 1e6
    finally:
        tracemalloc.stop()


def import_time() -> float:
    """Return the milliseconds of ``import flask_clerk`` beyond Flask's own, the median of 7."""
    return _in_new_interpreters("import flask_clerk")


def start_time(shop: Workshop) -> float:
    """Return the milliseconds of the import and of ``Clerk(app, …)``, which loads joserfc."""
    settings = f"jwt_key={shop.pem!r}, publishable_key={PUBLISHABLE_KEY.value!r}"
    return _in_new_interpreters(
        f"import flask_clerk; flask_clerk.Clerk(app, {settings})", "app = flask.Flask('start')"
    )


def now_of(app: Flask) -> float:
    """Return the time by an app's Clerk."""
    now: float = app.extensions["clerk"].instance.now()
    return now


def _in_new_interpreters(work: str, before: str = "") -> float:
    """Return the median milliseconds of 7 runs, each in an interpreter that has loaded Flask."""
    code = f"import flask, time; {before}\nt = time.perf_counter(); {work}\n"
    code += "print((time.perf_counter() - t) * 1e3)"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        for _ in range(7)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def _facts_and_memory(app: Flask, token: str) -> tuple[Any, Any]:
    from flask_clerk.incoming import request_facts

    instance = app.extensions["clerk"].instance
    facts = request_facts(
        app.request_class(browser(token)), instance, instance.config.accepts_token
    )
    return facts, instance.memory


def _no_backend(config: ClerkConfig) -> Any:
    raise NotImplementedError("The benchmarks make no call.")
