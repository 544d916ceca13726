"""What is fuzzed at the app's other doors: webhooks, and curl commands that somebody pastes."""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from datetime import timezone

import click
from flask import Flask
from standardwebhooks import Webhook

from flask_clerk import Clerk
from flask_clerk.cli.asked import from_curl
from flask_clerk.cli.asked import with_cookies
from tests.fuzz.verdicts import signer
from tests.webhook_sender import SECRET
from tests.webhook_sender import URL

#: Stands for the signature that the instance would make; nobody finds it by trying.
_SIGNATURE = "\x80"


@functools.cache
def _app() -> Flask:
    clerk = Clerk()
    app = Flask("receiver", static_folder=None)
    pem = signer().key.as_pem(private=False).decode("ascii")
    clerk.init_app(app, jwt_key=pem, webhook_signing_secret=SECRET)
    app.register_blueprint(clerk.webhooks(URL))
    return app


def webhook(data: bytes) -> None:
    """A message: a line each for prefix, id, seconds from now and signature, then the body."""
    prefix, message_id, offset, signature, *rest = (data.split(b"\n", 4) + [b""] * 5)[:5]
    body, name = rest[0], "svix" if prefix else "webhook"
    timestamp = offset.decode("latin-1")
    if re.fullmatch("-?[0-9]{1,5}", timestamp):
        timestamp = str(int(time.time()) + int(timestamp))
    told = signature.decode("latin-1")
    is_signed = _SIGNATURE in told and message_id and re.fullmatch("[0-9]{1,10}", timestamp)
    if is_signed:
        at = datetime.fromtimestamp(int(timestamp), timezone.utc)
        text = message_id.decode("latin-1")
        told = told.replace(_SIGNATURE, Webhook(SECRET).sign(text, at, body.decode("latin-1")))
    environ = {
        f"HTTP_{name.upper()}_ID": message_id.decode("latin-1"),
        f"HTTP_{name.upper()}_TIMESTAMP": timestamp,
        f"HTTP_{name.upper()}_SIGNATURE": told,
    }
    answer = _app().test_client().post(URL, data=body, environ_overrides=environ)
    assert answer.status_code in {204, 400, 413, 503}
    if answer.status_code == 204:
        assert is_signed
        assert abs(int(timestamp) - time.time()) < 310
        document = json.loads(body)
        assert isinstance(document["type"], str)
        assert isinstance(document["data"], dict)


def curl(data: bytes) -> None:
    """A curl command, or a ``Cookie`` header, that somebody asks about."""
    text = data.decode("utf-8", "replace")
    for read in (from_curl, lambda text: with_cookies(text, "http://localhost/")):
        try:
            asked = read(text)
        except click.UsageError as error:
            assert error.message
            continue
        assert asked.method == asked.method.upper()
        for name, value in asked.headers:
            assert not set(name + value) & set("\r\n")
            value.encode("latin-1")


DOORS: dict[str, Callable[[bytes], None]] = {"webhook": webhook, "curl": curl}
