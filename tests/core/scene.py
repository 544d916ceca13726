"""A Clerk instance without network, and the browsers that ask it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from typing import TypeVar
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import ClerkError
from flask_clerk.core.facts import Facts
from flask_clerk.core.facts import facts_of
from flask_clerk.core.instance import Instance
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.organizations import Target
from flask_clerk.core.organizations import no_organization
from flask_clerk.core.request import authenticate_request
from flask_clerk.core.state import RequestState
from tests.signing import Signer
from tests.signing import session_claims

_A = TypeVar("_A")

NOW = 1_800_000_000
LIVE = PublishableKey.build("clerk.example.com", "production")
TEST = PublishableKey.build("foo-bar-13.clerk.accounts.dev")
APP = "https://app.example.com"

SIGNED_IN, SIGNED_OUT, HANDSHAKE = "signed-in", "signed-out", "handshake"
SATELLITE: dict[str, Any] = {"is_satellite": True, "domain": "satellite.example"}
DEVELOPMENT_SATELLITE: dict[str, Any] = {
    **SATELLITE,
    "key": TEST,
    "sign_in_url": "https://primary.example/sign-in",
}
TEMPLATE = {"cat": "cl_B7d4PD222AAA"}
EXPIRED = "session-token-expired-refresh-"

NAVIGATION = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}


class Headers(dict[str, str]):
    """Request headers, looked up without regard to case."""

    def get(self, key: str, default: Any = None, /) -> Any:
        return {name.lower(): value for name, value in self.items()}.get(key.lower(), default)


class StubBackend:
    """Answers from memory; a ``ClerkError`` among the answers is raised."""

    def __init__(self) -> None:
        self.jwks: Mapping[str, Any] | ClerkError = {}
        self.handshake: list[str] | ClerkError = []
        self.refreshed: list[str] | ClerkError = []
        self.minted: str | ClerkError = ""
        self.revoked: ClerkError | None = None
        self.machine_tokens: dict[str, Mapping[str, Any] | ClerkError] = {}
        self.calls: list[tuple[Any, ...]] = []

    def fetch_jwks(self) -> Mapping[str, Any]:
        self.calls.append(("jwks",))
        return _answer(self.jwks)

    def fetch_handshake_cookies(self, nonce: str) -> list[str]:
        self.calls.append(("handshake", nonce))
        return _answer(self.handshake)

    def refresh_session(
        self, session_id: str, body: Mapping[str, Any], *, suffixed_cookies: bool
    ) -> list[str]:
        self.calls.append(("refresh", session_id, dict(body), suffixed_cookies))
        return _answer(self.refreshed)

    def create_token(self, session_id: str, template: str | None, expires_in: int | None) -> str:
        self.calls.append(("mint", session_id, template, expires_in))
        return _answer(self.minted)

    def revoke_session(self, session_id: str) -> None:
        self.calls.append(("revoke session", session_id))
        _answer(self.revoked)

    def revoke_user(self, user_id: str) -> None:
        self.calls.append(("revoke user", user_id))
        _answer(self.revoked)

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        self.calls.append(("verify", token_type, token))
        return _answer(self.machine_tokens.get(token, BackendAPIError("Not found.", status=404)))


def _answer(answer: _A | ClerkError) -> _A:
    if isinstance(answer, ClerkError):
        raise answer
    return answer


class Scene:
    """One instance, production unless said otherwise, at a standing clock."""

    def __init__(
        self,
        sign: Signer,
        *,
        key: PublishableKey | None = LIVE,
        organization_of: Callable[[str], Target | None] = no_organization,
        **settings: Any,
    ) -> None:
        self.sign = sign
        self.key = key
        self.now: float = NOW
        self.backend = StubBackend()
        kind = "test" if key is not None and key.is_development else "live"
        usual = {
            "publishable_key": key and key.value,
            "secret_key": f"sk_{kind}_secret",
            "jwt_key": sign.key.as_pem(private=False).decode("ascii"),
        }
        self.config = ClerkConfig.load({**usual, **settings}, {}, {})
        self.instance = Instance(
            self.config,
            lambda config: self.backend,
            clock=lambda: self.now,
            organization_of=organization_of,
        )

    def token(self, age: int = 0, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Return a session token of this instance, issued ``age`` seconds ago."""
        issuer = {"iss": self.config.instance_frontend_api}
        return self.sign(session_claims(NOW - age, **{**issuer, **claims}), header)

    def cookies(
        self, token: str | None = None, uat: int | str | None = NOW - 600
    ) -> dict[str, str]:
        """Return the cookies of a signed-in browser, without those that are ``None``."""
        found = {"__session": token, "__client_uat": uat, "__clerk_db_jwt": None}
        if self.config.is_development:
            found["__clerk_db_jwt"] = "dvb_1"
        return {name: str(value) for name, value in found.items() if value is not None}

    def suffixed(self, name: str) -> str:
        assert self.key is not None
        return f"{name}_{self.key.cookie_suffix}"

    def context(
        self,
        url: str = f"{APP}/path",
        *,
        method: str = "GET",
        cookies: Mapping[str, str] | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> AuthenticateContext:
        if not isinstance(cookies, str):
            cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
        sent = {**NAVIGATION, "Cookie": cookies, **(headers or {})}
        return AuthenticateContext(method, url, Headers(sent), self.config, self.now)

    def facts(self, url: str = f"{APP}/path", **request: Any) -> Facts | None:
        """Return what a decision about the request may be remembered by."""
        context = self.context(url, **request)
        accepts, reads_paths = self.config.accepts_token, self.instance.reads_paths
        return facts_about(context, accepts, reads_paths=reads_paths)

    def decide(
        self, url: str = f"{APP}/path", accepts: tuple[str, ...] | None = None, **request: Any
    ) -> RequestState:
        return authenticate_request(self.context(url, **request), self.instance, accepts)

    def visit(self, url: str = f"{APP}/path", **request: Any) -> RequestState:
        """Decide as an app does for one visitor after another: what is remembered counts."""
        state = self.recall(url, **request)
        if state is None:
            state = self.decide(url, **request)
            facts = self.facts(url, **request)
            if facts is not None:
                self.instance.memory.remember(facts, self.context(url, **request), state)
        return state

    def recall(self, url: str = f"{APP}/path", **request: Any) -> RequestState | None:
        """Return what is remembered of such a request, made whole with the token that it sent."""
        facts = self.facts(url, **request)
        recalled = None if facts is None else self.instance.memory.recall(facts, self.now)
        return recalled and replace(recalled[0], token=recalled[1])

    def expired(self, **claims: Any) -> str:
        return self.token(age=300, **claims)

    def refresh_cookie(self) -> dict[str, str]:
        return {self.suffixed("__refresh"): "rt_1"}

    def expired_with_refresh_cookie(self) -> dict[str, Any]:
        """Return a request whose token has expired and may be renewed."""
        return {"cookies": {**self.cookies(self.expired()), **self.refresh_cookie()}}


def facts_about(
    context: AuthenticateContext, accepts: tuple[str, ...], *, reads_paths: bool = False
) -> Facts | None:
    """Return what a decision about a request may be remembered by."""
    parts, sent = urlsplit(context.url), context.headers.get
    return facts_of(
        context.method,
        parts.query,
        sent("Authorization"),
        sent("Cookie"),
        sent("Sec-Fetch-Dest"),
        sent("Referer"),
        accepts,
        (parts.scheme, parts.netloc),
        (parts.path, sent("Accept")) if reads_paths else None,
    )


def header(state: RequestState, name: str) -> str | None:
    return next((value for found, value in state.headers if found == name), None)


def set_cookies(state: RequestState) -> list[str]:
    return [value for name, value in state.headers if name == "Set-Cookie"]


def query(url: str | None) -> dict[str, str]:
    assert url is not None
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def without_query(url: str | None) -> str:
    assert url is not None
    return url.partition("?")[0]


def acme(path: str) -> Target | None:
    return Target(organization_slug="acme") if path == "/orgs/acme" else None
