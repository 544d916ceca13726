"""Keys, tokens and nonces in a log line, a repr, an error page or a header: none is ever there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import request
from joserfc.jwk import RSAKey

from flask_clerk.globals import clerk_of
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SECRET_KEY
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.loopback import Answer
from tests.loopback import Loopback
from tests.loopback import answer_json

REFRESH = "rt_never_to_be_seen"
NONCE = "nonce_never_to_be_seen"
OPAQUE = "ak_never_to_be_seen"

ANSWERS: dict[str, Any] = {
    "well": lambda lines: answer_json({"cookies": lines, "directives": lines}),
    "with-nothing": lambda lines: answer_json({"cookies": [], "directives": []}),
    "with-an-error-that-quotes": lambda lines: answer_json(
        {"errors": [{"code": "session_revoked", "message": f"{REFRESH} {NONCE} {SECRET_KEY}"}]}, 422
    ),
    "with-a-page-that-quotes": lambda lines: Answer(500, f"<p>{REFRESH} {NONCE}".encode()),
    "not-at-all": lambda lines: Answer(200, b"", promised=100),
}


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


@pytest.mark.parametrize("answered", ANSWERS)
def test_no_secret_of_a_request_is_logged_shown_or_sent_elsewhere(
    answered: str, keys: RSAKey, clerk: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    target = Target(keys, api_url=clerk.url, accepts_token="any")
    target.app.testing = False
    fresh, expired = target.token(), target.token(exp=3, iat=2, nbf=2)
    clerk.respond = lambda call: ANSWERS[answered]([f"__session={fresh}; Path=/"])
    held = session_cookies(expired)["Cookie"]
    visits: list[tuple[str, dict[str, str]]] = [
        ("/page", {"Cookie": f"{held}; __refresh_{SUFFIX}={REFRESH}", **NAVIGATION}),
        (f"/page?__clerk_handshake_nonce={NONCE}", NAVIGATION),
        ("/page", {"Authorization": f"Bearer {OPAQUE}"}),
        ("/page", {"Authorization": f"Bearer {fresh[:-8]}AAAAAAAA"}),
        ("/nowhere", session_cookies(fresh)),
    ]
    secrets = [SECRET_KEY, REFRESH, NONCE, OPAQUE, *expired.split(".")[1:], *fresh.split(".")[1:]]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # it names each URL, by choice
        for path, headers in visits:
            answer = target.get(path, headers)
            told = [(name, value) for name, value in answer.headers if name != "Set-Cookie"]
            if answer.status_code == 307:  # a handshake takes the expired token to Clerk
                told = [(name, value) for name, value in told if name != "Location"]
            for secret in secrets:
                assert secret not in f"{answer.text}{told}", path
            with target.app.test_request_context(path, headers=headers):
                own = clerk_of(target.app)
                visit = own.visit_of(request)
                shown = f"{visit!r}{visit.state!r}{visit.context!r}{visit.auth!r}"
                shown += f"{own!r}{own.instance!r}{own.instance.config!r}{own.instance.backend!r}"
            for secret in secrets:
                assert secret not in shown, path
    assert caplog.records
    for secret in secrets:
        assert secret not in caplog.text
