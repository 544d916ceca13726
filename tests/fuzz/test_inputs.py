"""The corpus and random bytes, through every target of the fuzzer, without the fuzzer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.fuzz.corpus import CORPUS
from tests.fuzz.corpus import TARGETS

INPUTS = [
    pytest.param(target, path, id=f"{name}-{path.name}")
    for name, target in TARGETS.items()
    for path in sorted((CORPUS / name).iterdir())
]


def test_every_target_has_inputs_to_begin_with() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.parametrize(("target", "path"), INPUTS)
def test_an_input_of_the_corpus_breaks_nothing(target: Callable[[bytes], None], path: Path) -> None:
    target(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_random_bytes_break_nothing(name: str) -> None:
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(seeds), st.binary(max_size=20), st.integers(0, 200), st.integers(0, 20))
    def splice(seed: bytes, piece: bytes, at: int, dropped: int) -> None:
        TARGETS[name](seed[:at] + piece + seed[at + dropped :])

    splice()
