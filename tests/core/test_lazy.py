"""Attributes that are computed once, and stop nobody meanwhile."""

from __future__ import annotations

import threading

from flask_clerk.core.lazy import lazy


class Slow:
    """Computes when it is told to."""

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate
        self.computed = 0

    @lazy
    def value(self) -> int:
        """What it computes."""
        self.computed += 1
        assert self.gate.wait(10)
        return self.computed


def opened() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


def test_a_value_is_computed_once() -> None:
    slow = Slow(opened())

    assert (slow.value, slow.value) == (1, 1)
    assert Slow.value.__doc__ == "What it computes."


def test_one_objects_computation_stops_no_other() -> None:
    closed = threading.Event()
    waiting = threading.Thread(target=lambda: Slow(closed).value)
    waiting.start()
    try:
        done = threading.Event()

        def compute() -> None:
            assert Slow(opened()).value == 1
            done.set()

        threading.Thread(target=compute).start()
        assert done.wait(5)
    finally:
        closed.set()
        waiting.join()
