"""Answers in drops, from real sockets: none holds a caller for longer than the timeout."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from flask_clerk.api import Client
from flask_clerk.api import client as client_module
from flask_clerk.core.errors import BackendAPIError
from tests.api.test_client import config_of
from tests.faults import places
from tests.loopback import Answer
from tests.loopback import Loopback

#: A good answer, which is read if somebody has the patience.
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"
BODY = b'{"a": true}'
IN_DROPS = {
    "head": places.in_drops(HEAD + BODY),
    "body": places.in_drops(BODY, at_once=HEAD),
    "interim answers": places.in_drops(b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + HEAD + BODY),
}

ASK = """
import sys
if "gevent" in sys.argv:
    from gevent import monkey
    monkey.patch_all()
import requests
from flask_clerk.api.deadline import DeadlineAdapter
session = requests.Session()
session.trust_env = session.verify = False
session.mount("https://", DeadlineAdapter())
session.mount("http://", DeadlineAdapter())
try:
    print(session.get(sys.argv[1], timeout=(60, 0.3)).text)
except requests.RequestException as error:
    print(type(error).__name__)
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(client_module, "TIMEOUT", (0.3, 0.3))


@pytest.mark.parametrize("serve", IN_DROPS.values(), ids=IN_DROPS)
def test_an_answer_in_drops_is_given_up(serve: places.Serve) -> None:
    with places.place(serve) as (url, calls):
        with pytest.raises(BackendAPIError, match="Timeout") as caught:
            Client(config_of(url)).request("POST", "/x")
        assert len(calls) == 1
    assert caught.value.is_unreachable


def test_an_answer_in_drops_is_given_up_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with places.place(IN_DROPS["head"]) as (proxy, _):
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(BackendAPIError, match="ReadTimeout"):
            Client(config_of(proxy)).send("POST", "http://api.clerk.invalid/x")


def test_a_proxy_that_opens_its_tunnel_in_drops_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with places.place(places.in_drops(b"HTTP/1.1 200 OK\r\n\r\n")) as (proxy, _):
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(BackendAPIError, match="ReadTimeout"):
            Client(config_of("https://api.clerk.invalid")).request("POST", "/x")


@pytest.mark.parametrize("kind", ["threads", "gevent"])
def test_greenlets_and_threads_wait_alike_over_tls_too(kind: str, tmp_path: Path) -> None:
    context = places.self_signed(tmp_path)
    record = places.record_in_drops(HEAD + BODY, context)
    for serve, told in (
        (IN_DROPS["head"], "ReadTimeout"),
        (places.answer("200 OK", BODY), BODY.decode()),
        (record, "ReadTimeout"),
    ):
        with places.place(serve) as (url, _):
            if serve is record:
                url = url.replace("http:", "https:")
            command = [sys.executable, "-W", "ignore", "-c", ASK, url, kind]
            asked = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (asked.stdout.strip(), asked.stderr) == (told, "")


def test_a_connection_that_is_kept_gives_each_answer_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (5, 2.0))
    with Loopback("HTTP/1.1").running() as server:
        server.respond = lambda call: Answer(200, BODY, before=lambda: time.sleep(0.8))
        client = Client(config_of(server.url))
        assert [client.request("POST", "/x") for _ in range(3)] == [{"a": True}] * 3
        assert len({call.port for call in server.calls}) == 1
