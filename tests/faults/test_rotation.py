"""Keys replaced, and clocks set, while people are about."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from flask_clerk.core.instance import Instance
from flask_clerk.extension import connect
from flask_clerk.globals import clerk_of
from tests.attacks.target import Target
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.signing import MovableClock
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import bearer

ROTATIONS = 12
VISITORS = 6


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


def test_keys_rotated_under_load_sign_nobody_out(
    keys: RSAKey, other_key: RSAKey, clerk: Loopback
) -> None:
    """Each new key signs from the moment at which it is published, which is as hard as it gets."""
    pairs = [keys, other_key]
    current = 0

    def published() -> dict[str, Any]:
        numbers = range(max(0, current - 1), current + 1)
        jwks = ({**pairs[n % 2].as_dict(private=False), "kid": f"ins_{n}"} for n in numbers)
        return {"keys": list(jwks)}

    clerk.respond = lambda call: answer_json(published())
    target = Target(keys, jwt_key=None, api_url=clerk.url)
    clock = MovableClock(time.time())
    known = clerk_of(target.app)
    known.instance = Instance(known.instance.config, connect, clock=clock)
    told: list[str] = []
    step = threading.Barrier(VISITORS + 1)

    def visit() -> None:
        for _ in range(ROTATIONS):
            step.wait(timeout=120)
            for _ in range(10):
                claims = session_claims(clock.now, exp=int(clock.now) + 3600)
                token = Signer(pairs[current % 2])(claims, {"kid": f"ins_{current}"})
                told.append(target.get("/open", bearer(token)).text)
            step.wait(timeout=120)

    threads = [threading.Thread(target=visit) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for _ in range(ROTATIONS):
        step.wait(timeout=120)
        step.wait(timeout=120)
        current += 1
        clock.advance(60)
    for thread in threads:
        thread.join()
    assert told == ["user_1"] * (ROTATIONS * VISITORS * 10)
    assert len(clerk.calls) <= 2 * ROTATIONS


STEP = st.one_of(
    st.integers(-90, 90), st.sampled_from([-86_400, 86_400, -3_600, 3_600, 300, -300, 240])
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, min_size=1, max_size=12))
def test_a_clock_that_steps_back_and_forth_changes_no_verdict_but_its_own(
    keys: RSAKey, clerk: Loopback, steps: list[int]
) -> None:
    """Whatever is remembered, the answer is that of the clock as it stands now."""
    jwks = {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    clerk.reset(lambda call: answer_json(jwks))
    target = Target(keys, jwt_key=None, api_url=clerk.url)
    start = int(time.time())
    clock = MovableClock(start)
    known = clerk_of(target.app)
    known.instance = Instance(known.instance.config, connect, clock=clock)
    token = target.sign(session_claims(start))
    for now in itertools.accumulate(steps, initial=start):
        clock.now = now
        is_good = start - 5 <= now < start + 65
        for _ in range(2):
            answer = target.get("/open", bearer(token))
            assert answer.text == ("user_1" if is_good else "nobody"), (start, now)
    assert len(clerk.calls) <= 2 * (len(steps) + 1)
