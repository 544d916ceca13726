"""Clerk's own Express middleware, unmodified, believes who signed in at the local Clerk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from joserfc.jwk import RSAKey

from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from flask_clerk.core.tokens import read_token
from flask_clerk.local.model import Session
from tests.local.express_place import Browser
from tests.local.express_place import Place
from tests.local.express_place import bearer
from tests.local.express_place import running_place


@pytest.fixture(scope="module")
def place(keys: RSAKey) -> Iterator[Place]:
    with running_place(keys) as place:
        yield place


@pytest.fixture
def browser(place: Place) -> Iterator[Browser]:
    browser = Browser(place)
    yield browser
    browser.close()


def past_cookies(place: Place, seconds: int = 300) -> tuple[Session, list[str]]:
    """Return a session begun a while ago, and the cookies that an app was then given."""
    clerk = place.clerk
    clerk.clock.advance(-seconds)
    try:
        session = clerk.sessions.create(place.ada.id)
        client = clerk.clients.get(session.client_id)
        policy = clerk.handshakes.policy()
        lines = clerk.handshakes.lines(policy, client, session, place.express)
        browser = clerk.clients.create_dev_browser(session.client_id)
        return session, [*lines, *policy.dev_browser(browser.id)]
    finally:
        clerk.clock.reset()


def test_a_stranger_is_signed_out_after_one_handshake(browser: Browser) -> None:
    page = browser.visit("/me")
    assert (page.status_code, page.json()["userId"]) == (401, None)
    assert [answer.status_code for answer in page.history] == [307, 307, 307]
    assert browser.cookies[f"__client_uat_{browser.suffix}"] == "0"
    assert browser.visit("/me").history == []


def test_who_signed_in_is_known_after_one_handshake(place: Place, browser: Browser) -> None:
    session = browser.sign_in()
    page = browser.visit("/me")
    assert [answer.status_code for answer in page.history] == [307, 307, 307]
    assert "__clerk_handshake_nonce=" in page.history[1].headers["Location"]
    assert page.url == f"{place.express}/me"
    assert (page.status_code, page.json()["userId"]) == (200, place.ada.id)
    assert page.json()["sessionId"] == session.id
    again = browser.fetch("/me")
    assert (again.status_code, again.json()) == (200, page.json())


def test_signing_in_later_is_noticed_by_a_navigation(place: Place, browser: Browser) -> None:
    assert browser.visit("/me").status_code == 401
    session = browser.sign_in()
    # clerk-js writes this cookie when somebody signs in.
    suffix = place.clerk.publishable_key.cookie_suffix
    now = place.clerk.now // 1000
    browser.take([f"__client_uat={now}", f"__client_uat_{suffix}={now}"])
    page = browser.visit("/me")
    assert (page.status_code, page.json()["sessionId"]) == (200, session.id)


def test_organization_roles_and_permissions_are_read(place: Place, browser: Browser) -> None:
    session = browser.sign_in()
    place.clerk.sessions.set_organization(session.id, place.engines.id)
    page = browser.visit("/me").json()
    assert (page["orgId"], page["orgSlug"]) == (place.engines.id, "analytical-engines")
    assert page["orgRole"] == "org:admin"
    for query, answer in (
        ({"permission": "org:invoices:manage"}, True),
        ({"permission": "org:invoices:read"}, False),
        ({"role": "org:admin"}, True),
        ({"role": "org:member"}, False),
        ({"feature": "org:invoices"}, True),
        ({"feature": "org:reports"}, False),
    ):
        assert browser.fetch("/has", **query).json() == {"has": answer}, query


def test_a_template_token_is_minted_and_is_no_session(place: Place, browser: Browser) -> None:
    session = browser.sign_in()
    browser.visit("/me")
    jwt = browser.fetch("/token", template="api").json()["jwt"]
    unverified = read_token(jwt)
    assert unverified.header["cat"] == CATEGORY_TEMPLATE
    assert (unverified.payload["aud"], unverified.payload["who"]) == ("api", "Ada Lovelace")
    own = place.clerk.minting.session_token(session, origin=place.express)
    for url in (place.express, place.flask):
        believed = requests.get(f"{url}/me", headers=bearer(own), timeout=10)
        assert believed.json()["userId"] == place.ada.id
        refused = requests.get(f"{url}/me", headers=bearer(jwt), timeout=10)
        assert refused.json()["userId"] is None
    unknown = browser.fetch("/token", template="unknown")
    assert (unknown.status_code, unknown.json()["status"]) == (500, 404)
    assert unknown.json()["codes"] == ["resource_not_found"]


def test_a_user_is_got(place: Place, browser: Browser) -> None:
    browser.sign_in()
    browser.visit("/me")
    user = browser.fetch("/user").json()
    assert user == place.clerk.resources.user(place.clerk.users.get(place.ada.id), is_private=True)


def test_an_expired_token_is_refreshed_without_a_redirect(place: Place, browser: Browser) -> None:
    session, lines = past_cookies(place)
    browser.take(lines)
    before = browser.cookies["__session"]
    page = browser.visit("/me")
    assert page.history == []
    assert (page.status_code, page.json()["sessionId"]) == (200, session.id)
    renewed = read_token(browser.cookies["__session"]).payload
    assert renewed["exp"] > read_token(before).payload["exp"]
    assert renewed["azp"] == place.express


def test_a_revoked_session_ends_with_its_token(place: Place, browser: Browser) -> None:
    session, lines = past_cookies(place)
    browser.take(lines)
    place.clerk.sessions.revoke(session.id)
    page = browser.visit("/me")
    assert (page.status_code, page.json()["userId"]) == (401, None)
    assert "refresh-" in page.history[0].headers["Location"]
    assert browser.cookies[f"__client_uat_{browser.suffix}"] == "0"


@pytest.mark.parametrize("status", [429, 500])
def test_a_backend_that_fails_once_costs_a_handshake(
    place: Place, browser: Browser, status: int
) -> None:
    session, lines = past_cookies(place)
    browser.take(lines)
    place.clerk.faults.fail("backend", status, times=1, retry_after=1)
    page = browser.visit("/me")
    assert (page.status_code, page.json()["sessionId"]) == (200, session.id)
    assert len(page.history) == 3


def test_an_impersonator_is_seen(place: Place, browser: Browser) -> None:
    session = place.clerk.sessions.create(place.ada.id, actor={"sub": "user_support"})
    token = place.clerk.minting.session_token(session, origin=place.express)
    answer = requests.get(f"{place.express}/me", headers=bearer(token), timeout=10)
    assert answer.json()["actor"] == {"sub": "user_support"}


def test_machine_tokens_are_verified(place: Place) -> None:
    machines = place.clerk.machines
    peer = machines.create("peer")
    worker = machines.create("worker", scoped_machine_ids=[peer.id])
    api_key = machines.create_api_key(place.ada.id, "key", scopes=["read"])
    oauth = machines.create_oauth_token(place.ada.id, client_id="client_1", scopes=["email"])
    opaque = machines.create_m2m_token(worker.id, claims={"job": 1})
    jwt = machines.create_m2m_jwt(worker.id, claims={"job": 1})
    for token, subject, scopes in (
        (api_key.secret, place.ada.id, ["read"]),
        (oauth.secret, place.ada.id, ["email"]),
        (opaque.secret, worker.id, [peer.id]),
        (jwt, worker.id, [peer.id]),
    ):
        answer = requests.get(f"{place.express}/machine", headers=bearer(token), timeout=10)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["subject"], answer.json()["scopes"]) == (subject, scopes)
    machines.revoke(api_key.record.id)
    answer = requests.get(f"{place.express}/machine", headers=bearer(api_key.secret), timeout=10)
    assert answer.status_code == 401
