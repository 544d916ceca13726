"""Every way in which Clerk can be out of reach, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import places
from tests.faults.places import Serve

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n"
_SERVED: dict[str, Serve] = {
    "cut off": places.cut_off,
    "reset": places.reset,
    "cut in the head": places.cut_in_the_head,
    "cut in mid-answer": places.answer("200 OK", b'{"keys": [', promised=5_000),
    "silence": places.silence,
    "drops of a head": places.in_drops(b" " * 50_000, at_once=_HEAD + b"X-Drops:"),
    "drops of a body": places.in_drops(b" " * 50_000, at_once=_HEAD + b"\r\n"),
    "no HTTP": places.no_http,
    "wrong JSON": places.answer("200 OK", b'{"keys": [}'),
    "no JSON": places.answer("200 OK", b"<html>maintenance</html>"),
    "empty": places.answer("200 OK", b""),
    "another shape": places.answer("200 OK", b'["keys"]'),
    "deep JSON": places.answer("200 OK", b"[" * 200_000),
    "wrong gzip": places.answer("200 OK", b"no gzip", "Content-Encoding: gzip"),
    "redirect": places.answer("302 Found", b"", "Location: http://127.0.0.1:9/"),
    "429": places.answer("429 Too Many Requests", b"{}", "Retry-After: 120"),
    "500": places.answer("500 Internal Server Error", b'{"errors": [{"code": "internal"}]}'),
    "503": places.answer("503 Service Unavailable", b"<html>sorry</html>"),
}
OUTAGES = [*_SERVED, "refused", "no such host", "self-signed certificate", "no TLS"]


@contextmanager
def outage(name: str, folder: Path) -> Iterator[tuple[str, list[float]]]:
    """Make Clerk fail in this way; give the URL to ask, and the times of the calls that arrive."""
    if name == "refused":
        yield places.closed_port(), []
    elif name == "no such host":
        yield "https://api.clerk.invalid", []  # RFC 6761, section 6.4: it never resolves
    elif name == "self-signed certificate":
        with places.place(places.answer("200 OK", b"{}"), places.self_signed(folder)) as found:
            yield found
    elif name == "no TLS":
        with places.place(places.answer("200 OK", b"{}")) as (url, calls):
            yield url.replace("http:", "https:"), calls
    else:
        with places.place(_SERVED[name]) as found:
            yield found
