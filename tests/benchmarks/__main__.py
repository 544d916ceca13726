"""The command: measures, prints tables of medians and ratios, and draws them.

``--only`` names the parts: compare, verify, grow, rest, serve (gunicorn, which needs wrk). Ratios
are for a person to judge.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from datetime import datetime
from datetime import timezone
from pathlib import Path
from typing import Any

from tests.benchmarks import measure
from tests.benchmarks import served
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import variants

PARTS = ("compare", "verify", "grow", "rest", "serve")
OUTPUT = Path("build/benchmarks")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, small sizes")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; repeatable")
    options = parser.parse_args()
    shop, parts = Workshop(), options.only or PARTS
    today = datetime.now(timezone.utc).date()
    print(f"{today}, {os.cpu_count()} cores, CPython {platform.python_version()}")
    rounds, batch = (5, 40) if options.quick else (41, 100)
    if "compare" in parts:
        _compare(shop, rounds, batch)
    if "verify" in parts:
        whole, raw, ratio = measure.verifications(shop, rounds, batch)
        print(f"\nverification {whole:.1f} µs = {ratio:.2f} raw RSA-2048 ({raw:.1f} µs)")
        cold, warm = measure.under_a_busy_thread(shop, 20 if options.quick else 200)
        print(f"beside a busy thread: verification {cold:.0f} µs, remembered {warm:.1f} µs")
    if "grow" in parts:
        _grow(shop, quick=options.quick)
    if "rest" in parts:
        number = 500 if options.quick else 10_000
        megabytes = measure.memory_of_tokens(shop, number)
        print(f"\nmemory of {number} remembered tokens: {megabytes:.1f} MB")
        imported, started = measure.import_time(), measure.start_time(shop)
        print(f"beyond Flask: import {imported:.0f} ms, import and init_app {started:.0f} ms")
    if "serve" in parts:
        print()
        for kind in served.WORKERS:
            played = served.rounds_of(shop, kind, *((3, 1) if options.quick else (7, 4)))
            print(served.summary(kind, played))


def _compare(shop: Workshop, rounds: int, batch: int) -> None:
    found = measure.compare(variants(shop), rounds, batch)
    medians = {name: statistics.median(times) for name, times in found.items()}
    bare = next(iter(found.values()))
    # By rounds: what the machine does besides slows the apps of one round alike.
    ratios = {
        name: statistics.median(mine / own for mine, own in zip(times, bare, strict=True))
        for name, times in found.items()
    }
    print(f"\n| {'app':42} | µs a request | ratio |\n|{'-' * 44}|-------------:|------:|")
    for name, median in medians.items():
        print(f"| {name:42} | {median:12.1f} | {ratios[name]:5.2f} |")
    _draw_ratios(ratios)


def _grow(shop: Workshop, *, quick: bool) -> None:
    number = 200 if quick else 2000
    curves = {
        "distinct tokens": measure.by_tokens(
            shop, [1, 100, 10_000] if quick else [1, 100, 10_000, 100_000, 1_000_000]
        ),
        "threads": measure.by_threads(shop, [1, 4, 16, 64], number),
        "keys in the JWKS": measure.by_keys(shop, [1, 5, 10, 50], number),
        "routes (what Clerk adds)": measure.by_routes(shop, [1, 50, 500], number // 10),
    }
    print()
    for name, points in curves.items():
        print(f"{name}: " + ", ".join(f"{size}: {micro:.1f} µs" for size, micro in points))
    _draw_curves(curves)


def _draw_ratios(ratios: dict[str, float]) -> None:
    figure, axes = _canvas()
    axes.barh(list(ratios), list(ratios.values()))
    axes.invert_yaxis()
    axes.set_xlabel("times the bare Flask view")
    _save(figure, "ratios")


def _draw_curves(curves: dict[str, measure.Points]) -> None:
    figure, axes = _canvas()
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", ylabel="µs")
    axes.legend()
    _save(figure, "growth")


def _canvas() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(9, 5), layout="constrained")


def _save(figure: Any, name: str) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for kind in ("png", "svg"):
        figure.savefig(OUTPUT / f"{name}.{kind}")
    print(f"drawn: {OUTPUT / name}.png and .svg")


if __name__ == "__main__":
    main()
