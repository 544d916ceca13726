"""The Frontend API proxy, between real HTTP clients and a real upstream on loopback."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask import request
from flask import session
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client as WSGIClient
from werkzeug.test import EnvironBuilder
from werkzeug.test import run_wsgi_app

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import frontend_api_proxy
from flask_clerk.api import frontend_api
from flask_clerk.core.keys import PublishableKey
from flask_clerk.local import LocalClerk
from tests.faults.places import in_drops
from tests.faults.places import place
from tests.local.live import serving
from tests.loopback import in_a_thread

SECRET = "sk_live_do_not_tell_anybody"
KEY = PublishableKey.build("clerk.example.com", "production").value
NAVIGATION = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}

Respond = Callable[[BaseHTTPRequestHandler], object]
#: What is sent of a body, and what happens between.
Part = bytes | Callable[[], object]


@dataclass(frozen=True)
class Arrived:
    """A request as the upstream got it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        values = [value for found, value in self.headers if found.lower() == name.lower()]
        assert len(values) < 2, values
        return values[0] if values else None


class Upstream:
    """Stands for ``frontend-api.clerk.dev``."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.respond: Respond = answer()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Keep quiet."""

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = [(name, value) for name, value in self.headers.items()]
                upstream.arrived.append(Arrived(self.command, self.path, headers, body))
                upstream.respond(self)

            do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815
            do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Pass over callers that hang up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Upstream]:
        with in_a_thread(self._server):
            yield self


def answer(status: int = 200, body: bytes = b"{}", *headers: tuple[str, str]) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        if status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return respond


@pytest.fixture(scope="module")
def shared() -> Iterator[Upstream]:
    with pytest.MonkeyPatch.context() as patch, Upstream().running() as running:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield running


@pytest.fixture
def upstream(shared: Upstream) -> Upstream:
    shared.arrived.clear()
    shared.respond = answer()
    return shared


def make_app(upstream_url: str, **settings: Any) -> Flask:
    app = Flask("proxied", static_folder=None)
    app.secret_key = "x" * 32
    usual = {
        "publishable_key": KEY,
        "secret_key": SECRET,
        "frontend_api": upstream_url,
        "proxy_url": "/__clerk",
        "require_auth": True,
        "redirect_to_sign_in": True,
    }
    clerk = Clerk(app, **{**usual, **settings})
    app.register_blueprint(clerk.frontend_api_proxy())
    return app


@pytest.fixture
def app(upstream: Upstream) -> Flask:
    return make_app(upstream.url)


@pytest.fixture
def browser(app: Flask) -> WSGIClient:
    return WSGIClient(app, use_cookies=False)


@pytest.fixture
def live(app: Flask) -> Iterator[http.client.HTTPConnection]:
    """Return a connection to the app on a port."""
    with serving(app) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        yield connection
        connection.close()


# --- there -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_arrives_with_path_query_and_body(
    method: str, browser: WSGIClient, upstream: Upstream
) -> None:
    body = b"" if method in ("GET", "HEAD") else b"identifier=ada%40b.example&x=\xff"
    content_type = "application/x-www-form-urlencoded"
    response = browser.open(
        "/__clerk/v1/client/sign_ins/sia_1?_method=PATCH&a=%20%2F&b=%C3%BC;c",
        method=method,
        data=body,
        content_type=content_type,
    )
    assert response.status_code == 200
    [arrived] = upstream.arrived
    assert (arrived.method, arrived.body) == (method, body)
    assert arrived.target == "/v1/client/sign_ins/sia_1?_method=PATCH&a=%20%2F&b=%C3%BC;c"
    assert arrived["Content-Type"] == content_type
    if body:
        assert arrived["Content-Length"] == str(len(body))
        assert arrived["Transfer-Encoding"] is None


