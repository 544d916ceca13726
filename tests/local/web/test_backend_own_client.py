"""This package's own client and the local Clerk's Backend API, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator

import pytest
from flask import Flask
from flask import g

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk.api import BackendAPI
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.backend_caller import make_backend_app
from tests.local.live import serving

ORIGIN = "http://localhost:5000"


@pytest.fixture
def url(clerk: LocalClerk) -> Iterator[str]:
    with serving(make_backend_app(clerk)) as url:
        yield f"{url}/__clerk/api"


@pytest.fixture
def api(clerk: LocalClerk, url: str) -> BackendAPI:
    return BackendAPI(
        ClerkConfig.load({"secret_key": clerk.secret_key.value, "api_url": url}, {}, {})
    )


def cookies_of(clerk: LocalClerk, session: Session) -> dict[str, str]:
    client = clerk.clients.get(session.client_id)
    lines = clerk.handshakes.lines(clerk.handshakes.policy(), client, session, ORIGIN)
    return dict(line.partition(";")[0].split("=", 1) for line in lines)


def test_keys(api: BackendAPI, clerk: LocalClerk) -> None:
    assert api.fetch_jwks() == clerk.jwks()


def test_a_handshake_is_redeemed_once(api: BackendAPI, clerk: LocalClerk) -> None:
    handshake = clerk.handshakes.begin(clerk.handshakes.policy())
    nonce = handshake.parameter[1]
    assert api.fetch_handshake_cookies(nonce) == list(handshake.lines)
    with pytest.raises(BackendAPIError) as caught:
        api.fetch_handshake_cookies(nonce)
    assert (caught.value.status, caught.value.codes) == (404, ("resource_not_found",))


@pytest.mark.parametrize("suffixed", [True, False])
def test_an_expired_token_is_refreshed(
    api: BackendAPI, clerk: LocalClerk, session: Session, suffixed: bool
) -> None:
    cookies = cookies_of(clerk, session)
    (refresh_token,) = (value for name, value in cookies.items() if "refresh" in name)
    body = {
        "format": "cookie",
        "expired_token": cookies["__session"],
        "refresh_token": refresh_token,
        "request_origin": ORIGIN,
        "request_headers": {"user-agent": ["Werkzeug"]},
    }
    clerk.clock.advance(seconds=61)
    lines = api.refresh_session(session.id, body, suffixed_cookies=suffixed)
    suffix = clerk.publishable_key.cookie_suffix
    names = ["__session", f"__session_{suffix}"] if suffixed else ["__session"]
    assert [line.partition("=")[0] for line in lines] == names
    clerk.sessions.revoke(session.id)
    with pytest.raises(BackendAPIError) as caught:
        api.refresh_session(session.id, body, suffixed_cookies=suffixed)
    assert (caught.value.status, caught.value.codes) == (401, ("refresh_token_not_found",))


def test_tokens_are_minted_and_a_session_revoked(
    api: BackendAPI, clerk: LocalClerk, session: Session
) -> None:
    clerk.templates.create({"name": "api", "claims": {"aud": "api"}})
    assert read_token(api.create_token(session.id, None, None)).payload["sid"] == session.id
    claims = read_token(api.create_token(session.id, "api", 90)).payload
    assert (claims["aud"], claims["exp"] - claims["iat"]) == ("api", 90)
    api.revoke_session(session.id)
    assert clerk.sessions.get(session.id).status == "revoked"


def test_every_session_of_a_user_is_revoked(
    api: BackendAPI, clerk: LocalClerk, session: Session
) -> None:
    other = clerk.sessions.create(session.user_id)
    api.revoke_user(session.user_id)
    assert {clerk.sessions.get(each.id).status for each in (session, other)} == {"revoked"}


def test_any_call_can_be_made(api: BackendAPI, ada: User) -> None:
    user = api.client.request(
        "PATCH", f"/users/{ada.id}/metadata", body={"public_metadata": {"role": "owner"}}
    )
    assert user["public_metadata"] == {"role": "owner"}
    found = api.client.request("GET", "/users", query={"query": "love", "limit": 1})
    assert [each["id"] for each in found] == [ada.id]


@pytest.mark.parametrize(
    "fail",
    [
        lambda clerk: clerk.faults.fail("backend", 503, times=1),
        lambda clerk: clerk.faults.limit("backend", retry_after=1, times=1),
    ],
    ids=["503", "429"],
)
def test_a_fault_is_waited_for(
    api: BackendAPI, clerk: LocalClerk, fail: Callable[[LocalClerk], None]
) -> None:
    fail(clerk)
    assert api.fetch_jwks() == clerk.jwks()


def test_a_longer_pause_is_told_to_the_caller(api: BackendAPI, clerk: LocalClerk) -> None:
    clerk.faults.limit("backend", retry_after=30)
    with pytest.raises(BackendAPIError) as caught:
        api.fetch_jwks()
    assert (caught.value.status, caught.value.retry_after) == (429, 30)


def test_an_app_elsewhere_trusts_the_instance(
    clerk: LocalClerk, url: str, session: Session
) -> None:
    app = Flask("elsewhere", static_folder=None)
    Clerk(
        app,
        secret_key=clerk.secret_key.value,
        publishable_key=clerk.publishable_key.value,
        api_url=url,
    )
    app.add_url_rule("/me", view_func=lambda: {"user": g.auth.user_id})
    clerk.templates.create({"name": "api", "claims": {"aud": "api"}})
    token = clerk.minting.session_token(session, origin=ORIGIN)
    of_template = clerk.minting.template_token(session, "api", origin=ORIGIN)
    for value, user_id in ((token, session.user_id), (of_template, None)):
        headers = {"Authorization": f"Bearer {value}"}
        assert app.test_client().get("/me", headers=headers).json == {"user": user_id}
