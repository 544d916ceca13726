"""Revocation over a real Redis: every worker hears of it, whatever happens to Redis meanwhile."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.errors import ConfigurationError
from flask_clerk.redis_stores import RedisRevocations
from flask_clerk.redis_stores.revocations import KEY
from tests.scaling.redis_server import RedisServer
from tests.scaling.redis_server import free_port
from tests.scaling.wire import Wire
from tests.waiting import wait_until

Open = Callable[..., RedisRevocations]


@pytest.fixture
def open_store(public_pem: str, redis: RedisServer) -> Iterator[Open]:
    """Return ``open_store(url=…, **settings)``: a worker's store, closed after the test."""
    opened: list[RedisRevocations] = []

    def open_store(url: str = redis.url, **settings: Any) -> RedisRevocations:
        found = {"jwt_key": public_pem, "revocation_url": url, **settings}
        opened.append(RedisRevocations(ClerkConfig.load(found, {}, {}), time.time))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


def session(session_id: str) -> dict[str, Any]:
    return {"sid": session_id, "sub": "user_of_nobody", "iat": time.time()}


def wait_for_refusal(store: RedisRevocations, session_id: str) -> None:
    wait_until(lambda: store.ends(session(session_id)), f"{store!r} never heard of {session_id}")


# --- hearing of it ---------------------------------------------------------------------------


def test_what_one_worker_ends_is_ended_in_all(open_store: Open) -> None:
    workers = [open_store() for _ in range(4)]
    assert not any(worker.ends(session("sess_1")) for worker in workers)
    workers[0].revoke_session("sess_1")
    workers[1].revoke_user("user_1")
    issued = time.time() - 5
    for worker in workers:
        wait_for_refusal(worker, "sess_1")
        wait_until(lambda: worker.ends({"sub": "user_1", "iat": issued}), "the user went on")  # noqa: B023
        assert not worker.ends({"sub": "user_1", "iat": time.time() + 60})
        assert not worker.ends(session("sess_2"))


def test_a_worker_started_later_knows_it_from_its_first_request(open_store: Open) -> None:
    open_store().revoke_session("sess_1")
    assert open_store().ends(session("sess_1"))


def test_entries_are_over_in_redis_too(open_store: Open, redis: RedisServer) -> None:
    now = time.time()
    long_over = json.dumps(["sess_over", now, now - 7200]).encode()
    redis.client.zadd(KEY, {long_over: now - 7200})
    store = open_store()
    store.revoke_session("sess_1")
    [(line, over_at)] = redis.client.zrange(KEY, 0, -1, withscores=True)
    session_id, issued_until, expires_at = json.loads(line)
    assert (session_id, issued_until) == ("sess_1", float("inf"))
    assert 60 < expires_at - now < 70
    assert over_at == expires_at


def test_what_others_write_to_redis_breaks_nothing(open_store: Open, redis: RedisServer) -> None:
    later = time.time() + 60
    strange = [
        b"\xff", b"", b"7", b"{}", b'["sess_1"]', b'["sess_1", 1, "x"]', b"[7, 1, 2]",
        f'["sess_1", NaN, {later}]'.encode(), b'["sess_1", 1, Infinity]',
        f'["sess_1", true, {later}]'.encode(), b"[" * 100_000,
    ]  # fmt: skip
    redis.client.zadd(KEY, dict.fromkeys(strange, later))
    store = open_store()
    assert not store.ends(session("sess_1"))
    for line in strange:
        redis.client.publish(KEY, line)
    redis.client.publish(KEY, json.dumps(["sess_2", time.time() + 60, later]))
    wait_for_refusal(store, "sess_2")
    assert store.is_connected
    assert not store.ends(session("sess_1"))


# --- without Redis ---------------------------------------------------------------------------


