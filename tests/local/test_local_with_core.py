"""The decision of ``flask_clerk.core`` about what the instance hands out, without HTTP between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Status
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.instance import Instance
from flask_clerk.core.request import authenticate_request
from flask_clerk.local import LocalClerk
from flask_clerk.local import LocalClerkError

APP = "http://localhost:5000"


class Direct:
    """The Backend API without HTTP."""

    def __init__(self, clerk: LocalClerk) -> None:
        self.clerk = clerk

    def fetch_jwks(self) -> Mapping[str, Any]:
        return self.clerk.jwks()

    def fetch_handshake_cookies(self, nonce: str) -> list[str]:
        return self.clerk.handshakes.redeem(nonce)

    def refresh_session(
        self, session_id: str, body: Mapping[str, Any], *, suffixed_cookies: bool
    ) -> list[str]:
        names = ("expired_token", "refresh_token", "request_origin")
        try:
            token = self.clerk.handshakes.refresh(
                session_id, **{name: body[name] for name in names}
            )
        except LocalClerkError as error:
            raise BackendAPIError(error.message, status=401, codes=(error.code,)) from error
        return self.clerk.handshakes.policy().renewed(token, is_suffixed=suffixed_cookies)

    def create_token(self, session_id: str, template: str | None, expires_in: int | None) -> str:
        raise NotImplementedError

    def revoke_session(self, session_id: str) -> None:
        raise NotImplementedError

    def revoke_user(self, user_id: str) -> None:
        raise NotImplementedError

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        raise NotImplementedError


class Headers(dict[str, str]):
    pass


class Browser:
    """A browser whose ``__client`` cookie reaches the Frontend API."""

    def __init__(self, clerk: LocalClerk, client_id: str) -> None:
        self.clerk = clerk
        self.client_id = client_id
        self.jar: dict[str, str] = {}
        settings = {
            "publishable_key": clerk.publishable_key.value,
            "secret_key": clerk.secret_key.value,
            "authorized_parties": APP,
        }
        self.config = ClerkConfig.load(settings, {}, {})
        self.instance = Instance(self.config, lambda config: Direct(clerk), clock=clerk.clock)

    def get(self, url: str = f"{APP}/profile"):
        headers = Headers({"Sec-Fetch-Dest": "document", "Accept": "text/html"})
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        context = AuthenticateContext("GET", url, headers, self.config, self.clerk.clock())
        state = authenticate_request(context, self.instance)
        for name, line in state.headers:
            if name == "Set-Cookie" and "redirect_count" not in line:
                cookie, _, value = line.partition(";")[0].partition("=")
                self.jar.pop(cookie, None)
                if value:
                    self.jar[cookie] = value
        return state

    def visit(self):
        """Follow the handshake, there and back."""
        state = self.get()
        if state.status == Status.HANDSHAKE:
            location = next(value for name, value in state.headers if name == "Location")
            query = parse_qs(urlsplit(location).query)
            client = self.clerk.clients.get(self.client_id)
            assert client is not None
            shake = self.clerk.handshakes.begin(
                self.clerk.handshakes.policy(),
                cookie=self.clerk.clients.cookie(client),
                dev_browser=query.get("__clerk_db_jwt", [None])[0],
                origin=APP,
                with_nonce=query.get("format") == ["nonce"],
            )
            self.get(f"{APP}/profile?{shake.parameter[0]}={shake.parameter[1]}")
            state = self.get()
        return state


@pytest.fixture
def browser(clerk, session):
    return Browser(clerk, session.client_id)


def test_a_browser_is_signed_in_by_handshake_and_stays_so_by_refresh(clerk, browser, session):
    state = browser.visit()
    assert state.to_auth().session_id == session.id
    clerk.clock.advance(100)
    state = browser.get()
    assert state.to_auth().session_id == session.id
    assert any("__session=" in value for name, value in state.headers if name == "Set-Cookie")


@pytest.mark.parametrize("finish", ["revoke", "remove", "end"])
def test_a_session_that_is_over_signs_its_browser_out(clerk, browser, session, finish):
    browser.visit()
    getattr(clerk.sessions, finish)(session.id)
    clerk.clock.advance(100)
    assert browser.visit().status == Status.SIGNED_OUT


def test_inactivity_signs_a_browser_out(clerk, browser):
    clerk.update_settings(inactivity_timeout=600)
    browser.visit()
    clerk.clock.advance(500)
    assert browser.visit().status == Status.SIGNED_IN
    clerk.clock.advance(700)
    assert browser.visit().status == Status.SIGNED_OUT


def test_a_template_token_is_no_session(clerk, browser, session):
    browser.visit()
    clerk.templates.create({"name": "api", "claims": {}})
    token = clerk.minting.template_token(session, "api", origin=APP)
    held = [name for name in browser.jar if name.startswith("__session")]
    assert len(held) == 2
    browser.jar.update(dict.fromkeys(held, token))
    assert browser.get().status == Status.SIGNED_OUT