def test_clerk_is_told_who_it_is_that_asks(browser: WSGIClient, upstream: Upstream) -> None:
    browser.get(
        "/__clerk/v1/client",
        base_url="https://app.example.com",
        environ_overrides={"REMOTE_ADDR": "203.0.113.7"},
        headers={"Origin": "https://app.example.com", "User-Agent": "Firefox", "X-Own": "1"},
    )
    [arrived] = upstream.arrived
    assert arrived["Clerk-Proxy-Url"] == "https://app.example.com/__clerk"
    assert arrived["Clerk-Secret-Key"] == SECRET
    assert arrived["X-Forwarded-For"] == "203.0.113.7"
    assert arrived["X-Forwarded-Host"] == "app.example.com"
    assert arrived["X-Forwarded-Proto"] == "https"
    assert arrived["Host"] == urlsplit(upstream.url).netloc
    assert arrived["Origin"] == "https://app.example.com"
    assert (arrived["User-Agent"], arrived["X-Own"]) == ("Firefox", "1")


def test_a_proxy_url_with_a_host_is_not_the_requests_to_change(upstream: Upstream) -> None:
    app = make_app(upstream.url, proxy_url="https://app.example.com/__clerk")
    WSGIClient(app).get("/__clerk/v1/client", base_url="https://evil.example")
    assert upstream.arrived[0]["Clerk-Proxy-Url"] == "https://app.example.com/__clerk"


FORGED = {
    "X-Forwarded-For": "198.51.100.1", "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http", "X-Forwarded-Port": "1", "Forwarded": "for=198.51.100.1",
    "X-Real-Ip": "198.51.100.1", "CF-Connecting-IP": "198.51.100.1",
    "True-Client-IP": "198.51.100.1", "Clerk-Proxy-Url": "https://evil.example",
    "Clerk-Secret-Key": "sk_live_of_eve",
}  # fmt: skip


def test_what_a_visitor_says_of_its_origin_goes_no_further(
    browser: WSGIClient, upstream: Upstream
) -> None:
    browser.get(
        "/__clerk/v1/client",
        headers=FORGED,
        base_url="https://app.example.com",
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    )
    [arrived] = upstream.arrived
    sent = " ".join(value for _, value in arrived.headers)
    assert "198.51.100.1" not in sent
    assert "evil" not in sent
    assert arrived["Clerk-Secret-Key"] == SECRET
    assert arrived["X-Forwarded-For"] == "127.0.0.1"


def test_what_proxyfix_believes_is_handed_on(app: Flask, upstream: Upstream) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    WSGIClient(app).get(
        "/__clerk/v1/client", headers={**headers, "X-Forwarded-Host": "app.example.com"}
    )
    [arrived] = upstream.arrived
    assert arrived["X-Forwarded-For"] == "203.0.113.7"
    assert arrived["Clerk-Proxy-Url"] == "https://app.example.com/__clerk"


