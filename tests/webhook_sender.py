"""Sends webhooks as Clerk's sender does, signed by the letter of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

URL = "/webhooks/clerk"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def signature(secret: str, message_id: str, timestamp: int | str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


def signed_headers(
    secret: str, body: bytes, message_id: str, at: int | None = None, prefix: str = "svix"
) -> dict[str, str]:
    timestamp = int(time.time()) if at is None else at
    return {
        f"{prefix}-id": message_id,
        f"{prefix}-timestamp": str(timestamp),
        f"{prefix}-signature": "v1," + signature(secret, message_id, timestamp, body),
        "Content-Type": "application/json",
    }


class Sender:
    """One endpoint's sender; each message has an id of its own, and each try its time."""

    def __init__(self, app: Flask, secret: str = SECRET) -> None:
        self.app = app
        self.secret = secret
        self._count = 0

    def headers(
        self, body: bytes, message_id: str = "msg_1", at: int | None = None, prefix: str = "svix"
    ) -> dict[str, str]:
        return signed_headers(self.secret, body, message_id, at, prefix)

    def post(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.app.test_client().post(URL, data=body, headers=headers)

    def send(
        self, kind: str, message_id: str | None = None, at: int | None = None, **data: Any
    ) -> TestResponse:
        """Send an event, as a new message unless it is given an id."""
        self._count += 1
        body = event(kind, **data)
        return self.post(body, self.headers(body, message_id or f"msg_new_{self._count}", at))


def event(kind: str, **data: Any) -> bytes:
    return json.dumps({"data": data, "object": "event", "type": kind}).encode()
