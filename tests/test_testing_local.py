"""What an app's own tests get of the local Clerk: one in memory, clients, a live server."""

from __future__ import annotations

import urllib.request

import pytest
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.local import LocalClerk
from flask_clerk.testing import LiveServer
from flask_clerk.testing import LocalClient

ADA = "ada+clerk_test@example.com"


@pytest.fixture
def app(clerk_local: LocalClerk) -> Flask:
    app = Flask("tested")
    app.testing = True
    app.config["CLERK_LOCAL"] = clerk_local
    Clerk(app)

    @app.get("/who")
    @require_auth
    def who() -> str:
        return f"{g.auth.user_id} in {g.auth.org_slug}"

    return app


def test_a_client_signs_in_as_somebody(clerk_client: LocalClient, clerk_local: LocalClerk) -> None:
    ada = clerk_local.users.find(ADA)
    assert ada is not None
    assert clerk_client.get("/who").status_code == 401

    session = clerk_client.sign_in(ADA)
    assert session.user_id == ada.id
    assert clerk_client.get("/who").text == f"{ada.id} in None"

    clerk_client.sign_out()
    assert clerk_client.get("/who").status_code == 401


def test_an_organization_can_be_active(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(ADA, organization="analytical-engines")

    assert clerk_client.get("/who").text.endswith("in analytical-engines")


def test_a_session_outlives_its_token(clerk_client: LocalClient, clerk_local: LocalClerk) -> None:
    clerk_client.sign_in(ADA)
    clerk_local.clock.advance(seconds=120)

    assert clerk_client.get("/who").status_code == 200


def test_a_revoked_session_ends_with_its_token(
    clerk_client: LocalClient, clerk_local: LocalClerk
) -> None:
    session = clerk_client.sign_in(ADA)
    clerk_local.sessions.revoke(session.id)
    assert clerk_client.get("/who").status_code == 200

    clerk_local.clock.advance(seconds=120)
    assert clerk_client.get("/who").status_code == 401


def test_strangers_cannot_sign_in(clerk_client: LocalClient) -> None:
    with pytest.raises(LookupError, match="knows nobody called eve"):
        clerk_client.sign_in("eve@example.com")


def test_a_live_server_serves_the_app_to_browsers(clerk_live_server: LiveServer) -> None:
    cookies = clerk_live_server.cookies(ADA)
    header = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
    request = urllib.request.Request(f"{clerk_live_server.url}/who", headers={"Cookie": header})

    with urllib.request.urlopen(request) as answer:
        assert answer.read().startswith(b"user_")
    assert {cookie["url"] for cookie in cookies} == {clerk_live_server.url}
