"""Text of strangers on its way into our answers' headers: reasons, URLs, cookies, over the wire."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.testing import LiveServer
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.loopback import Loopback
from tests.loopback import answer_json

SPLIT = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>"
PATHS = [
    "/page?next=%0d%0aSet-Cookie:%20evil=1",
    "/page%0d%0aSet-Cookie:%20evil=1",
    "/%0aX-Injected:%20yes/page",
    "/page?__clerk_handshake=%0d%0aX-Injected:%20yes",
    "/page?__clerk_handshake_nonce=%0d%0aX-Injected:%20yes",
    "/page?__clerk_db_jwt=%0d%0aX-Injected:%20yes",
    "/page?__clerk_synced=%0d%0aX-Injected:%20yes",
    "/page?redirect_url=%0d%0aX-Injected:%20yes",
    "/page?%0d%0aX-Injected:%20yes=1",
    "/page?a=%E5%98%8A%E5%98%8DX-Injected:%20yes",
    "/page?a=\u560a\u560dX-Injected:",
]


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


@pytest.fixture
def live(keys: RSAKey, clerk: Loopback) -> Iterator[LiveServer]:
    """Serve the app for real, since a test client would pass over what a browser sees."""
    target = Target(keys, redirect_to_sign_in=True, api_url=clerk.url)
    with LiveServer(target.app, host="127.0.0.1") as server:
        yield server


def exchange(server: LiveServer, path: str, *headers: str) -> list[str]:
    """Send a navigation as raw bytes and return the lines of the answer's head."""
    address = urlsplit(server.url)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {address.netloc}",
        "Connection: close",
        "Accept: text/html",
        "Sec-Fetch-Dest: document",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", address.port or 0), timeout=30) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    head: str = received.partition(b"\r\n\r\n")[0].decode("latin-1")
    return head.split("\r\n")


def assert_unsplit(lines: list[str]) -> None:
    names = [line.partition(":")[0].lower() for line in lines[1:]]
    assert "x-injected" not in names
    assert not any(line.lower().startswith("set-cookie: evil") for line in lines)
    assert all(line.isascii() and line.isprintable() for line in lines)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "cookie", ["", "Cookie: __client_uat=1", "Cookie: __session=nonsense; __client_uat=1"]
)
def test_no_url_splits_a_redirect(path: str, cookie: str, live: LiveServer) -> None:
    lines = exchange(live, path, *([cookie] if cookie else []))
    assert lines[0].split()[1] in {"302", "307", "404"}
    assert_unsplit(lines)


@pytest.mark.parametrize(
    "code",
    [SPLIT, "a\nb", "a\x00b", "caf\u00e9", "a b", "a;b", "x" * 65, "", "\u2028"],
    ids=repr,
)
def test_no_error_code_of_the_backend_splits_a_reason(
    code: str, keys: RSAKey, clerk: Loopback, live: LiveServer
) -> None:
    clerk.respond = lambda call: answer_json({"errors": [{"code": code}]}, 422)
    expired = Target(keys).token(exp=3, iat=2, nbf=2)
    held = f"Cookie: {session_cookies(expired)['Cookie']}; __refresh_{SUFFIX}=rt_1"
    lines = exchange(live, "/page", held)
    assert clerk.calls[-1].path == "/v1/sessions/sess_1/refresh"
    assert_unsplit(lines)
    [reason] = [line for line in lines if line.startswith("X-Clerk-Auth-Reason")]
    assert reason.endswith("-refresh-unexpected-bapi-error")


def test_a_code_of_clerks_own_is_passed_on(keys: RSAKey, clerk: Loopback, live: LiveServer) -> None:
    clerk.respond = lambda call: answer_json({"errors": [{"code": "session_revoked"}]}, 422)
    expired = Target(keys).token(exp=3, iat=2, nbf=2)
    held = f"Cookie: {session_cookies(expired)['Cookie']}; __refresh_{SUFFIX}=rt_1"
    assert "X-Clerk-Auth-Reason: session-token-expired-refresh-session_revoked" in exchange(
        live, "/page", held
    )


@pytest.mark.parametrize("name", ["sub", "sid", "azp", "iss", "sts", "kid", "jti"])
def test_no_claim_of_a_refused_token_is_told(name: str, target: Target) -> None:
    """Nor one of an accepted token, though the instance signed it."""
    claims: dict[str, Any] = {name: SPLIT}
    spoilt = target.token(**claims, exp=int(time.time()) - 3600)
    for path in ("/open", "/page"):
        answer = target.get(path, {"Authorization": f"Bearer {spoilt}"})
        assert "evil" not in f"{answer.headers}{answer.text}"
    accepted = target.get("/open", {"Authorization": f"Bearer {target.token(**claims)}"})
    assert "evil" not in str(accepted.headers)
