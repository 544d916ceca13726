"""URLs as Clerk's protocol changes them, and the one test for where a redirect may lead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import parse_qsl
from urllib.parse import quote_plus
from urllib.parse import urljoin
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?=[/?#]|\Z)",
    re.IGNORECASE | re.ASCII,
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")

Pairs = Iterable[tuple[str, str]]


def origin_of(url: str) -> str | None:
    """Return ``scheme://host[:port]`` of an absolute http(s) URL, else ``None``.

    User information, control characters and backslashes make it ``None``: browsers and servers
    disagree about the host of such a URL.
    """
    match = _ORIGIN.match(url)
    if match is None or _UNSAFE.search(url):
        return None
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    if port is not None and int(port) > _MAX_PORT:
        return None
    if port is None or port == _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"


def base_of(url: str) -> str:
    """Return what an absolute URL begins with, up to its path: all that its origin is read from."""
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]


def host_of(url: str) -> str:
    """Return the host of an absolute URL, without the port; empty if there is none."""
    origin = origin_of(url)
    return "" if origin is None else re.sub(r":\d+\Z", "", origin.partition("://")[2])


def is_loopback(url: str) -> bool:
    """Whether an absolute URL leads to this machine itself."""
    host = host_of(url).strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def safe_redirect(target: str | None, base: str, allowed_origins: Iterable[str]) -> str | None:
    r"""Return the absolute URL that ``target`` means on the page ``base``, if it may be gone to.

    It may lead to the base's own origin or to one of the allowed ones, so neither ``//evil``,
    ``/\\evil``, ``https:evil``, ``javascript:`` nor user information leads anywhere.
    """
    if not target or _UNSAFE.search(target) or not target.isascii():
        return None
    try:
        absolute = urljoin(base, target)
        relative = not urlsplit(target).scheme and not target.startswith("//")
    except ValueError:
        return None
    if not relative and _ORIGIN.match(target) is None:
        return None
    origin = origin_of(absolute)
    if origin is None or origin not in {origin_of(base), *allowed_origins}:
        return None
    return absolute


def query_of(url: str) -> list[tuple[str, str]]:
    """Return the query's parameters in order, decoded as forms are."""
    query = url.partition("#")[0].partition("?")[2]
    return parse_qsl(query, keep_blank_values=True, errors="replace") if query else []


def with_query(url: str, pairs: Pairs) -> str:
    """Return the URL with exactly these query parameters, and its fragment kept."""
    url, hash_, fragment = url.partition("#")
    query = encode_query(pairs)
    return url.partition("?")[0] + (f"?{query}" if query else "") + hash_ + fragment


def without(url: str, *names: str) -> str:
    """Return the URL without these parameters."""
    return with_query(url, [pair for pair in query_of(url) if pair[0] not in names])


def with_added(url: str, *pairs: tuple[str, str]) -> str:
    """Return the URL with these parameters behind its own."""
    return with_query(url, [*query_of(url), *pairs])


def with_replaced(url: str, name: str, value: str) -> str:
    """Return the URL with one parameter set, whatever it was before."""
    return with_added(without(url, name), (name, value))


def encode_query(pairs: Pairs) -> str:
    """Return ``application/x-www-form-urlencoded`` text, escaped as the URL standard says."""
    return "&".join(f"{_escape(name)}={_escape(value)}" for name, value in pairs)


def _escape(value: str) -> str:
    return quote_plus(value, safe="*", errors="replace").replace("~", "%7E")
