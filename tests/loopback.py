"""A real HTTP server on the loopback interface that stands for Clerk and records every call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Call:
    """One call as it arrived, the path as it stood on the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    #: The caller's port, which tells one connection from another.
    port: int


@dataclass(frozen=True)
class Answer:
    """What to answer; ``promised`` is a ``Content-Length`` that the body need not keep."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    #: Called before anything is sent, to make the caller wait.
    before: Callable[[], object] = lambda: None


def answer_json(document: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(document).encode(), headers)


class Loopback:
    """The server. ``respond`` answers; ``calls`` is what was asked so far."""

    def __init__(self, protocol: str = "HTTP/1.0") -> None:
        self.calls: list[Call] = []
        self.respond: Callable[[Call], Answer] = lambda call: answer_json({}, 404)
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Keep quiet."""

            def answer(self) -> None:
                path, _, query = self.path.partition("?")
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(content) if content else None
                pairs = dict(parse_qsl(query))
                port = self.client_address[1]
                call = Call(self.command, path, pairs, headers, body, port)
                loopback.calls.append(call)
                answer = loopback.respond(call)
                answer.before()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                length = len(answer.body) if answer.promised is None else answer.promised
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Pass over callers that hang up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def reset(self, respond: Callable[[Call], Answer]) -> None:
        self.calls.clear()
        self.respond = respond

    @contextmanager
    def running(self) -> Iterator[Loopback]:
        with in_a_thread(self._server):
            yield self


@contextmanager
def in_a_thread(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server serve meanwhile."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
