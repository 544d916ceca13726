"""Webhooks: believed only when they are Clerk's and new, told on, and done once by everybody."""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from datetime import timezone
from typing import Any

import pytest
from flask import Flask
from flask import g
from standardwebhooks import Webhook

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import WebhookEvent
from flask_clerk import authenticated
from flask_clerk import authentication_failed
from flask_clerk import require_auth
from flask_clerk import webhook_received
from flask_clerk.core.message_log import MessageLogError
from flask_clerk.local.outbox import webhook_headers
from flask_clerk.webhooks import MAX_BODY_SIZE
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.webhook_sender import OTHER_SECRET
from tests.webhook_sender import SECRET
from tests.webhook_sender import URL
from tests.webhook_sender import Sender
from tests.webhook_sender import event
from tests.webhook_sender import signature

BODY = event("user.created", id="user_1")


class Receiver:
    """An app with webhooks, and what its handlers were called with."""

    def __init__(self, pem: str, **settings: Any) -> None:
        self.clerk = Clerk()
        self.app = Flask("receiver", static_folder=None)
        self.calls: list[WebhookEvent] = []
        usual = {"jwt_key": pem, "webhook_signing_secret": SECRET}
        self.clerk.init_app(self.app, **{**usual, **settings})
        self.app.register_blueprint(self.clerk.webhooks(URL))
        self.clerk.on("user.created", "user.updated", "session.revoked")(self.calls.append)
        self.app.add_url_rule("/who", view_func=require_auth(lambda: {"user": g.auth.user_id}))

    def status(self, token: str) -> int:
        return self.app.test_client().get("/who", headers=bearer(token)).status_code


@pytest.fixture
def receiver(public_pem: str) -> Receiver:
    return Receiver(public_pem)


@pytest.fixture
def sender(receiver: Receiver) -> Sender:
    return Sender(receiver.app)


# --- what is believed ------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["svix", "webhook"])
def test_a_signed_event_is_told_to_its_handlers(
    prefix: str, receiver: Receiver, sender: Sender
) -> None:
    response = sender.post(BODY, sender.headers(BODY, prefix=prefix))
    assert (response.status_code, response.data) == (204, b"")
    [told] = receiver.calls
    assert (told.id, told.type, told.data) == ("msg_1", "user.created", {"id": "user_1"})
    assert told.document["object"] == "event"
    assert "user_1" not in repr(told)


def test_the_specifications_own_figures_hold() -> None:
    """The worked example that all reference libraries of Standard Webhooks test against."""
    body, message_id = '{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    at = datetime.fromtimestamp(1614265330, timezone.utc)
    assert Webhook(SECRET).sign(message_id, at, body) == expected
    assert f"v1,{signature(SECRET, message_id, 1614265330, body.encode())}" == expected
    assert webhook_headers(SECRET, message_id, 1614265330, body)["svix-signature"] == expected


WRONG = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
REFUSED: dict[str, dict[str, str | None]] = {
    "no id": {"svix-id": None},
    "no timestamp": {"svix-timestamp": None},
    "no signature": {"svix-signature": None},
    "empty id": {"svix-id": ""},
    "another id": {"svix-id": "msg_2"},
    "an id with a dot": {"svix-id": "msg_1.5"},
    "an id that is none": {"svix-id": "msg 1"},
    "a timestamp that is none": {"svix-timestamp": "hello"},
    "a negative timestamp": {"svix-timestamp": "-5"},
    "another timestamp": {"svix-timestamp": str(int(time.time()) - 7)},
    "an endless timestamp": {"svix-timestamp": "9" * 400},
    "another signature": {"svix-signature": WRONG},
    "a signature of no base64": {"svix-signature": "v1,dawfeoifkpqwoekfpqoekf"},
    "an empty signature": {"svix-signature": "v1,"},
    "a cut signature": {"svix-signature": "v1,g0hM9"},
    "a signature without version": {"svix-signature": WRONG[3:]},
    "many commas": {"svix-signature": "v1,a,b"},
    "an asymmetric signature only": {"svix-signature": f"v1a,{WRONG[3:]}"},
}


