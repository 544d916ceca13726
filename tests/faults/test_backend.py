"""Clerk's Backend API out of reach in every way: who is known stays, nobody new comes in."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.api import BackendAPI
from flask_clerk.api import Client
from flask_clerk.api import client as client_module
from flask_clerk.core.constants import Reason
from flask_clerk.core.instance import Instance
from flask_clerk.extension import connect
from flask_clerk.globals import clerk_of
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.faults.outages import OUTAGES
from tests.faults.outages import outage
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.signing import MovableClock

#: Seconds that the tests are patient for, instead of the real ones.
SHORT = 0.3


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (SHORT, SHORT))


def expired(target: Target) -> dict[str, str]:
    """Return the headers of a navigation whose session is to be renewed."""
    held = session_cookies(target.token(exp=3, iat=2, nbf=2))["Cookie"]
    return {"Cookie": f"{held}; __refresh_{SUFFIX}=rt_1", **NAVIGATION}


@pytest.mark.parametrize("name", OUTAGES)
def test_nobody_comes_in_while_the_keys_cannot_be_had(
    name: str, keys: RSAKey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with outage(name, tmp_path) as (url, calls):
        target = Target(keys, jwt_key=None, api_url=url)
        target.assert_refused(target.token(), Reason.JWK_FAILED_TO_LOAD)
        target.assert_refused(session_cookies(target.token()), Reason.JWK_FAILED_TO_LOAD)
        assert target.get("/open").text == "nobody"
        # Not every request asks again: two tries in a row at most, of three calls each.
        assert len(calls) <= 6
    assert "could not be loaded" in caplog.text
    assert "sk_live" not in caplog.text
    assert target.token().split(".")[1] not in caplog.text


@pytest.mark.parametrize("name", OUTAGES)
def test_who_is_known_stays_signed_in_for_an_hour(name: str, keys: RSAKey, tmp_path: Path) -> None:
    published = {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    clerk = Loopback()
    clerk.respond = lambda call: answer_json(published)
    clock = MovableClock(time.time())
    with clerk.running(), outage(name, tmp_path) as (url, _):
        target = Target(keys, jwt_key=None, api_url=clerk.url)
        known = clerk_of(target.app)
        known.instance = Instance(known.instance.config, connect, clock=clock)
        long = int(clock.now) + 86_400
        target.assert_signed_in(target.token(exp=long))
        broken = dataclasses.replace(known.instance.config, api_url=url)
        assert isinstance(known.instance.backend, BackendAPI)
        known.instance.backend.client = Client(broken, sleep=lambda seconds: None)
        for _ in range(4):
            clock.advance(900)
            target.assert_signed_in(target.token(exp=long))
            target.assert_signed_in(session_cookies(target.token(exp=long, sub="user_2")), "user_2")
        clock.advance(600)
        target.assert_refused(target.token(exp=long), Reason.JWK_FAILED_TO_LOAD)


@pytest.mark.parametrize("name", OUTAGES)
def test_a_session_that_cannot_be_renewed_goes_through_a_handshake(
    name: str, keys: RSAKey, tmp_path: Path
) -> None:
    with outage(name, tmp_path) as (url, calls):
        target = Target(keys, api_url=url)
        answer = target.get("/page", expired(target))
        assert answer.status_code == 307
        assert answer.headers["Location"].startswith("https://clerk.example.com/v1/client/")
        assert answer.headers["X-Clerk-Auth-Reason"].startswith("session-token-expired-refresh-")
        assert len(calls) <= 1  # a POST is not made again
        target.assert_signed_in(target.token())


@pytest.mark.parametrize("name", OUTAGES)
def test_a_nonce_that_cannot_be_redeemed_signs_nobody_in(
    name: str, keys: RSAKey, tmp_path: Path
) -> None:
    with outage(name, tmp_path) as (url, calls):
        target = Target(keys, api_url=url)
        answer = target.get("/open?__clerk_handshake_nonce=n1", NAVIGATION)
        assert (answer.status_code, answer.text) == (200, "nobody")
        assert answer.headers["X-Clerk-Auth-Reason"] == Reason.SESSION_TOKEN_MISSING
        assert "Set-Cookie" not in answer.headers
        assert len(calls) <= 1


def test_when_clerk_is_back_people_come_in_again(keys: RSAKey) -> None:
    published = {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    clerk = Loopback()
    clerk.respond = lambda call: answer_json({}, 503)
    clock = MovableClock(time.time())
    with clerk.running():
        target = Target(keys, jwt_key=None, api_url=clerk.url)
        known = clerk_of(target.app)
        known.instance = Instance(known.instance.config, connect, clock=clock)
        for _ in range(4):
            target.assert_refused(target.token(), Reason.JWK_FAILED_TO_LOAD)
            clock.advance(30)
        clerk.respond = lambda call: answer_json(published)
        target.assert_signed_in(target.token(exp=int(clock.now) + 60))
