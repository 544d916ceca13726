"""The tokens that are sent by the million are real ones, and what is measured becomes a table."""

from __future__ import annotations

from itertools import islice

from flask import g

from tests.benchmarks.growth import Growth
from tests.benchmarks.growth import by_tokens
from tests.benchmarks.tokens import signed_tokens
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import browser
from tests.benchmarks.variants import call

SHOP = Workshop()
NUMBER = 150  # more than each of the processes signs at once


def test_every_token_of_the_stream_signs_somebody_else_in() -> None:
    app = SHOP.app(lambda: str(g.auth.user_id))
    with signed_tokens(SHOP) as tokens:
        seen = {call(app, browser(token)) for token in islice(tokens, NUMBER)}
    numbers = {int(body.decode().removeprefix("user_")) for status, body in seen if body}
    assert {status for status, _ in seen} == {"200 OK"}
    assert len(numbers) == NUMBER
    assert 0 not in numbers


def test_every_size_is_a_row_of_a_request_and_of_memory() -> None:
    grown = by_tokens(SHOP, [1, 20], remembered=10)
    assert [row[0] for row in grown.rows] == [1, 20]
    assert [len(row) for row in grown.rows] == [1 + len(grown.figures)] * 2
    assert all(micro > 0 and ratio > 0 for _, micro, ratio, _ in grown.rows)
    assert len(grown.table().splitlines()) == 4


def test_a_table_has_thousands_and_hundredths() -> None:
    grown = Growth("tokens", ("µs", "MB"), [(1, 2.0, 0.04), (10_000, 2.25, 45.7)])
    assert grown.table() == (
        "| tokens | µs | MB |\n|---:|---:|---:|\n| 1 | 2.00 | 0.04 |\n| 10,000 | 2.25 | 45.70 |"
    )
