from __future__ import annotations

import base64
import hashlib
import hmac
import json


def test_a_webhook_is_signed_by_the_standard_webhooks_scheme(clerk):
    clerk.users.create(email_addresses=["joan@example.com"])
    event = clerk.outbox.events("user.created")[0]
    key = base64.b64decode(clerk.state.webhook_secret.removeprefix("whsec_"))
    signed = f"{event.headers['svix-id']}.{event.headers['svix-timestamp']}.{event.body}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    assert event.headers["svix-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    payload = json.loads(event.body)
    assert (payload["object"], payload["type"]) == ("event", "user.created")
    assert payload["data"]["email_addresses"][0]["email_address"] == "joan@example.com"


def test_an_event_is_delivered_only_after_what_it_tells_of_is_written(clerk, ada):
    seen = []
    clerk.outbox.deliver = lambda message: seen.append(
        (message.topic, clerk.users.get(ada.id).first_name)
    )
    clerk.users.update(ada.id, first_name="Augusta")
    assert seen == [("user.updated", "Augusta")]


def test_a_failing_delivery_loses_nothing(clerk, ada, caplog):
    def fail(message) -> None:
        raise ConnectionError("refused")

    clerk.outbox.deliver = fail
    clerk.users.merge_metadata(ada.id, public_metadata={"role": None, "a": {"b": 1}})
    assert clerk.users.get(ada.id).public_metadata == {"a": {"b": 1}}
    assert clerk.outbox.events("user.updated")
    assert "refused" in caplog.text