@pytest.mark.parametrize("changed", REFUSED.values(), ids=REFUSED)
def test_what_is_not_signed_so_is_refused_and_changes_nothing(
    changed: dict[str, str | None], receiver: Receiver, sender: Sender
) -> None:
    headers: dict[str, str | None] = {**sender.headers(BODY), **changed}
    response = sender.post(BODY, {k: v for k, v in headers.items() if v is not None})
    assert (response.status_code, response.data) == (400, b"Refused.")
    assert receiver.calls == []
    assert sender.post(BODY, sender.headers(BODY)).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(b"user_1", b"user_2"),
        BODY + b" ",
        BODY.replace(b" ", b""),
        b"",
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_an_edited_body_is_refused_to_the_byte(
    body: bytes, receiver: Receiver, sender: Sender
) -> None:
    assert sender.post(body, sender.headers(BODY)).status_code == 400
    assert receiver.calls == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"text"', b"{}", b'{"type": 7, "data": {}}', b'{"type": "a", "data": []}', b"{"],
    ids=repr,
)
def test_a_signed_body_that_is_no_event_is_refused(
    body: bytes, receiver: Receiver, sender: Sender
) -> None:
    assert sender.post(body, sender.headers(body)).status_code == 400
    assert receiver.calls == []


@pytest.mark.parametrize(("age", "status"), [(290, 204), (-290, 204), (310, 400), (-310, 400)])
def test_a_message_is_good_for_five_minutes(
    age: int, status: int, receiver: Receiver, sender: Sender
) -> None:
    response = sender.send("user.created", at=int(time.time()) - age, id="user_1")
    assert response.status_code == status
    assert len(receiver.calls) == (status == 204)


def test_one_right_signature_among_several_is_enough(sender: Sender) -> None:
    headers = sender.headers(BODY)
    headers["svix-signature"] = f"{WRONG} v2,{WRONG[3:]} {headers['svix-signature']} {WRONG}"
    assert sender.post(BODY, headers).status_code == 204


