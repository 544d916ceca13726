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

from tests.benchmarks import growth
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
    tokens = [1, 100, 1_000] if quick else [1, 100, 1_000, 10_000, 30_000, 100_000, 1_000_000]
    curves = [
        growth.by_tokens(shop, tokens, 100 if quick else 10_000),
        growth.by_threads(shop, [1, 4, 16, 64], number),
        growth.by_keys(shop, [1, 5, 10, 50], number),
        growth.by_routes(shop, [1, 50, 500], number // 10),
    ]
    for each in curves:
        print(f"\n{each.table()}")
    _draw_curves(curves)


def _draw_ratios(ratios: dict[str, float]) -> None:
    figure, axes = _canvas()
    axes.barh(list(ratios), list(ratios.values()))
    axes.invert_yaxis()
    axes.set_xlabel("times the bare Flask view")
    _save(figure, "ratios")


def _draw_curves(curves: list[growth.Growth]) -> None:
    """Draw the first figure of each curve, and beside it the memory of the tokens."""
    figure, (left, right) = _canvas(columns=2)
    for each in curves:
        sizes, first, *_ = zip(*each.rows, strict=True)
        left.plot(sizes, first, marker="o", label=f"{each.of}: {each.figures[0]}")
    left.set(xscale="log", yscale="log", ylabel="µs")
    left.legend()
    tokens = curves[0]
    sizes, *_, megabytes = zip(*tokens.rows, strict=True)
    right.plot(sizes, megabytes, marker="o")
    right.set(xscale="log", xlabel=tokens.of, ylabel=tokens.figures[-1])
    _save(figure, "growth")


def _canvas(columns: int = 1) -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(1, columns, figsize=(9 * columns, 5), layout="constrained")


def _save(figure: Any, name: str) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for kind in ("png", "svg"):
        figure.savefig(OUTPUT / f"{name}.{kind}")
    print(f"drawn: {OUTPUT / name}.png and .svg")


if __name__ == "__main__":
    main()
