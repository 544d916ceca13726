"""What a request to the app tells Clerk: its URL, and the facts that a decision depends on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Request
from werkzeug.datastructures import EnvironHeaders

from .core.context import HeaderLookup
from .core.facts import Facts
from .core.facts import facts_of
from .core.urls import origin_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .core.instance import Instance

_URL_SAFE = "!$&'()*+,/:;=@~"


def request_facts(request: Request, instance: Instance, accepts: tuple[str, ...]) -> Facts | None:
    """Return what a decision may be remembered by, or ``None`` to decide each time.

    The texts are read where the server put them, which is many times cheaper than by their names.
    So a class of requests that makes headers or a host of its own is decided about each time, as is
    a host that is still to be compared with those that the app trusts.

    :param accepts: The token types that the endpoint accepts.
    """
    headers = request.headers
    if type(headers) is not EnvironHeaders or not _takes_host_as_sent(type(request)):  # type: ignore[arg-type]
        return None
    if request.trusted_hosts is not None and "host" not in vars(request):
        return None
    sent = headers.environ.get
    return facts_of(
        request.method,
        sent("QUERY_STRING", ""),
        sent("HTTP_AUTHORIZATION"),
        sent("HTTP_COOKIE"),
        sent("HTTP_SEC_FETCH_DEST"),
        sent("HTTP_REFERER"),
        accepts,
        (request.scheme, sent("HTTP_HOST", request.server)),
        (request.root_path, request.path, sent("HTTP_ACCEPT")) if instance.reads_paths else None,
    )


def sent_headers(request: Request) -> HeaderLookup:
    """Return the headers of a request, read where the server put them if nothing stands between."""
    headers = request.headers
    return _Sent(headers.environ) if type(headers) is EnvironHeaders else headers


class _Sent:
    """Headers in a WSGI environment; Werkzeug raises and catches an error for each missing one."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """Return the header's value, or ``None``; ``Content-*`` is none of those to ask for."""
        value: str | None = self._environ.get(_environ_name(name))
        return value


@lru_cache(maxsize=32)
def _environ_name(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def request_url(request: Request) -> str:
    """Return the URL as the browser sees it, percent-encoded.

    The server's and ``ProxyFix``'s word counts, ``X-Forwarded-*`` alone does not. For a host that
    is none it is empty: a browser would take the path's first part for one in ``http:///path``.
    """
    if not _is_host(request.host):
        return ""
    path = quote(request.root_path.rstrip("/") + request.path, safe=_URL_SAFE)
    query = request.query_string.decode("latin-1")
    return f"{request.scheme}://{request.host}{path}" + (f"?{query}" if query else "")


@lru_cache(maxsize=16)
def _takes_host_as_sent(request_class: type[Request]) -> bool:
    return request_class.host is Request.host


@lru_cache(maxsize=64)  # an app has few
def _is_host(host: str) -> bool:
    """Whether a host can be named in an answer's headers (RFC 1035, section 2.3.4)."""
    labels = host.partition(":")[0].removesuffix(".").split(".")
    is_sized = host.startswith("[") or all(0 < len(label) < 64 for label in labels)
    return is_sized and origin_of(f"http://{host}") is not None