def test_without_redis_what_is_known_keeps_working_and_the_log_says_so_once(
    open_store: Open, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store()
    store.revoke_session("sess_known")
    with caplog.at_level(logging.WARNING):
        redis.stop()
        wait_until(lambda: not store.is_connected, "the outage was not noticed")
        assert store.ends(session("sess_known"))
        assert not store.ends(session("sess_other"))
        store.revoke_session("sess_new")
        assert store.ends(session("sess_new"))
        time.sleep(1)  # several tries to connect
    told = [record.getMessage() for record in caplog.records]
    assert len([line for line in told if "is gone" in line]) == 1
    assert len([line for line in told if "in this process alone" in line]) == 1
    assert "is gone" in store.status
    assert "2 ended" in store.status


def test_redis_that_comes_back_empty_is_told_what_the_workers_know(
    open_store: Open, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = open_store(), open_store()
    first.revoke_session("sess_before")
    wait_for_refusal(second, "sess_before")
    redis.stop()
    wait_until(lambda: not first.is_connected and not second.is_connected, "not noticed")
    first.revoke_session("sess_meanwhile")
    redis.start()
    wait_for_refusal(second, "sess_meanwhile")
    wait_until(lambda: redis.client.zcard(KEY) == 2, "Redis was not told")
    third = open_store()
    assert third.ends(session("sess_before"))
    assert third.ends(session("sess_meanwhile"))
    wait_until(lambda: first.is_connected, "still gone")
    assert "is connected: 2 ended" in first.status
    assert caplog.text.count(f"Redis at 127.0.0.1:{redis.port} is back.") == 2


def test_redis_that_is_restarted_under_a_call_that_revokes_is_told_all_the_same(
    open_store: Open, redis: RedisServer
) -> None:
    first, second = open_store(), open_store()
    assert first.is_connected
    assert second.is_connected
    redis.restart()
    first.revoke_session("sess_1")
    wait_for_refusal(second, "sess_1")


def test_a_redis_that_hangs_delays_no_request_and_no_outage_lasts(
    open_store: Open, redis: RedisServer
) -> None:
    first, second = open_store(), open_store()
    first.revoke_session("sess_1")
    wait_for_refusal(second, "sess_1")
    redis.pause()
    try:
        asked = 0
        while second.is_connected:  # until the silence is noticed
            assert second.ends(session("sess_1"))
            asked += 1
        assert asked > 100  # requests that went on beside a hanging Redis
        first.revoke_session("sess_2")
        assert first.ends(session("sess_2"))
    finally:
        redis.resume()
    wait_for_refusal(second, "sess_2")


def test_a_cut_wire_hides_nothing_for_longer_than_the_cut(
    open_store: Open, redis: RedisServer
) -> None:
    with Wire(redis.port).connected() as wire:
        near, far = open_store(), open_store(url=f"redis://127.0.0.1:{wire.port}/0")
        assert near.is_connected
        assert far.is_connected
        wire.cut()
        near.revoke_session("sess_1")
        far.revoke_session("sess_2")
        wait_until(lambda: not far.is_connected, "the cut was not noticed")
        assert far.ends(session("sess_2"))
        assert not far.ends(session("sess_1"))
        wire.mend()
        wait_for_refusal(far, "sess_1")
        wait_for_refusal(near, "sess_2")


def test_a_store_that_fails_closed_refuses_everybody_while_redis_is_gone(
    open_store: Open, redis: RedisServer
) -> None:
    store = open_store(revocation_fail_closed=True)
    assert not store.ends(session("sess_1"))
    redis.stop()
    wait_until(lambda: store.ends(session("sess_1")), "somebody was let in")
    assert "every token is refused" in store.status
    redis.start()
    wait_until(lambda: not store.ends(session("sess_1")), "nobody was let in again")


@pytest.mark.parametrize("fails_closed", [False, True])
def test_a_worker_that_starts_without_redis_starts(fails_closed: bool, open_store: Open) -> None:
    store = open_store(
        url=f"redis://:verysecret@127.0.0.1:{free_port()}/0", revocation_fail_closed=fails_closed
    )
    assert store.ends(session("sess_1")) is fails_closed
    store.revoke_session("sess_2")
    assert store.ends(session("sess_2"))
    assert not store.is_connected
    assert "verysecret" not in store.status + repr(store)


# --- processes and settings ------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_forked_process_listens_for_itself(open_store: Open) -> None:
    store = open_store()
    store.revoke_session("sess_1")
    ready, report = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        knows = store.ends(session("sess_1")) and store.is_connected
        os.write(ready[1], b"!")
        hears = knows and _within_a_minute(lambda: store.ends(session("sess_2")))
        os.write(report[1], b"y" if hears else b"n")
        os._exit(0)
    assert os.read(ready[0], 1) == b"!"
    store.revoke_session("sess_2")
    assert os.read(report[0], 1) == b"y"
    os.waitpid(child, 0)
    assert store.is_connected


def _within_a_minute(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://user:verysecret@cache.example:6380/2", "cache.example:6380"),
        ("rediss://cache.example", "cache.example:6379"),
        ("redis://", "localhost:6379"),
        ("unix:///run/redis.sock?db=1", "/run/redis.sock"),
    ],
)
def test_a_store_names_its_place_and_no_password(url: str, place: str, open_store: Open) -> None:
    assert repr(open_store(url=url)) == f"<RedisRevocations at {place}>"


@pytest.mark.parametrize("url", ["redis://a:port/0", "redis://a/0?socket_timeout=soon"])
def test_a_url_that_cannot_be_read_is_refused(url: str, open_store: Open) -> None:
    with pytest.raises(ConfigurationError, match="CLERK_REVOCATION_URL must be"):
        open_store(url=url)