def test_several_secrets_are_good_while_they_change(public_pem: str) -> None:
    receiver = Receiver(public_pem, webhook_signing_secret=f"{OTHER_SECRET},{SECRET}")
    answers = {
        secret: Sender(receiver.app, secret).send("user.created", f"msg_{number}").status_code
        for number, secret in enumerate((SECRET, OTHER_SECRET, "whsec_QUFB"))
    }
    assert answers == {SECRET: 204, OTHER_SECRET: 204, "whsec_QUFB": 400}
    assert len(receiver.calls) == 2


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_cap_is_not_read_to_its_end(
    is_chunked: bool, receiver: Receiver, sender: Sender
) -> None:
    body = event("user.created", id="x" * MAX_BODY_SIZE)
    stream = io.BytesIO(body)
    environ: dict[str, Any] = {"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))}
    if is_chunked:
        environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    client = receiver.app.test_client()
    response = client.post(URL, headers=sender.headers(body), environ_overrides=environ)
    assert response.status_code == 413
    assert stream.tell() <= MAX_BODY_SIZE + 1
    assert receiver.calls == []


def test_a_chunked_body_is_read(receiver: Receiver, sender: Sender) -> None:
    environ = {"wsgi.input": io.BytesIO(BODY), "wsgi.input_terminated": True}
    response = receiver.app.test_client().post(
        URL, headers=sender.headers(BODY), environ_overrides={**environ, "CONTENT_LENGTH": None}
    )
    assert response.status_code == 204
    assert len(receiver.calls) == 1


def test_refusals_are_logged_without_the_secret(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        sender.post(BODY, {**sender.headers(BODY), "svix-signature": WRONG})
    assert "No matching signature" in caplog.text
    assert SECRET[6:] not in caplog.text


# --- who acts, and how often -----------------------------------------------------------------


def test_an_unknown_event_passes(receiver: Receiver, sender: Sender) -> None:
    assert sender.send("something.new", id=7).status_code == 204
    assert receiver.calls == []


def test_a_replay_is_refused_and_a_senders_second_try_is_thanked(
    receiver: Receiver, sender: Sender
) -> None:
    now = int(time.time())
    assert sender.send("user.created", "msg_1", now).status_code == 204
    assert sender.send("user.created", "msg_1", now).status_code == 400
    assert sender.send("user.created", "msg_1", now + 5).status_code == 204
    assert len(receiver.calls) == 1


def test_a_failing_handler_is_retried_and_those_that_did_not_fail_are_not(
    receiver: Receiver, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []
    fails = [True]

    @receiver.clerk.on("user.created")
    def first(event: WebhookEvent) -> None:
        calls.append("first")

    @receiver.clerk.on("user.created")
    def second(event: WebhookEvent) -> None:
        calls.append("second")
        if fails:
            raise RuntimeError("the mail server is away")

    @receiver.clerk.on("user.created")
    def third(event: WebhookEvent) -> None:
        calls.append("third")

    now = int(time.time())
    assert sender.send("user.created", "msg_1", now).status_code == 500
    assert sender.send("user.created", "msg_1", now + 1).status_code == 500
    fails.clear()
    assert sender.send("user.created", "msg_1", now + 2).status_code == 204
    assert sender.send("user.created", "msg_1", now + 3).status_code == 204
    assert calls == ["first", "second", "third", "second", "second"]
    assert len(receiver.calls) == 1
    assert "second failed with the webhook msg_1 (user.created)" in caplog.text


def test_namesakes_are_told_apart(receiver: Receiver, sender: Sender) -> None:
    calls: list[int] = []

    def make(number: int) -> Any:
        def handler(event: WebhookEvent) -> None:
            calls.append(number)
            if number == 2 and calls.count(2) == 1:
                raise RuntimeError

        return handler

    for number in (1, 2, 3):
        receiver.clerk.on("user.created")(make(number))
    now = int(time.time())
    assert sender.send("user.created", "msg_1", now).status_code == 500
    assert sender.send("user.created", "msg_1", now + 1).status_code == 204
    assert calls == [1, 2, 3, 2]


def test_receivers_of_the_signal_act_on_every_event_and_are_retried_too(
    receiver: Receiver, sender: Sender
) -> None:
    told: list[tuple[Any, str]] = []

    def listener(app: Any, event: WebhookEvent) -> None:
        told.append((app, event.type))
        if len(told) == 1:
            raise RuntimeError

    now = int(time.time())
    with webhook_received.connected_to(listener, receiver.app):
        assert sender.send("email.created", "msg_1", now).status_code == 500
        assert sender.send("email.created", "msg_1", now + 1).status_code == 204
    assert told == [(receiver.app, "email.created")] * 2


def test_async_handlers_are_awaited(receiver: Receiver, sender: Sender) -> None:
    told: list[str] = []

    @receiver.clerk.on("organization.created")
    async def handler(event: WebhookEvent) -> None:
        told.append(event.data["id"])

    assert sender.send("organization.created", id="org_1").status_code == 204
    assert told == ["org_1"]


def test_two_workers_do_not_act_on_one_message_at_once(receiver: Receiver, sender: Sender) -> None:
    began, may_end = threading.Event(), threading.Event()
    calls: list[str] = []

    @receiver.clerk.on("user.deleted")
    def slow(event: WebhookEvent) -> None:
        calls.append(event.id)
        began.set()
        assert may_end.wait(60)

    now = int(time.time())
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(sender.send("user.deleted", "msg_1", now).status_code)
    )
    thread.start()
    assert began.wait(60)
    assert sender.send("user.deleted", "msg_1", now + 5).status_code == 503
    may_end.set()
    thread.join()
    assert answers == [204]
    assert sender.send("user.deleted", "msg_1", now + 6).status_code == 204
    assert calls == ["msg_1"]


@pytest.mark.parametrize("names", [(), (lambda event: None,)], ids=["none", "bare"])
def test_handlers_name_their_events(names: Any, receiver: Receiver) -> None:
    with pytest.raises(TypeError, match="Name the events"):
        receiver.clerk.on(*names)


# --- access ends -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "data", "ends"),
    [
        ("session.revoked", {"id": "sess_1", "user_id": "user_1"}, True),
        ("session.ended", {"id": "sess_1"}, True),
        ("session.removed", {"id": "sess_1"}, True),
        ("user.deleted", {"id": "user_1", "deleted": True}, True),
        ("user.updated", {"id": "user_1", "banned": True}, True),
        ("user.updated", {"id": "user_1", "banned": False}, False),
        ("user.updated", {"id": "user_1", "banned": "no"}, False),
        ("user.updated", {"id": "user_1"}, False),
        ("user.created", {"id": "user_1", "banned": True}, False),
        ("session.created", {"id": "sess_1"}, False),
        ("session.revoked", {"id": "sess_2", "user_id": "user_1"}, False),
        ("session.revoked", {"id": None}, False),
        ("user.deleted", {}, False),
    ],
)
def test_what_clerk_has_ended_is_refused_from_then_on(
    kind: str, data: dict[str, Any], ends: bool, receiver: Receiver, sender: Sender, sign: Signer
) -> None:
    token = Token(sign)()
    assert receiver.status(token) == 200
    assert sender.send(kind, **data).status_code == 204
    assert receiver.status(token) == (401 if ends else 200)
    assert receiver.status(Token(sign)(sub="user_9", sid="sess_9")) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"svix-signature": WRONG},
        {"svix-timestamp": str(int(time.time()) - 400)},
    ],
    ids=["wrong key", "old"],
)
def test_who_cannot_sign_ends_nobodys_session(
    headers: dict[str, str], receiver: Receiver, sender: Sender, sign: Signer
) -> None:
    body = event("user.deleted", id="user_1")
    assert sender.post(body, {**sender.headers(body), **headers}).status_code == 400
    assert receiver.status(Token(sign)()) == 200


