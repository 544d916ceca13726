"""What the instance would send, and what it remembers of requests."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import ClassVar

from .document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage(Document):
    """An email that was not sent, or a webhook that may have been delivered.

    :param medium: ``email`` or ``webhook``.
    :param topic: An email's kind (``verification_code``) or a webhook's event type.
    :param to: The address; empty for a webhook.
    :param code: The code in an email.
    :param body: A webhook's JSON text, exactly as it was signed.
    :param headers: A webhook's headers, by name.
    """

    kind: ClassVar[str] = "outbox"
    indexes: ClassVar[tuple[str, ...]] = ("medium", "to")

    id: str
    medium: str
    topic: str
    created_at: int
    to: str = ""
    subject: str = ""
    text: str = field(default="", repr=False)
    code: str | None = field(default=None, repr=False)
    body: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationLogEntry:
    """How one request to the app was judged.

    :param at: Unix milliseconds.
    :param status: ``signed-in``, ``signed-out`` or ``handshake``.
    :param answer: The HTTP status that the app answered with.
    """

    at: int
    method: str
    path: str
    status: str
    answer: int
    reason: str | None = None
    user_id: str | None = None
    session_id: str | None = None