def test_headers_of_one_hop_stay_behind(
    live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    live.putrequest("GET", "/__clerk/v1/client")
    for name, value in (
        ("Connection", "keep-alive, X-Hop"), ("Connection", "x-other"), ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"), ("Upgrade", "h2c"), ("Proxy-Authorization", "Basic eA=="),
        ("Proxy-Connection", "keep-alive"), ("X-Hop", "1"), ("X-Other", "1"), ("X-Kept", "1"),
        ("Expect", "nothing"),
    ):  # fmt: skip
        live.putheader(name, value)
    live.endheaders()
    assert live.getresponse().status == 200
    [arrived] = upstream.arrived
    for name in (
        "Keep-Alive", "TE", "Upgrade", "Proxy-Authorization", "Proxy-Connection", "X-Hop",
        "X-Other", "Expect", "Connection",
    ):  # fmt: skip
        assert arrived[name] is None, name
    assert arrived["X-Kept"] == "1"


def test_cookies_go_along_but_flasks_own_session_does_not(
    browser: WSGIClient, upstream: Upstream
) -> None:
    browser.get(
        "/__clerk/v1/client", headers={"Cookie": "__client=a.b; session=ours; __client_uat=1; s=2"}
    )
    browser.get("/__clerk/v1/client", headers={"Cookie": "session=ours"})
    assert [arrived["Cookie"] for arrived in upstream.arrived] == [
        "__client=a.b; __client_uat=1; s=2",
        None,
    ]


def test_a_visitors_authorization_is_handed_on_whatever_the_netrc_says(
    browser: WSGIClient, upstream: Upstream, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password x\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    browser.get("/__clerk/v1/client")
    browser.get("/__clerk/v1/client", headers={"Authorization": "Bearer t"})
    assert [arrived["Authorization"] for arrived in upstream.arrived] == [None, "Bearer t"]


# --- nowhere else ----------------------------------------------------------------------------

PATHS = {
    "//evil.example/v1": "/evil.example/v1",
    "/http://evil.example/": "/http://evil.example/",
    "/@evil.example/": "/@evil.example/",
    "/%40evil.example": "/@evil.example",
    "/v1%3Fa=b": "/v1%3Fa=b",
    "/v1%23a": "/v1%23a",
    "/a%5Cb": "/a%5Cb",
    "/%C3%BC": "/%C3%BC",
    "/%FF": "/%EF%BF%BD",
    "/...": "/...",
    "": "/",
}


@pytest.mark.parametrize(("asked", "sent"), PATHS.items(), ids=repr)
def test_no_path_leaves_the_frontend_api(
    asked: str, sent: str, live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    target = f"/__clerk{asked}"
    for _ in range(3):  # Werkzeug redirects to one slash where there are two
        live.putrequest("GET", target)
        live.endheaders()
        response = live.getresponse()
        response.read()
        if response.status != 308:
            break
        target = urlsplit(response.headers["Location"])._replace(scheme="", netloc="").geturl()
        live.close()
    assert response.status == 200
    [arrived] = upstream.arrived
    assert arrived.target == sent
    assert arrived["Host"] == urlsplit(upstream.url).netloc


def test_a_line_break_in_a_path_leads_nowhere(
    live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    live.putrequest("GET", "/__clerk/a%0D%0AX-Evil:%201")
    live.endheaders()
    assert live.getresponse().status == 404
    assert upstream.arrived == []


@pytest.mark.parametrize("path", ["/..", "/v1/../../admin", "/v1/%2e%2e/x", "/.", "/v1/%2E/x"])
def test_a_path_that_leads_upwards_is_refused(
    path: str, live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    live.putrequest("GET", f"/__clerk{path}")
    live.endheaders()
    response = live.getresponse()
    assert response.status == 400
    [error] = json.loads(response.read())["errors"]
    assert error["code"] == "proxy_request_failed"
    assert upstream.arrived == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_the_browsers_to_follow(
    status: int, browser: WSGIClient, upstream: Upstream
) -> None:
    """The secret key would travel along."""
    with Upstream().running() as elsewhere:
        upstream.respond = answer(status, b"", ("Location", f"{elsewhere.url}/x?a=b"))
        response = browser.get("/__clerk/v1/oauth_callback")
        assert (response.status_code, response.location) == (status, f"{elsewhere.url}/x?a=b")
        assert elsewhere.arrived == []


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v1/verify?a=b#c", "https://app.example.com/__clerk/v1/verify?a=b#c"),
        ("{upstream}/v1/verify?a=b", "https://app.example.com/__clerk/v1/verify?a=b"),
        ("https://accounts.google.com/o?a=b", "https://accounts.google.com/o?a=b"),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x"),
        ("{upstream}@evil.example/x", "{upstream}@evil.example/x"),
        ("//evil.example/x", "//evil.example/x"),
    ],
)
def test_a_redirect_within_the_frontend_api_stays_behind_the_proxy(
    location: str, expected: str, browser: WSGIClient, upstream: Upstream
) -> None:
    location, expected = (text.replace("{upstream}", upstream.url) for text in (location, expected))
    upstream.respond = answer(302, b"", ("Location", location))
    response = browser.get("/__clerk/v1/verify", base_url="https://app.example.com")
    assert response.headers["Location"] == expected


# --- and back --------------------------------------------------------------------------------


def test_the_answer_comes_back_as_it_was(browser: WSGIClient, upstream: Upstream) -> None:
    packed = gzip.compress(b'{"response": null}')
    upstream.respond = answer(
        422,
        packed,
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Encoding", "gzip"),
        ("Set-Cookie", "__client=a; Path=/; HttpOnly; SameSite=Lax"),
        ("Set-Cookie", "__client_uat=5, 6; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT"),
        ("X-Clerk-Trace-Id", "t1"),
        ("Access-Control-Allow-Origin", "https://app.example.com"),
    )
    response = browser.get("/__clerk/v1/client", headers={"Accept-Encoding": "gzip, br"})
    assert upstream.arrived[0]["Accept-Encoding"] == "gzip, br"
    assert response.status_code == 422
    assert response.data == packed
    headers = response.headers
    assert headers["Content-Length"] == str(len(packed))
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers.getlist("Set-Cookie") == [
        "__client=a; Path=/; HttpOnly; SameSite=Lax",
        "__client_uat=5, 6; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]
    assert headers["X-Clerk-Trace-Id"] == "t1"
    assert SECRET not in str(headers)


def test_who_asks_for_no_encoding_gets_none(browser: WSGIClient, upstream: Upstream) -> None:
    browser.get("/__clerk/v1/client")
    assert upstream.arrived[0]["Accept-Encoding"] == "identity"


def test_what_clerks_host_says_of_itself_is_not_said_of_ours(
    browser: WSGIClient, upstream: Upstream
) -> None:
    upstream.respond = answer(
        200, b"",
        ("Alt-Svc", 'h3=":443"'), ("Strict-Transport-Security", "max-age=1; includeSubDomains"),
        ("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=1"),
        ("X-Kept", "1"),
    )  # fmt: skip
    headers = browser.get("/__clerk/v1/client").headers
    assert headers["X-Kept"] == "1"
    for name in (
        "Alt-Svc", "Strict-Transport-Security", "X-Hop", "Keep-Alive", "Connection", "Date",
        "Server",
    ):  # fmt: skip
        assert name not in headers


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(
    status: int, live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    upstream.respond = answer(status, b"", ("ETag", '"a"'))
    live.request("GET", "/__clerk/npm/x.js", headers={"If-None-Match": '"a"'})
    response = live.getresponse()
    assert (response.status, response.read(), response.headers["ETag"]) == (status, b"", '"a"')
    assert upstream.arrived[0]["If-None-Match"] == '"a"'


def test_a_head_has_the_length_and_no_body(browser: WSGIClient, upstream: Upstream) -> None:
    upstream.respond = answer(200, b"12345")
    response = browser.head("/__clerk/npm/x.js")
    assert (response.headers["Content-Length"], response.data) == ("5", b"")


def send_chunked(handler: BaseHTTPRequestHandler, *parts: Part) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for part in parts:
        if callable(part):
            part()
        else:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            handler.wfile.flush()


def send_known_length(
    handler: BaseHTTPRequestHandler, *parts: bytes | Callable[[], object]
) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(sum(len(p) for p in parts if isinstance(p, bytes))))
    handler.end_headers()
    for part in parts:
        if callable(part):
            part()
        else:
            handler.wfile.write(part)
            handler.wfile.flush()


@pytest.mark.parametrize("send", [send_chunked, send_known_length])
def test_the_beginning_is_there_before_the_end_was_sent(
    send: Callable[..., None], live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    seen = threading.Event()
    end = (b"",) if send is send_chunked else ()
    upstream.respond = lambda handler: send(handler, b"first", lambda: seen.wait(20), b"last", *end)
    live.request("GET", "/__clerk/v1/client")
    response = live.getresponse()
    assert response.read1(5) == b"first"
    assert not seen.is_set()
    seen.set()
    assert response.read() == b"last"


@pytest.mark.parametrize("send", [send_chunked, send_known_length])
def test_an_answer_that_is_cut_is_seen_to_be_cut(
    send: Callable[..., None],
    app: Flask,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server hangs up on an error, and the browser does not take half a script for one."""

    def cut(handler: BaseHTTPRequestHandler) -> None:
        def hang_up() -> None:
            handler.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError

        send(handler, b"first", hang_up, b"never sent")

    upstream.respond = cut
    environ = EnvironBuilder(path="/__clerk/npm/x.js").get_environ()
    body, status, _ = run_wsgi_app(app, environ)
    assert status == "200 OK"
    assert next(iter(body)) == b"first"
    with pytest.raises(BackendAPIError, match="was cut"):
        list(body)
    body.close()  # type: ignore[attr-defined]
    assert "was cut" in caplog.text


class Upload(io.RawIOBase):
    """An upload that remembers how much of it was in memory at once."""

    def __init__(self, size: int) -> None:
        self.missing = size
        self.largest = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.missing)
        buffer[:count] = b"x" * count
        self.missing -= count
        self.largest = max(self.largest, count)
        return count


def test_a_large_body_is_handed_on_piece_by_piece(app: Flask, upstream: Upstream) -> None:
    size = 4 * 1024 * 1024
    upload = Upload(size)
    builder = EnvironBuilder(path="/__clerk/v1/me/profile_image", method="POST")
    environ = {**builder.get_environ(), "wsgi.input": upload, "CONTENT_LENGTH": str(size)}
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    assert status == "200 OK"
    assert upstream.arrived[0].body == b"x" * size
    assert 0 < upload.largest <= 64 * 1024


# --- one visitor and another -----------------------------------------------------------------


def test_one_visitors_cookies_never_go_with_anothers_request(
    browser: WSGIClient, upstream: Upstream
) -> None:
    """A cookie jar behind a proxy would sign the next visitor in as the last one."""
    upstream.respond = answer(200, b"{}", ("Set-Cookie", "__client=of_ada; Path=/"))
    browser.get("/__clerk/v1/client")
    browser.get("/__clerk/v1/client")
    assert [arrived["Cookie"] for arrived in upstream.arrived] == [None, None]


# --- what goes wrong -------------------------------------------------------------------------


def test_an_upstream_that_is_down_is_a_bad_gateway(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    response = WSGIClient(make_app(f"http://127.0.0.1:{port}")).get(
        "/__clerk/v1/client?__clerk_db_jwt=dvb_secret"
    )
    assert (response.status_code, response.headers["Cache-Control"]) == (502, "no-store")
    assert response.json["errors"][0]["message"] == "Clerk could not be reached."
    told = caplog.text + response.text
    assert "ConnectionError" in told
    assert "dvb_secret" not in told
    assert SECRET not in told


def test_an_upstream_that_does_not_answer_is_not_waited_for(
    browser: WSGIClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_api, "TIMEOUT", (0.3, 0.3))
    done = threading.Event()
    upstream.respond = lambda handler: done.wait(20)
    try:
        assert browser.get("/__clerk/v1/client").status_code == 502
    finally:
        done.set()


def test_an_upstream_whose_headers_come_in_drops_is_given_up(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_api, "TIMEOUT", (5, 0.3))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    with place(in_drops(head + b"{}")) as (url, _):
        assert WSGIClient(make_app(url)).get("/__clerk/v1/client").status_code == 502


def test_a_body_that_comes_in_drops_is_cut(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_api, "TIMEOUT", (5, 0.3))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
    with place(in_drops(b" " * 40, at_once=head)) as (url, _):
        response = WSGIClient(make_app(url)).get("/__clerk/v1/client", buffered=False)
        assert response.status_code == 200
        with pytest.raises(BackendAPIError, match="was cut"):
            response.get_data()


def test_a_browser_that_reads_slowly_gets_the_whole_answer(
    browser: WSGIClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_api, "TIMEOUT", (5, 1.0))
    body = b"x" * 4_000_000  # more than the connection holds by itself
    upstream.respond = answer(200, body)
    response = browser.get("/__clerk/npm/clerk.js", buffered=False)
    chunks = response.iter_encoded()
    first = next(chunks)
    time.sleep(1.5)
    assert first + b"".join(chunks) == body


def test_every_call_has_a_timeout() -> None:
    assert all(0 < seconds <= 30 for seconds in frontend_api.TIMEOUT)


def test_a_body_over_the_limit_is_refused_before_it_is_read(
    live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    live.putrequest("POST", "/__clerk/v1/me/profile_image")
    live.putheader("Content-Length", str(frontend_api_proxy.MAX_BODY + 1))
    live.endheaders()
    assert live.getresponse().status == 413
    assert upstream.arrived == []


def test_a_body_of_unknown_length_is_refused(
    live: http.client.HTTPConnection, upstream: Upstream
) -> None:
    live.request("POST", "/__clerk/v1/me", body=iter([b"a"]), encode_chunked=True)
    assert live.getresponse().status == 411
    assert upstream.arrived == []


def test_a_body_that_somebody_has_read_before_is_an_error_and_no_hang(upstream: Upstream) -> None:
    app = make_app(upstream.url)

    @app.before_request
    def read_the_form() -> None:
        assert request.form["identifier"] == "a"

    response = WSGIClient(app).post("/__clerk/v1/client/sign_ins", data={"identifier": "a"})
    assert response.status_code == 502


# --- within the app --------------------------------------------------------------------------


def test_it_is_open_in_a_closed_app_and_sends_nobody_through_a_handshake(
    browser: WSGIClient, upstream: Upstream
) -> None:
    """A handshake goes through it: a redirect to itself would never end."""
    headers = {**NAVIGATION, "Cookie": "__client_uat=5"}
    response = browser.get("/__clerk/v1/client/handshake?redirect_url=x", headers=headers)
    assert response.status_code == 200
    assert "X-Clerk-Auth-Status" not in response.headers
    assert "Vary" not in response.headers


def test_the_apps_session_and_hooks_still_work_around_it(upstream: Upstream) -> None:
    app = make_app(upstream.url)

    @app.before_request
    def count() -> None:
        session["count"] = 1

    response = WSGIClient(app).get("/__clerk/v1/client")
    assert response.status_code == 200
    assert "session=" in response.headers["Set-Cookie"]


def test_a_forged_token_is_no_reason_to_refuse(app: Flask, upstream: Upstream) -> None:
    """It is for Clerk to judge: nothing is decided about a visitor here."""
    response = WSGIClient(app).get(
        "/__clerk/v1/client", headers={"Authorization": "Bearer forged.token.here"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"proxy_url": None}, "CLERK_PROXY_URL"),
        ({"proxy_url": "/clerk"}, "is at /__clerk: set CLERK_PROXY_URL"),
        ({"proxy_url": "https://app.example.com"}, "CLERK_PROXY_URL"),
        ({"secret_key": None}, "CLERK_SECRET_KEY"),
        ({"frontend_api": "http://frontend-api.example.com"}, "https"),
    ],
)
def test_settings_that_do_not_fit_stop_the_app(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_app("https://frontend-api.example.com", **settings)


def test_beside_a_local_clerk_it_is_refused(clerk_local: LocalClerk) -> None:
    app = Flask("local", static_folder=None)
    clerk = Clerk(app, local=clerk_local)
    with pytest.raises(ConfigurationError, match="where CLERK_LOCAL is off"):
        app.register_blueprint(clerk.frontend_api_proxy())


def test_without_clerk_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="has no Clerk yet"):
        Flask("bare").register_blueprint(Clerk().frontend_api_proxy())


@pytest.mark.parametrize("proxy_url", ["/auth/api", "https://a.example/mounted/auth/api"])
def test_it_may_be_anywhere(proxy_url: str, upstream: Upstream) -> None:
    app = Flask("elsewhere", static_folder=None)
    clerk = Clerk(
        app,
        publishable_key=KEY,
        secret_key=SECRET,
        frontend_api=upstream.url,
        proxy_url=proxy_url,
    )
    app.register_blueprint(clerk.frontend_api_proxy("/auth/api"))
    assert WSGIClient(app).get("/auth/api/v1/client").status_code == 200


def test_unless_told_otherwise_it_leads_to_clerk() -> None:
    app = make_app("")
    with app.app_context():
        assert repr(frontend_api_proxy._upstream()) == (
            "<FrontendAPI at https://frontend-api.clerk.dev>"
        )
