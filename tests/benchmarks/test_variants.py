"""Each app of the benchmarks answers, and knows exactly whom its name says."""

from __future__ import annotations

import pytest

from tests.benchmarks.variants import Variant
from tests.benchmarks.variants import Workshop
from tests.benchmarks.variants import call
from tests.benchmarks.variants import seen_by
from tests.benchmarks.variants import variants

SHOP = Workshop()


@pytest.mark.parametrize("variant", variants(SHOP), ids=lambda variant: variant.name)
def test_a_variant_answers_and_knows_whom_it_says(variant: Variant) -> None:
    for environ in variant.requests(3):
        assert call(variant.app, environ)[0] == "200 OK"
        seen = seen_by(variant, environ)
        assert bool(seen) if variant.knows == "any" else seen == variant.knows


def test_the_texts_of_two_requests_are_not_the_same_objects() -> None:
    first, second = variants(SHOP)[1].requests(2)
    assert first["HTTP_COOKIE"] == second["HTTP_COOKIE"]
    assert first["HTTP_COOKIE"] is not second["HTTP_COOKIE"]
