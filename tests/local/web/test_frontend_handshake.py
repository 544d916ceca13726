"""The Frontend API's half of the handshake."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk import Clerk
from flask_clerk.core.tokens import read_token
from flask_clerk.core.urls import query_of
from flask_clerk.local import LocalClerk
from tests.local.frontend_caller import Page

APP = "http://localhost:5000/profile?tab=1"


def location_of(page: Page, **query: Any) -> str:
    """Return where a handshake sends the browser."""
    page.headers = {}
    answer = page.send("GET", "/v1/client/handshake", **query)
    assert answer.status_code == 307, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    location: str = answer.headers["Location"]
    return location


def names_of(lines: list[str]) -> dict[str, str]:
    return dict(line.partition(";")[0].split("=", 1) for line in lines)


def test_nonce_brings_the_session(page: Page) -> None:
    session_id = page.sign_in()
    location = location_of(page, redirect_url=APP, format="nonce", suffixed_cookies="true")
    assert location.startswith(f"{APP}&__clerk_handshake_nonce=")
    cookies = names_of(page.clerk.handshakes.redeem(query_of(location)[-1][1]))
    claims = read_token(cookies["__session"]).payload
    assert claims["sid"] == session_id
    assert claims["azp"] == "http://localhost:5000"
    suffix = page.clerk.publishable_key.cookie_suffix
    assert cookies[f"__session_{suffix}"] == cookies["__session"]
    assert cookies[f"__clerk_db_jwt_{suffix}"] == page.dev_browser


def test_token_brings_the_same_without_a_backend_api(page: Page) -> None:
    page.sign_in()
    location = location_of(page, redirect_url=APP, suffixed_cookies="false")
    name, token = query_of(location)[-1]
    assert name == "__clerk_handshake"
    cookies = names_of(read_token(token).payload["handshake"])
    suffix = page.clerk.publishable_key.cookie_suffix
    plain = {"__session", "__client_uat", "__clerk_db_jwt"}
    assert set(cookies) == plain | {f"{name}_{suffix}" for name in (*plain, "__refresh")}


def test_stranger_comes_back_signed_out_with_a_development_browser(clerk: LocalClerk) -> None:
    page = Page(clerk)
    location = location_of(page, redirect_url=APP, format="nonce")
    cookies = names_of(clerk.handshakes.redeem(query_of(location)[-1][1]))
    assert cookies[f"__client_uat_{clerk.publishable_key.cookie_suffix}"] == "0"
    assert clerk.clients.dev_browser(cookies["__clerk_db_jwt"]) is not None


def test_old_handshakes_are_taken_from_the_address(page: Page) -> None:
    stale = f"{APP}&__clerk_handshake_nonce=old&__clerk_handshake=older"
    location = location_of(page, redirect_url=stale, format="nonce")
    assert len(query_of(location)) == 2


@pytest.mark.parametrize("organization", ["analytical-engines", "", "unknown"])
def test_organization_of_the_address_is_activated(page: Page, organization: str) -> None:
    session_id = page.sign_in()
    location_of(page, redirect_url=APP, format="nonce", organization_id=organization)
    active = page.clerk.sessions.get(session_id).last_active_organization_id
    assert bool(active) is (organization == "analytical-engines")


def test_cookies_of_an_app_on_https_are_secure(page: Page) -> None:
    location = location_of(page, redirect_url="https://localhost:5000/", format="nonce")
    lines = page.clerk.handshakes.redeem(query_of(location)[-1][1])
    assert all("Secure" in line for line in lines)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://evil.example/",
        "//evil.example/",
        "http://localhost@evil.example/",
        "http://localhost.evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "http://evil.example\\@localhost/",
        "https://[::1",
    ],
)
@pytest.mark.parametrize("path", ["/v1/client/handshake", "/v1/client/sync"])
def test_nobody_is_sent_to_another_machine(page: Page, path: str, url: str | None) -> None:
    page.sign_in()
    query = {"redirect_url": url} if url else {}
    status, code = page.refused("GET", path, None, **query)
    assert status == 422
    assert code in ("form_param_value_invalid", "form_param_missing")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://[::1]/", "/path"])
def test_this_machine_has_many_names(page: Page, url: str) -> None:
    assert location_of(page, redirect_url=url, format="nonce")


def test_configured_origin_may_be_gone_to(clerk: LocalClerk) -> None:
    allowed = ["https://satellite.example"]
    page = Page(clerk, CLERK_ALLOWED_REDIRECT_ORIGINS=allowed)
    assert location_of(page, redirect_url="https://satellite.example/x", format="nonce")


def test_origin_that_the_app_allows_may_be_gone_to(clerk: LocalClerk) -> None:
    page = Page(clerk)
    Clerk(
        page.http.application,
        publishable_key=page.clerk.publishable_key.value,
        jwt_key=page.clerk.jwt_key,
        allowed_redirect_origins=["https://satellite.example"],
    )
    assert location_of(page, redirect_url="https://satellite.example/x", format="nonce")


def test_satellite_is_answered_with_the_development_browser(page: Page) -> None:
    page.sign_in()
    page.headers = {}
    url = "http://localhost:5001/?__clerk_synced=false"
    answer = page.send("GET", "/v1/client/sync", redirect_url=url)
    assert answer.status_code == 307
    assert answer.headers["Location"] == (
        f"http://localhost:5001/?__clerk_synced=true&__clerk_db_jwt={page.dev_browser}"
    )
    page.dev_browser = None
    brought = dict(
        query_of(page.send("GET", "/v1/client/sync", redirect_url=url).headers["Location"])
    )
    browser = page.clerk.clients.dev_browser(brought["__clerk_db_jwt"])
    assert browser.client_id == page.clerk.clients.search()[0].id


def test_stranger_is_synchronised_too(clerk: LocalClerk) -> None:
    answer = Page(clerk).send("GET", "/v1/client/sync", redirect_url="http://localhost:5001/")
    assert answer.status_code == 307


def test_handshake_of_a_known_development_browser_gives_the_cookie(page: Page) -> None:
    page.sign_in()
    elsewhere = Page(page.clerk)
    elsewhere.dev_browser = page.dev_browser
    location_of(elsewhere, redirect_url=APP, format="nonce")
    elsewhere.dev_browser = None
    assert elsewhere.ask("GET", "/v1/client")["response"]["sessions"]
