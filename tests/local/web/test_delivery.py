"""The local Clerk's webhooks arrive: in the app around it, and over HTTP in one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk import WebhookEvent
from flask_clerk import require_auth
from flask_clerk.local import LocalClerk
from flask_clerk.local import LocalClerkError
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from flask_clerk.local.web.delivery import deliver_over_http
from flask_clerk.testing.live import LiveServer
from tests.local.form_browser import FormBrowser
from tests.visitors import bearer
from tests.waiting import wait_until

ORIGIN = "http://localhost"


class Told:
    """An app that writes down what it is told, and lets signed-in people in."""

    def __init__(self, **settings: object) -> None:
        self.events: list[WebhookEvent] = []
        self.fails = False
        extension = Clerk()
        self.app = Flask("told", static_folder=None)
        self.app.testing = True
        extension.init_app(self.app, **settings)
        self.app.register_blueprint(extension.webhooks("/webhooks/clerk"))
        extension.on("user.created", "user.updated", "session.revoked")(self.write_down)
        self.app.add_url_rule("/who", view_func=require_auth(lambda: {"user": g.auth.user_id}))

    def write_down(self, event: WebhookEvent) -> None:
        if self.fails:
            raise RuntimeError("not now")
        self.events.append(event)

    def status(self, clerk: LocalClerk, session: Session) -> int:
        token = clerk.minting.session_token(session, origin=ORIGIN)
        return self.app.test_client().get("/who", headers=bearer(token)).status_code


@pytest.fixture
def around(clerk: LocalClerk) -> Told:
    return Told(local=clerk)


def test_the_app_around_it_is_told_before_anybody_waits(around: Told, clerk: LocalClerk) -> None:
    user = clerk.users.create(email_addresses=["joan@example.com"])
    [event] = around.events
    assert (event.type, event.data["id"]) == ("user.created", user.id)
    assert event.id == clerk.outbox.events("user.created")[0].id


def test_a_session_revoked_at_the_dashboard_ends_with_the_next_request(
    around: Told, clerk: LocalClerk, session: Session
) -> None:
    assert around.status(clerk, session) == 200
    token = clerk.minting.session_token(session, origin=ORIGIN)
    clerk.sessions.revoke(session.id)
    response = around.app.test_client().get("/who", headers=bearer(token))
    assert (response.status_code, response.headers["X-Clerk-Auth-Reason"]) == (
        401,
        "session-revoked",
    )


def test_a_banned_user_is_out_at_once(
    around: Told, clerk: LocalClerk, session: Session, ada: User
) -> None:
    token = clerk.minting.session_token(session, origin=ORIGIN)
    clerk.users.set_banned(ada.id, True)
    assert around.app.test_client().get("/who", headers=bearer(token)).status_code == 401


def test_a_clock_that_was_advanced_hinders_no_delivery(around: Told, clerk: LocalClerk) -> None:
    clerk.clock.advance(seconds=86_400)
    clerk.users.create(email_addresses=["joan@example.com"])
    assert [event.type for event in around.events] == ["user.created"]


def test_a_delivery_that_fails_is_told_and_can_be_sent_again(
    around: Told, clerk: LocalClerk, caplog: pytest.LogCaptureFixture
) -> None:
    around.fails = True
    clerk.users.create(email_addresses=["joan@example.com"])
    assert "user.created was answered with 500" in caplog.text
    around.fails = False
    message = clerk.outbox.events("user.created")[0]
    clerk.outbox.send_again(message.id)
    assert [event.id for event in around.events] == [message.id]


def test_an_app_without_webhooks_is_not_bothered(clerk: LocalClerk) -> None:
    app = Flask("deaf", static_folder=None)
    Clerk(app, local=clerk)
    known = len(clerk.outbox.events("user.created"))
    clerk.users.create(email_addresses=["joan@example.com"])
    assert len(clerk.outbox.events("user.created")) == known + 1


# --- over HTTP -------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(clerk: LocalClerk, public_pem: str) -> Iterator[Told]:
    """Return an app on a port of its own that knows the instance by its keys alone."""
    told = Told(
        jwt_key=public_pem,
        publishable_key=clerk.publishable_key.value,
        webhook_signing_secret=clerk.state.webhook_secret,
    )
    with LiveServer(told.app) as server:
        clerk.outbox.deliver = deliver_over_http(f"{server.url}/webhooks/clerk", clerk, pause=0.05)
        yield told


def test_an_app_elsewhere_is_told_over_http_in_order(elsewhere: Told, clerk: LocalClerk) -> None:
    user = clerk.users.create(email_addresses=["joan@example.com"])
    clerk.users.update(user.id, first_name="Joan")
    wait_until(lambda: len(elsewhere.events) == 2, "the app was not told")
    assert [event.type for event in elsewhere.events] == ["user.created", "user.updated"]


def test_a_session_ends_elsewhere_too(elsewhere: Told, clerk: LocalClerk, session: Session) -> None:
    assert elsewhere.status(clerk, session) == 200
    token = clerk.minting.session_token(session, origin=ORIGIN)
    clerk.sessions.revoke(session.id)
    client = elsewhere.app.test_client()
    wait_until(
        lambda: client.get("/who", headers=bearer(token)).status_code == 401,
        "the session went on",
    )


def test_what_fails_over_http_is_tried_again(
    elsewhere: Told, clerk: LocalClerk, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere.fails = True
    clerk.users.create(email_addresses=["joan@example.com"])
    wait_until(lambda: "failed with the webhook" in caplog.text, "nothing arrived")
    elsewhere.fails = False
    wait_until(lambda: len(elsewhere.events) == 1, "it was not tried again")


def test_an_app_that_is_not_there_is_given_up_with_a_word(
    clerk: LocalClerk, caplog: pytest.LogCaptureFixture
) -> None:
    clerk.outbox.deliver = deliver_over_http("http://127.0.0.1:9/webhooks", clerk, pause=0.001)
    clerk.users.create(email_addresses=["joan@example.com"])
    wait_until(lambda: "user.created could not be delivered" in caplog.text, "nothing was said")


# --- from the dashboard ----------------------------------------------------------------------


def test_the_dashboard_sends_a_webhook_again(browser: FormBrowser, clerk: LocalClerk) -> None:
    sent: list[str] = []
    clerk.outbox.deliver = None
    browser.visit("/dashboard/outbox?topic=organization.created")
    assert "Send again" not in browser.text
    clerk.outbox.deliver = lambda message: sent.append(message.id)
    browser.visit("/dashboard/outbox?topic=organization.created")
    browser.send("Send again")
    assert "The webhook was sent again." in browser.text
    assert sent == [clerk.outbox.events("organization.created")[0].id]


def test_only_a_webhook_that_is_there_can_be_sent_again(clerk: LocalClerk) -> None:
    clerk.outbox.emit_code("ada@example.com", "123456", "sign in")
    for message_id in ("msg_none", clerk.outbox.emails()[0].id):
        with pytest.raises(LocalClerkError, match="not found"):
            clerk.outbox.send_again(message_id)
