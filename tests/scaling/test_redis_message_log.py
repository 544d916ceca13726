"""Webhooks over a real Redis: what one worker has done, no other does again."""

from __future__ import annotations

import sys
import time

import pytest
from flask import Flask

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import WebhookEvent
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.message_log import BEGUN_FOR
from flask_clerk.core.message_log import KEPT_FOR
from flask_clerk.core.message_log import MemoryMessageLog
from flask_clerk.core.message_log import MessageLog
from flask_clerk.core.message_log import MessageLogError
from flask_clerk.redis_stores import RedisMessageLog
from tests.scaling.redis_server import RedisServer
from tests.scaling.redis_server import free_port
from tests.webhook_sender import SECRET
from tests.webhook_sender import URL
from tests.webhook_sender import Sender


def config_of(pem: str, url: str) -> ClerkConfig:
    return ClerkConfig.load({"jwt_key": pem, "revocation_url": url}, {}, {})


@pytest.fixture(params=["memory", "redis"])
def log(request: pytest.FixtureRequest, redis: RedisServer, public_pem: str) -> MessageLog:
    if request.param == "memory":
        return MemoryMessageLog()
    return RedisMessageLog(config_of(public_pem, redis.url))


def test_work_is_begun_by_one_and_done_once(log: MessageLog) -> None:
    assert log.begin("msg_1")
    assert not log.begin("msg_1")
    assert log.begin("msg_2")
    assert not log.is_done("msg_1")
    log.give_up("msg_1")
    log.give_up("msg_of_nobody")
    assert log.begin("msg_1")
    log.finish("msg_1")
    assert log.is_done("msg_1")
    assert not log.is_done("msg_2")


def test_redis_forgets_in_time(redis: RedisServer, public_pem: str) -> None:
    log = RedisMessageLog(config_of(public_pem, redis.url))
    log.begin("msg_1")
    log.finish("msg_1")
    lifetimes = sorted(redis.client.ttl(key) for key in redis.client.keys("flask-clerk:*"))
    assert len(lifetimes) == 2
    assert BEGUN_FOR - 60 < lifetimes[0] <= BEGUN_FOR
    assert KEPT_FOR - 60 < lifetimes[1] <= KEPT_FOR


def test_a_log_that_cannot_be_asked_says_so_without_the_password(public_pem: str) -> None:
    url = f"redis://:verysecret@127.0.0.1:{free_port()}/0"
    log = RedisMessageLog(config_of(public_pem, url))
    for ask in (log.is_done, log.begin, log.finish, log.give_up):
        with pytest.raises(MessageLogError, match="Redis could not be asked") as raised:
            ask("msg_1")
        assert "verysecret" not in str(raised.value)


def test_without_redis_a_webhook_is_to_be_sent_again_and_ends_access_at_once(
    redis: RedisServer, public_pem: str
) -> None:
    calls: list[str] = []
    clerk, app = Clerk(), Flask("receiver", static_folder=None)
    clerk.init_app(app, jwt_key=public_pem, webhook_signing_secret=SECRET, revocation_url=redis.url)
    app.register_blueprint(clerk.webhooks(URL))

    @clerk.on("session.revoked")
    def note(event: WebhookEvent) -> None:
        calls.append(event.data["id"])

    store = app.extensions["clerk"].instance.revocations
    sender = Sender(app)
    assert store.is_connected
    redis.stop()
    assert sender.send("session.revoked", "msg_1", id="sess_1").status_code == 503
    assert store.ends({"sid": "sess_1", "iat": time.time()})
    assert calls == []
    redis.start()
    assert sender.send("session.revoked", "msg_1", id="sess_1").status_code == 204
    assert calls == ["sess_1"]
    store.close()


def test_without_redis_py_the_app_is_told_what_to_install(
    public_pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("flask_clerk.redis_stores")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("flask_clerk.redis_stores", raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r"flask-clerk\[redis\]"):
        Clerk(Flask("poor"), jwt_key=public_pem, revocation_url="redis://localhost")
