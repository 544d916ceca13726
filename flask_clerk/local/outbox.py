"""The outbox: emails that nobody sends, and events signed as Clerk's webhooks are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from . import errors
from .ids import new_id
from .model import Membership
from .model import Organization
from .model import OutboxMessage
from .model import Session
from .model import User
from .service import Service

if TYPE_CHECKING:
    from .instance import LocalClerk

_KEPT: Final = 500

#: Delivers one webhook message over HTTP, after what it tells of was written.
Deliver = Callable[[OutboxMessage], None]


class Outbox(Service):
    """What the instance would have sent, the newest 500 messages of it."""

    def __init__(self, clerk: LocalClerk, deliver: Deliver | None = None) -> None:
        """Keep messages.

        :param deliver: Called with each webhook; it should not block, and may raise.
        """
        super().__init__(clerk)
        self.deliver = deliver

    def emails(self, to: str | None = None) -> list[OutboxMessage]:
        """Return the emails, newest first.

        :param to: Only those to this address.
        """
        return [each for each in self._newest("email") if to in (None, each.to)]

    def events(self, topic: str | None = None) -> list[OutboxMessage]:
        """Return the webhooks, newest first.

        :param topic: Only this event type, such as ``user.created``.
        """
        return [each for each in self._newest("webhook") if topic in (None, each.topic)]

    def clear(self) -> None:
        """Throw everything away."""
        with self._write() as tx:
            tx.trim(OutboxMessage, 0)

    def send_again(self, message_id: str) -> None:
        """Deliver a webhook once more, if webhooks are delivered at all.

        :raises LocalClerkError: If there is no such webhook any more.
        """
        with self._read() as tx:
            message = tx.get(OutboxMessage, message_id)
        if message is None or message.medium != "webhook":
            raise errors.not_found("webhook", message_id)
        if self.deliver is not None:
            self.deliver(message)

    def email(self, topic: str, to: str, subject: str, text: str, code: str | None = None) -> None:
        """Put an email into the outbox."""
        self._put(
            OutboxMessage(
                id=new_id("ema"),
                medium="email",
                topic=topic,
                created_at=self._now,
                to=to,
                subject=subject,
                text=text,
                code=code,
            )
        )

    def emit_code(self, to: str, code: str, purpose: str) -> None:
        """Put the email with a verification code into the outbox.

        :param purpose: Such as ``sign in to``; the application's name follows.
        """
        name = self._clerk.settings.application_name
        text = f"{code} is your code to {purpose} {name}. It is good for ten minutes."
        self.email("verification_code", to, f"{code} is your verification code", text, code)

    def emit(self, topic: str, data: Mapping[str, Any]) -> None:
        """Put a signed event into the outbox, and deliver it once it is written.

        :param topic: The event type.
        :param data: The thing that it tells of, as the Backend API has it.
        """
        now = self._now
        state = self._clerk.state
        body = json.dumps(
            {
                "data": data,
                "event_attributes": {"http_request": {"client_ip": "", "user_agent": ""}},
                "instance_id": state.instance_id,
                "object": "event",
                "timestamp": now,
                "type": topic,
            }
        )
        message_id = new_id("msg")
        message = OutboxMessage(
            id=message_id,
            medium="webhook",
            topic=topic,
            created_at=now,
            body=body,
            headers=webhook_headers(state.webhook_secret, message_id, now // 1000, body),
        )
        self._put(message)

    def emit_user(self, topic: str, user: User) -> None:
        """Tell of a user."""
        self.emit(topic, self._clerk.resources.user(user, is_private=True))

    def emit_session(self, topic: str, session: Session) -> None:
        """Tell of a session."""
        self.emit(topic, self._clerk.resources.backend_session(session))

    def emit_organization(self, topic: str, organization: Organization) -> None:
        """Tell of an organization."""
        self.emit(topic, self._clerk.resources.organization(organization, is_private=True))

    def emit_membership(self, topic: str, membership: Membership) -> None:
        """Tell of a membership."""
        self.emit(topic, self.membership_json(membership))

    def membership_json(self, membership: Membership) -> dict[str, Any]:
        """Return a membership as an event tells of it."""
        return self._clerk.resources.membership(membership, is_private=True)

    def emit_deleted(self, topic: str, kind: str, key: str) -> None:
        """Tell of what is no more."""
        self.emit(topic, self._clerk.resources.deleted(kind, key))

    def _newest(self, medium: str) -> list[OutboxMessage]:
        with self._read() as tx:
            return tx.find(OutboxMessage, medium=medium)[::-1]

    def _put(self, message: OutboxMessage) -> None:
        with self._write() as tx:
            tx.put(message)
            tx.trim(OutboxMessage, _KEPT)
            deliver = self.deliver
            if deliver is not None and message.medium == "webhook":
                tx.after_commit(lambda: deliver(message))


def webhook_headers(secret: str, message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """Return the headers of a webhook, signed by the Standard Webhooks scheme.

    :param secret: ``whsec_`` and base64.
    :param timestamp: Unix seconds.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
    return {
        "content-type": "application/json",
        "svix-id": message_id,
        "svix-timestamp": str(timestamp),
        "svix-signature": f"v1,{signature}",
    }
