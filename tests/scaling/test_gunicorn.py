"""gunicorn with four workers and a real Redis: what one worker ends is ended in all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from statistics import median

import pytest

from tests.peers_needed import need_package
from tests.scaling.redis_server import RedisServer
from tests.scaling.wire import Wire
from tests.scaling.workers import Workers
from tests.scaling.workers import running_workers
from tests.scaling.workers import summary
from tests.signing import Signer
from tests.waiting import wait_until
from tests.webhook_sender import SECRET
from tests.webhook_sender import URL
from tests.webhook_sender import event
from tests.webhook_sender import signed_headers

#: Seconds.
CUT = 5.0
SETTINGS = {"webhook_signing_secret": SECRET}


@pytest.fixture(scope="module")
def workers(
    redis_process: RedisServer,
    sign: Signer,
    public_pem: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    need_package("gunicorn")
    folder = tmp_path_factory.mktemp("gunicorn")
    settings = {**SETTINGS, "revocation_url": redis_process.url}
    with running_workers(sign, public_pem, folder, **settings) as workers:
        yield workers


@pytest.fixture(autouse=True)
def is_connected(workers: Workers) -> None:
    workers.wait_for_connections()


def test_a_session_ended_in_one_worker_is_refused_in_all(
    workers: Workers, record_property: Callable[[str, object], None]
) -> None:
    spreads = [workers.spread(f"sess_spread_{number}") for number in range(20)]
    assert len(spreads) == 20
    print(summary(spreads))
    record_property("spread", summary(spreads))


def test_a_webhook_that_reaches_one_worker_ends_the_session_in_all(workers: Workers) -> None:
    token = workers.token("sess_told")
    workers.wait_for_all(token, is_signed_in=True)
    body = event("session.revoked", id="sess_told")
    headers = signed_headers(SECRET, body, "msg_of_gunicorn")
    assert workers.post(URL, body, headers) == 204
    workers.wait_for_all(token, is_signed_in=False)
    # Whichever worker it reaches, the same delivery is a replay.
    assert {workers.post(URL, body, headers) for _ in range(12)} == {400}


def test_a_worker_started_later_refuses_it_from_its_first_request(workers: Workers) -> None:
    token = workers.token("sess_earlier")
    workers.revoke("sess_earlier")
    workers.wait_for_all(token, is_signed_in=False)
    workers.add()
    workers.wait_for_all(token, is_signed_in=False)


def test_redis_may_lose_everything_and_nobody_is_let_in_again(
    workers: Workers, redis_process: RedisServer
) -> None:
    before, after = workers.token("sess_before"), workers.token("sess_after")
    workers.revoke("sess_before")
    workers.wait_for_all(before, is_signed_in=False)
    redis_process.restart()
    workers.wait_for_connections()
    workers.revoke("sess_after")
    workers.wait_for_all(after, is_signed_in=False)
    workers.add()
    workers.wait_for_all(before, is_signed_in=False)


def test_no_request_waits_for_redis(
    workers: Workers, redis_process: RedisServer, record_property: Callable[[str, object], None]
) -> None:
    good, ended = workers.token("sess_good"), workers.token("sess_ended")
    workers.revoke("sess_ended")
    workers.wait_for_all(ended, is_signed_in=False)
    redis_process.pause()
    try:
        seen = [(workers.ask(good), workers.ask(ended)) for _ in range(200)]
    finally:
        redis_process.resume()
    assert {(one.is_signed_in, other.is_signed_in) for one, other in seen} == {(True, False)}
    took = [each.took for pair in seen for each in pair]
    told = f"beside a paused Redis: {median(took) * 1000:.1f} ms, at most {max(took) * 1000:.1f} ms"
    print(told)
    record_property("paused", told)


def test_requests_ask_redis_nothing(workers: Workers, redis_process: RedisServer) -> None:
    token = workers.token("sess_asked")
    workers.wait_for_all(token, is_signed_in=True)

    def commands() -> dict[str, int]:
        found = redis_process.client.info("commandstats")
        heartbeat = {"cmdstat_ping", "cmdstat_info"}
        return {name: each["calls"] for name, each in found.items() if name not in heartbeat}

    before = commands()
    for _ in range(100):
        assert workers.ask(token).is_signed_in
    assert commands() == before


@pytest.mark.parametrize("options", [("--worker-class", "gevent"), ("--preload",)])
def test_other_ways_to_run_gunicorn_hear_of_it_too(
    options: tuple[str, ...],
    redis: RedisServer,
    sign: Signer,
    public_pem: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # The module's workers tell Redis again what they know, so session ids must be new ones.
    folder = tmp_path_factory.mktemp("other")
    settings = {**SETTINGS, "revocation_url": redis.url}
    with running_workers(sign, public_pem, folder, *options, **settings) as workers:
        workers.wait_for_connections()
        assert workers.spread(f"sess_with{options[0]}") > 0
        redis.restart()
        workers.wait_for_connections()
        assert workers.spread(f"sess_again_with{options[0]}") > 0


def test_a_network_cut_of_five_seconds_hides_nothing(
    redis: RedisServer, sign: Signer, public_pem: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    with Wire(redis.port).connected() as wire:
        settings = {**SETTINGS, "revocation_url": f"redis://127.0.0.1:{wire.port}/0"}
        with running_workers(sign, public_pem, folder, **settings) as workers:
            end_a_session_during_a_cut(workers, wire)


def end_a_session_during_a_cut(workers: Workers, wire: Wire) -> None:
    workers.wait_for_connections()
    token = workers.token("sess_cut")
    wire.cut()
    began = time.monotonic()
    revoked = workers.revoke("sess_cut")
    wait_until(lambda: workers.ask(token).worker == revoked.worker, "that worker is gone", pause=0)
    while time.monotonic() - began < CUT:  # requests go on
        seen = workers.ask(token)
        assert seen.is_signed_in is not (seen.worker == revoked.worker)
    wire.mend()
    workers.wait_for_all(token, is_signed_in=False)
