"""Delivering webhooks, as Clerk's sender would: within the process, or over HTTP.

Every try is signed anew (Standard Webhooks, "webhook-timestamp"), at the receiver's time, whatever
the local clock says.
"""

from __future__ import annotations

import logging
import threading
import time
from queue import SimpleQueue
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request
from urllib.request import urlopen

from flask import Flask
from werkzeug.test import Client

from ...webhooks import receive
from ..instance import LocalClerk
from ..model import OutboxMessage
from ..outbox import Deliver
from ..outbox import webhook_headers

logger = logging.getLogger("flask_clerk")

_TRIES: Final = 5
#: Seconds to wait for an answer.
_TIMEOUT: Final = 15


def deliver_within(app: Flask, local: LocalClerk) -> Deliver:
    """Return what hands a webhook to the app's own endpoint for them, if it has one.

    It is a request within the process: the app need not know the URL that it is served at, and
    whoever waits for what the event tells of finds it dealt with.
    """

    def deliver(message: OutboxMessage) -> None:
        for rule in app.url_map.iter_rules():
            if app.view_functions.get(rule.endpoint) is receive and not rule.arguments:
                headers = _signed_now(message, local)
                answer = Client(app).post(rule.rule, data=message.body, headers=headers)
                if answer.status_code >= 300:
                    logger.warning("%s was answered with %s.", message.topic, answer.status)

    return deliver


def deliver_over_http(url: str, local: LocalClerk, *, pause: float = 1.0) -> Deliver:
    """Return what posts webhooks to a URL, one after the other, from a thread of its own.

    :param pause: Seconds before the second of five tries; it doubles from try to try.
    """
    waiting: SimpleQueue[OutboxMessage] = SimpleQueue()

    def work() -> None:
        while True:
            message = waiting.get()
            if not any(_is_delivered(message, url, local, pause * 2**n) for n in range(_TRIES)):
                logger.error("%s could not be delivered to %s.", message.topic, url)

    threading.Thread(target=work, name="clerk-webhooks", daemon=True).start()
    return waiting.put


def _is_delivered(message: OutboxMessage, url: str, local: LocalClerk, pause: float) -> bool:
    """Post a message; pause if that fails."""
    headers = _signed_now(message, local)
    request = Request(url, message.body.encode(), headers, method="POST")
    try:
        with urlopen(request, timeout=_TIMEOUT):
            return True
    except HTTPError as error:
        logger.warning("%s was answered with %s.", message.topic, error.code)
        error.close()
    except OSError as error:
        logger.warning("%s did not arrive: %s", message.topic, error)
    time.sleep(pause)
    return False


def _signed_now(message: OutboxMessage, local: LocalClerk) -> dict[str, str]:
    secret = local.state.webhook_secret
    return webhook_headers(secret, message.id, int(time.time()), message.body)
