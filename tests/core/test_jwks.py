"""Signing keys from a real HTTP server on loopback: how many calls, and what is believed when."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.api import BackendAPI
from flask_clerk.api import Client
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import SigningKeyError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.instance import Backend
from flask_clerk.core.instance import Instance
from flask_clerk.core.jwks import LONGEST_RETRY
from flask_clerk.core.jwks import MAX_STALENESS
from flask_clerk.core.jwks import UNKNOWN_KID_COOLDOWN
from flask_clerk.core.jwks import RemoteKeys
from tests.signing import KID
from tests.signing import MovableClock
from tests.signing import Signer
from tests.signing import base64url
from tests.signing import session_claims

ROOT = Path(__file__).parents[2]
TTL = 300.0


class KeyServer:
    """A JWKS endpoint that counts its calls and answers what a test tells it to."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.delay = 0.0
        self.gate: threading.Event | None = None
        self.paths: list[str] = []
        self.authorizations: list[str | None] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.paths.append(self.path)
                owner.authorizations.append(self.headers.get("Authorization"))
                time.sleep(owner.delay)
                if owner.gate is not None:
                    owner.gate.wait(10)
                with contextlib.suppress(OSError):
                    self.send_response(owner.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(owner.body)))
                    self.end_headers()
                    self.wfile.write(owner.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def calls(self) -> int:
        return len(self.paths)

    def publish(self, **keys: RSAKey) -> None:
        """Answer with these keys by their ids."""
        self.status = 200
        self.body = json.dumps({"keys": [jwk_of(key, kid) for kid, key in keys.items()]}).encode()

    def fail(self, status: int = 500) -> None:
        self.status, self.body = status, b'{"errors":[{"code":"internal_error"}]}'

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def jwk_of(key: RSAKey, kid: str = KID, **changed: Any) -> dict[str, Any]:
    public = {**key.as_dict(private=False), "alg": "RS256", "kid": kid, "use": "sig", **changed}
    return {name: value for name, value in public.items() if value is not None}


@pytest.fixture
def server(keys: RSAKey) -> Iterator[KeyServer]:
    server = KeyServer()
    server.publish(**{KID: keys})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def other_key() -> RSAKey:
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key


def connect(config: ClerkConfig) -> Backend:
    """Connect as an app does, but without waiting between two tries of one fetch."""
    backend = BackendAPI(config)
    backend.client = Client(config, sleep=lambda seconds: None)
    return backend


def instance_at(url: str, clock: Callable[[], float], **settings: Any) -> Instance:
    arguments = {"secret_key": "sk_test_1", "api_url": url, "jwks_ttl": TTL, **settings}
    return Instance(ClerkConfig.load(arguments, {}, {}), connect, clock=clock)


@pytest.fixture
def instance(server: KeyServer, clock: MovableClock) -> Instance:
    return instance_at(server.url, clock)


def reason_of(instance: Instance, token: str) -> str:
    with pytest.raises(TokenVerificationError) as refused:
        instance.verify_token(token)
    return refused.value.reason


def in_threads(number: int, work: Callable[[int], object]) -> list[object]:
    """Return what each thread got, an exception included; all of them start at once."""
    answers: list[object] = [None] * number
    start = threading.Barrier(number)

    def run(index: int) -> None:
        start.wait()
        try:
            answers[index] = work(index)
        except Exception as error:
            answers[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_nothing_is_fetched_before_a_token_needs_it_and_then_once(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert reason_of(instance, "nonsense") == Reason.TOKEN_INVALID
    assert server.calls == 0
    for number in range(20):
        assert instance.verify_token(sign(session_claims(clock.now, sub=f"user_{number}")))
    assert server.paths == ["/v1/jwks"]
    assert server.authorizations == ["Bearer sk_test_1"]


def test_with_only_a_publishable_key_the_frontend_api_is_asked_without_credentials(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    instance = instance_at(
        "https://api.example.com",
        clock,
        secret_key=None,
        publishable_key="pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
        frontend_api=server.url,
    )
    assert instance.verify_token(sign(session_claims(clock.now)))
    assert server.paths == ["/.well-known/jwks.json"]
    assert server.authorizations == [None]


def test_32_cold_threads_make_one_fetch(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    server.delay = 0.1
    tokens = [sign(session_claims(clock.now, sub=f"user_{number}")) for number in range(32)]
    answers = in_threads(32, lambda index: instance.verify_token(tokens[index])["sub"])
    assert answers == [f"user_{number}" for number in range(32)]
    assert server.calls == 1


def test_32_cold_threads_make_one_failing_fetch(
    server: KeyServer, clock: MovableClock, sign: Signer
) -> None:
    server.delay = 0.1
    server.fail(404)
    instance = instance_at(server.url, clock)
    token = sign(session_claims(clock.now))
    answers = in_threads(32, lambda index: reason_of(instance, token))
    assert answers == [Reason.JWK_FAILED_TO_LOAD] * 32
    assert server.calls == 1


def test_1000_requests_with_1000_unknown_kids_make_at_most_one_fetch(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    good = sign(session_claims(clock.now))
    assert instance.verify_token(good)
    signature = good.rpartition(".")[2]
    payload = good.split(".")[1]
    before = server.calls
    for number in range(1000):
        header = base64url(b'{"alg":"RS256","kid":"forged_%d"}' % number)
        assert reason_of(instance, f"{header}.{payload}.{signature}") == Reason.JWK_KID_MISMATCH
    assert server.calls - before == 1
    assert instance.verify_token(good)
    clock.advance(UNKNOWN_KID_COOLDOWN)
    assert reason_of(instance, sign(session_claims(clock.now), {"kid": "x"})) == (
        Reason.JWK_KID_MISMATCH
    )
    assert server.calls - before == 2


def test_32_threads_with_unknown_kids_make_at_most_one_fetch(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.delay = 0.05
    tokens = [sign(session_claims(clock.now), {"kid": f"x{number}"}) for number in range(32)]
    answers = in_threads(32, lambda index: reason_of(instance, tokens[index]))
    assert answers == [Reason.JWK_KID_MISMATCH] * 32
    assert server.calls == 2


@pytest.mark.parametrize(
    "kid",
    ["../../../etc/passwd", "' OR 1=1 --", "", "x" * 10_000, "\x00", "ключ", None, ["ins_test"], 7],
    ids=["path", "sql", "empty", "long", "nul", "cyrillic", "missing", "list", "number"],
)
def test_a_strange_kid_is_a_mismatch_and_no_part_of_a_request(
    kid: object, instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now), {"kid": kid})
    assert reason_of(instance, token) == Reason.JWK_KID_MISMATCH
    assert set(server.paths) == {"/v1/jwks"}


def test_a_bad_signature_costs_neither_a_fetch_nor_a_key(
    instance: Instance, server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    good = sign(session_claims(clock.now))
    assert instance.verify_token(good)
    for number in range(100):
        forged = sign(session_claims(clock.now, sub=f"user_{number}"), key=other_key)
        assert reason_of(instance, forged) == Reason.TOKEN_INVALID_SIGNATURE
    assert instance.verify_token(good)
    assert instance.verify_token(sign(session_claims(clock.now, sub="user_new")))
    assert server.calls == 1


def test_a_rotated_key_is_seen_at_once(
    instance: Instance, server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    old = sign(session_claims(clock.now))
    assert instance.verify_token(old)
    server.publish(**{KID: sign.key, "ins_new": other_key})
    new = sign(session_claims(clock.now), {"kid": "ins_new"}, other_key)
    assert instance.verify_token(new)
    assert instance.verify_token(old)
    assert server.calls == 2


def test_who_brings_a_new_key_while_others_fetch_it_is_let_in(
    instance: Instance, server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    """All threads see the rotated key at the same time, and nobody may be signed out by it."""
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.publish(**{KID: sign.key, "ins_new": other_key})
    server.delay = 0.2
    new = sign(session_claims(clock.now), {"kid": "ins_new"}, other_key)
    answers = in_threads(32, lambda index: instance.verify_token(new)["sub"])
    assert answers == ["user_1"] * 32
    assert server.calls == 2


def test_a_withdrawn_key_is_no_longer_believed_after_the_ttl(
    instance: Instance, server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    stolen = sign(session_claims(clock.now, exp=int(clock.now) + 86_400))
    assert instance.verify_token(stolen)
    server.publish(ins_new=other_key)
    clock.advance(TTL * 0.8 - 1)
    assert instance.verify_token(stolen)
    assert server.calls == 1
    clock.advance(TTL * 0.2 + 1)
    assert reason_of(instance, stolen) == Reason.JWK_KID_MISMATCH


def test_a_replaced_key_of_the_same_kid_is_no_longer_believed_though_its_token_is_remembered(
    instance: Instance, server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now, exp=int(clock.now) + 86_400))
    assert instance.verify_token(token) is instance.verify_token(token)
    server.publish(**{KID: other_key})
    clock.advance(TTL)
    assert reason_of(instance, token) == Reason.TOKEN_INVALID_SIGNATURE


def test_old_keys_serve_while_new_ones_are_fetched_behind_the_scenes(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.gate = threading.Event()
    clock.advance(TTL * 0.9)
    token = sign(session_claims(clock.now))
    for _ in range(50):
        assert instance.verify_token(token)
    wait_until(lambda: server.calls == 2)
    server.gate.set()
    server.gate = None
    wait_until(lambda: not any(t.name == "clerk-jwks" for t in threading.enumerate()))
    clock.advance(TTL * 0.7)
    assert instance.verify_token(sign(session_claims(clock.now)))
    assert server.calls == 2


def test_signed_in_users_stay_signed_in_for_one_hour_while_fetches_fail(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    fetched_at = clock.now
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.fail()
    for second in (TTL, TTL + 1, TTL + 1800, TTL + MAX_STALENESS - 1):
        clock.now = fetched_at + second
        assert instance.verify_token(sign(session_claims(clock.now)))["sub"] == "user_1"
    clock.now = fetched_at + TTL + MAX_STALENESS
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.JWK_FAILED_TO_LOAD
    server.publish(**{KID: sign.key})
    clock.advance(LONGEST_RETRY)
    assert instance.verify_token(sign(session_claims(clock.now)))


def test_failing_fetches_come_ever_more_rarely_and_not_with_every_request(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.fail(404)
    clock.advance(TTL)
    before, fetches_at = server.calls, []
    for second in range(120):
        token = sign(session_claims(clock.now))
        for _ in range(5):
            assert instance.verify_token(token)
        wait_until(lambda: not any(t.name == "clerk-jwks" for t in threading.enumerate()))
        if server.calls > before:
            assert server.calls == before + 1
            before = server.calls
            fetches_at.append(second)
        clock.advance(1)
    assert fetches_at == [0, 1, 3, 7, 15, 31, 61, 91]
    server.publish(**{KID: sign.key})
    clock.advance(LONGEST_RETRY)
    assert instance.verify_token(sign(session_claims(clock.now)))


def test_during_an_outage_nobody_waits_for_an_endpoint_that_hangs(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.fail()
    clock.advance(TTL)
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.gate = threading.Event()
    calls = server.calls
    clock.advance(LONGEST_RETRY)
    started = time.monotonic()
    for _ in range(20):
        assert instance.verify_token(sign(session_claims(clock.now)))
    assert time.monotonic() - started < 2
    wait_until(lambda: server.calls > calls)
    server.gate.set()


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def test_a_refused_connection_answers_quickly_and_is_not_tried_with_every_request(
    sign: Signer, clock: MovableClock
) -> None:
    tries: list[int] = []

    class CountingBackend(BackendAPI):
        def fetch_jwks(self) -> Any:
            tries.append(1)
            return super().fetch_jwks()

    arguments = {"secret_key": "sk_test_1", "api_url": f"http://127.0.0.1:{closed_port()}"}
    instance = Instance(ClerkConfig.load(arguments, {}, {}), CountingBackend, clock=clock)
    token = sign(session_claims(clock.now))
    started = time.monotonic()
    assert reason_of(instance, token) == Reason.JWK_FAILED_TO_LOAD
    assert time.monotonic() - started < 3
    started = time.monotonic()
    for _ in range(100):
        assert reason_of(instance, token) == Reason.JWK_FAILED_TO_LOAD
    assert time.monotonic() - started < 0.5
    assert len(tries) == 1


def test_a_refused_secret_key_is_said_by_its_own_reason(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    server.status, server.body = 401, b'{"errors":[{"code":"clerk_key_invalid"}]}'
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.SECRET_KEY_INVALID


def weak_jwk() -> dict[str, Any]:
    """Return the public half of a key of 1024 bits."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    return {
        "kty": "RSA", "alg": "RS256", "kid": KID, "use": "sig", "e": "AQAB",
        "n": base64url(numbers.n.to_bytes(128, "big")),
    }  # fmt: skip


NO_KEYS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<html>", id="html"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b'"keys"', id="string"),
    pytest.param(b"{}", id="no-keys"),
    pytest.param(b'{"keys":null}', id="keys-null"),
    pytest.param(b'{"keys":{}}', id="keys-object"),
    pytest.param(b'{"keys":"abc"}', id="keys-string"),
    pytest.param(b'{"keys":[]}', id="keys-empty"),
    pytest.param(b'{"keys":[null,7,"x",[],{}]}', id="keys-of-other-types"),
    pytest.param(b"\xff\xfe\x00", id="no-utf-8"),
    pytest.param(b"[" * 100_000, id="100000-levels"),
    pytest.param(b'{"keys":' + b"[" * 900 + b"]" * 900 + b"}", id="900-levels"),
    pytest.param(b'{"keys":[' + b" " * 9_000_000 + b"]}", id="nine-megabytes"),
]


@pytest.mark.parametrize("body", NO_KEYS)
def test_an_answer_without_usable_keys_loads_none_and_takes_none_away(
    body: bytes, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    good, server.body = server.body, body
    instance = instance_at(server.url, clock)
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.JWK_FAILED_TO_LOAD
    clock.advance(LONGEST_RETRY)
    server.body = good
    assert instance.verify_token(sign(session_claims(clock.now)))
    server.body = body
    clock.advance(TTL)
    assert instance.verify_token(sign(session_claims(clock.now)))


UNUSABLE: list[dict[str, Any]] = [
    {"kid": None},
    {"kid": 7},
    {"kid": [KID]},
    {"kty": None},
    {"kty": "EC"},
    {"kty": "oct", "k": "AAAA"},
    {"alg": "RS512"},
    {"alg": "HS256"},
    {"alg": ["RS256"]},
    {"use": "enc"},
    {"use": ["sig"]},
    {"key_ops": ["encrypt"]},
    {"key_ops": []},
    {"key_ops": 5},
    {"n": None},
    {"n": 7},
    {"n": ""},
    {"n": "!!!"},
    {"n": "é"},
    {"n": "AQAB"},
    {"n": ["AQAB"]},
    {"e": None},
    {"e": ""},
    {"e": "AA"},
    {"e": "AQ"},
    {"e": "Ag"},
    {"e": {"a": 1}},
]


@pytest.mark.parametrize("changed", UNUSABLE, ids=str)
def test_an_unusable_key_is_passed_over_beside_a_good_one(
    changed: dict[str, Any], server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    listed = [jwk_of(sign.key, **changed), jwk_of(other_key, "ins_new")]
    server.body = json.dumps({"keys": listed}).encode()
    instance = instance_at(server.url, clock)
    new = sign(session_claims(clock.now), {"kid": "ins_new"}, other_key)
    assert instance.verify_token(new)
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.JWK_KID_MISMATCH


def test_a_key_too_short_for_rs256_is_passed_over(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    server.body = json.dumps({"keys": [weak_jwk()]}).encode()
    instance = instance_at(server.url, clock)
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.JWK_FAILED_TO_LOAD


def test_a_key_without_alg_and_use_is_a_signing_key(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    bare = jwk_of(sign.key, alg=None, use=None, key_ops=["verify"], x5t="unread")
    server.body = json.dumps({"keys": [bare], "more": True}).encode()
    assert instance_at(server.url, clock).verify_token(sign(session_claims(clock.now)))


def test_only_the_first_hundred_keys_are_read(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    public = jwk_of(sign.key)
    listed = [{**public, "kid": f"ins_{number}"} for number in range(150)]
    server.body = json.dumps({"keys": listed}).encode()
    instance = instance_at(server.url, clock)
    assert instance.verify_token(sign(session_claims(clock.now), {"kid": "ins_99"}))
    unread = sign(session_claims(clock.now), {"kid": "ins_100"})
    assert reason_of(instance, unread) == Reason.JWK_KID_MISMATCH


def test_two_instances_with_one_kid_and_two_keys_share_nothing(
    server: KeyServer, sign: Signer, other_key: RSAKey, clock: MovableClock
) -> None:
    other_server = KeyServer()
    try:
        other_server.publish(**{KID: other_key})
        mine, theirs = instance_at(server.url, clock), instance_at(other_server.url, clock)
        my_token = sign(session_claims(clock.now))
        their_token = sign(session_claims(clock.now), key=other_key)
        for _ in range(2):
            assert mine.verify_token(my_token)
            assert theirs.verify_token(their_token)
            assert reason_of(mine, their_token) == Reason.TOKEN_INVALID_SIGNATURE
            assert reason_of(theirs, my_token) == Reason.TOKEN_INVALID_SIGNATURE
    finally:
        other_server.stop()


def test_a_clock_that_steps_back_neither_floods_nor_signs_out(
    instance: Instance, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    assert instance.verify_token(sign(session_claims(clock.now)))
    clock.advance(-86_400)
    for _ in range(20):
        assert instance.verify_token(sign(session_claims(clock.now)))
    assert server.calls == 2
    server.fail(404)
    clock.advance(-86_400)
    for _ in range(20):
        assert instance.verify_token(sign(session_claims(clock.now)))
    assert server.calls == 3
    assert reason_of(instance, sign(session_claims(clock.now), {"kid": "x"})) == (
        Reason.JWK_KID_MISMATCH
    )
    assert server.calls <= 4


def test_a_clock_that_steps_back_after_a_failure_may_try_again(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    server.fail(404)
    instance = instance_at(server.url, clock)
    assert reason_of(instance, sign(session_claims(clock.now))) == Reason.JWK_FAILED_TO_LOAD
    server.publish(**{KID: sign.key})
    clock.advance(-3600)
    assert instance.verify_token(sign(session_claims(clock.now)))


def test_a_ttl_of_zero_asks_for_every_token(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    instance = instance_at(server.url, clock, jwks_ttl=0)
    token = sign(session_claims(clock.now))
    for _ in range(3):
        assert instance.verify_token(token)
    assert server.calls == 3


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("when", ["cold", "behind-the-scenes"])
def test_a_child_process_can_fetch_while_the_parents_thread_held_the_lock(
    when: str, server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    instance = instance_at(server.url, clock)
    if when != "cold":
        assert instance.verify_token(sign(session_claims(clock.now)))
        clock.advance(TTL * 0.9)
    server.gate = threading.Event()
    token = sign(session_claims(clock.now))
    calls = server.calls
    fetching = threading.Thread(target=instance.verify_token, args=(token,))
    fetching.start()
    wait_until(lambda: server.calls > calls)
    if when != "cold":
        clock.advance(TTL * 0.1)
    late = sign(session_claims(clock.now))
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            code = 0 if instance.verify_token(late)["sub"] == "user_1" else 2
        os._exit(code)
    wait_until(lambda: server.calls == calls + 2)
    server.gate.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    fetching.join(5)
    assert not fetching.is_alive()


GEVENT = """
from gevent import monkey
monkey.patch_all()
import json, sys, time
import gevent
from flask_clerk.api import BackendAPI
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.instance import Instance

given = json.load(sys.stdin)
clock = lambda: given["now"]
config = ClerkConfig.load({"secret_key": "sk_test_1", "api_url": given["url"]}, {}, {})
instance = Instance(config, BackendAPI, clock=clock)
jobs = [gevent.spawn(instance.verify_token, token) for token in given["tokens"]]
gevent.joinall(jobs, timeout=10, raise_error=True)
assert [job.value["sub"] for job in jobs] == [f"user_{n}" for n in range(len(jobs))]
given["now"] += 270
assert instance.verify_token(given["late"])["sub"] == "user_late"
gevent.sleep(0.3)
given["now"] += 200
assert instance.verify_token(given["late"])["sub"] == "user_late"
print("ok")
"""


def test_32_greenlets_make_one_fetch_and_renew_behind_the_scenes(
    server: KeyServer, sign: Signer, clock: MovableClock
) -> None:
    server.delay = 0.1
    given = {
        "url": server.url,
        "now": clock.now,
        "tokens": [sign(session_claims(clock.now, sub=f"user_{n}")) for n in range(32)],
        "late": sign(session_claims(clock.now, sub="user_late", exp=int(clock.now) + 3600)),
    }
    done = subprocess.run(
        [sys.executable, "-c", GEVENT],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.strip() == "ok", done.stderr
    assert server.calls == 2


def test_where_no_thread_can_be_started_the_old_keys_serve_until_the_ttl(
    keys: RSAKey, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = RemoteKeys(lambda: {"keys": [jwk_of(keys)]}, TTL, clock)
    first = remote.get(KID)
    clock.advance(TTL * 0.9)

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    assert remote.get(KID) is first
    assert remote.get(KID) is first
    clock.advance(TTL * 0.1)
    assert remote.get(KID) is not first


def test_a_failure_is_logged_without_the_secret_key(
    instance: Instance,
    server: KeyServer,
    sign: Signer,
    clock: MovableClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.fail()
    with pytest.raises(SigningKeyError) as refused:
        instance.verify_token(sign(session_claims(clock.now)))
    assert "could not be loaded" in caplog.text
    assert "sk_test_1" not in caplog.text + str(refused.value) + repr(refused.value)


def test_a_long_outage_holds_on_to_no_frame_of_the_requests_it_refused(
    clock: MovableClock,
) -> None:
    def fetch() -> Any:
        raise BackendAPIError("no answer")

    remote, refusals = RemoteKeys(fetch, TTL, clock), set()
    for _ in range(10):
        with pytest.raises(SigningKeyError) as refused:
            remote.get(KID)
        refusals.add(len(refused.traceback))
    assert len(refusals) == 1


def test_a_backend_error_that_names_no_code_is_a_failed_load(clock: MovableClock) -> None:
    def fetch() -> Any:
        raise BackendAPIError("no answer")

    with pytest.raises(SigningKeyError) as refused:
        RemoteKeys(fetch, TTL, clock).get(KID)
    assert refused.value.reason == Reason.JWK_FAILED_TO_LOAD


def test_slow_failures_are_dated_when_they_end(clock: MovableClock) -> None:
    fetches = []

    def fail_slowly() -> dict[str, Any]:
        fetches.append(1)
        clock.advance(13)
        raise BackendAPIError("too slow")

    remote = RemoteKeys(fail_slowly, 300, clock)
    for _ in range(5):
        with pytest.raises(SigningKeyError):
            remote.get("ins_1")
    assert len(fetches) == 1


def test_nobody_waits_long_for_a_fetch_with_a_kid_of_his_own(
    keys: RSAKey, clock: MovableClock
) -> None:
    numbers = keys.as_dict(private=False)
    jwk = {"kty": "RSA", "kid": "ins_1", "n": numbers["n"], "e": numbers["e"]}
    slow, started = threading.Event(), threading.Event()
    is_slow = iter([False, True])

    def fetch() -> dict[str, Any]:
        if next(is_slow):
            started.set()
            slow.wait(10)
        return {"keys": [jwk]}

    remote = RemoteKeys(fetch, 300, clock)
    remote.get("ins_1")

    def forge() -> None:
        with pytest.raises(SigningKeyError):
            remote.get("forged")

    first = threading.Thread(target=forge)
    first.start()
    assert started.wait(10)
    began = time.monotonic()
    with pytest.raises(SigningKeyError, match="kid"):
        remote.get("another")
    waited = time.monotonic() - began
    slow.set()
    first.join()
    assert waited < 5
