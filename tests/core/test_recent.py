"""What was used lately is kept, within the bound, whoever reads and writes at the same time."""

from __future__ import annotations

import threading

import pytest

from flask_clerk.core.recent import Recent


@pytest.mark.parametrize("size", [2, 3, 10, 11])
def test_no_more_than_the_bound_is_kept(size: int) -> None:
    recent: Recent[int, str] = Recent(size)
    for number in range(5 * size):
        recent.add(number, str(number))
        assert len(recent) <= size
        assert recent.get(number) == str(number)
    assert len(recent) > size // 2 - 1


@pytest.mark.parametrize("size", [0, 1])
def test_a_bound_too_small_for_two_keeps_none(size: int) -> None:
    recent: Recent[str, str] = Recent(size)
    recent.add("a", "b")
    assert recent.get("a") is None
    assert len(recent) == 0


def test_what_is_used_outlives_what_is_not() -> None:
    recent: Recent[int, int] = Recent(10)
    recent.add(-1, -1)
    recent.add(-2, -2)
    for number in range(100):
        recent.add(number, number)
        assert recent.get(-1) == -1
    assert recent.get(-2) is None


def test_a_value_is_replaced() -> None:
    recent: Recent[str, int] = Recent(4)
    recent.add("a", 1)
    recent.add("a", 2)
    assert recent.get("a") == 2
    assert len(recent) == 1


def test_threads_get_what_they_asked_for_and_the_bound_holds() -> None:
    recent: Recent[int, tuple[int, str]] = Recent(50)
    wrong: list[object] = []

    def work(seed: int) -> None:
        for step in range(4000):
            key = (seed * 7 + step * 13) % 200
            recent.add(key, (key, "value"))
            found = recent.get((key + 1) % 200)
            if found is not None and found[0] != (key + 1) % 200:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(recent) <= 50 + len(threads)