def test_a_replay_does_not_end_a_later_sign_in(
    receiver: Receiver, sender: Sender, sign: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    clock = [float(now)]
    with receiver.app.app_context():
        receiver.clerk.instance.clock = lambda: clock[0]
    banned = {"id": "user_1", "banned": True}
    assert sender.send("user.updated", "msg_1", now, **banned).status_code == 204
    clock[0] += 2
    token = Token(sign)(iat=now + 1)
    assert receiver.status(token) == 200
    assert sender.send("user.updated", "msg_1", now, **banned).status_code == 400
    assert sender.send("user.updated", "msg_1", now + 1, **banned).status_code == 204
    assert receiver.status(token) == 200


def test_access_ends_even_where_the_log_of_messages_is_away(
    receiver: Receiver, sender: Sender, sign: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(work: str) -> bool:
        raise MessageLogError("Redis could not be asked.")

    inbox = receiver.app.extensions["clerk"].inbox
    with monkeypatch.context() as patch:
        patch.setattr(inbox._log, "is_done", fail)
        assert sender.send("session.revoked", "msg_1", id="sess_1").status_code == 503
    assert receiver.status(Token(sign)()) == 401
    assert receiver.calls == []
    assert sender.send("session.revoked", "msg_1", id="sess_1").status_code == 204
    assert len(receiver.calls) == 1


# --- where it stands -------------------------------------------------------------------------


def test_the_endpoint_is_open_and_no_session_is_decided_about(
    public_pem: str, sign: Signer
) -> None:
    receiver = Receiver(public_pem, require_auth=True, publishable_key=PUBLISHABLE_KEY)
    sender = Sender(receiver.app)
    told: list[str] = []

    def tell(app: Any, **what: Any) -> None:
        told.append("decided")

    headers = {**sender.headers(BODY), "Cookie": f"__session={Token(sign)()}; __client_uat=1"}
    with authenticated.connected_to(tell), authentication_failed.connected_to(tell):
        response = sender.post(BODY, headers)
        forged = sender.post(BODY, {**sender.headers(BODY, "msg_2"), **bearer("forged")})
    assert (response.status_code, forged.status_code) == (204, 204)
    assert told == []
    assert not {"Set-Cookie", "Vary", "X-Clerk-Auth-Reason"} & set(response.headers.keys())


@pytest.fixture
def without_library() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "standardwebhooks", None)
        yield


def test_without_the_library_the_app_is_told_what_to_install(without_library: None) -> None:
    with pytest.raises(ConfigurationError, match=r"flask-clerk\[webhooks\]"):
        Clerk().webhooks(URL)


def test_without_a_secret_the_app_is_told_what_to_set(public_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="CLERK_WEBHOOK_SIGNING_SECRET"):
        Receiver(public_pem, webhook_signing_secret=None)


def test_a_blueprint_may_be_registered_before_the_app_has_clerk(public_pem: str) -> None:
    clerk, app = Clerk(), Flask("early", static_folder=None)
    app.register_blueprint(clerk.webhooks(URL))
    clerk.init_app(app, jwt_key=public_pem, webhook_signing_secret=SECRET)
    assert Sender(app).send("user.created").status_code == 204
