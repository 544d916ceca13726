"""URLs: what their origin is, and where a redirect may lead."""

from __future__ import annotations

import re

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_clerk.core.urls import encode_query
from flask_clerk.core.urls import host_of
from flask_clerk.core.urls import is_loopback
from flask_clerk.core.urls import origin_of
from flask_clerk.core.urls import query_of
from flask_clerk.core.urls import safe_redirect
from flask_clerk.core.urls import with_added
from flask_clerk.core.urls import with_query
from flask_clerk.core.urls import with_replaced
from flask_clerk.core.urls import without

ORIGINS = [
    ("https://app.example.com", "https://app.example.com"),
    ("HTTPS://App.Example.COM/Path", "https://app.example.com"),
    ("https://app.example.com:443/x", "https://app.example.com"),
    ("http://app.example.com:80", "http://app.example.com"),
    ("http://app.example.com:443", "http://app.example.com:443"),
    ("https://app.example.com:8443?x", "https://app.example.com:8443"),
    ("http://localhost:5000#x", "http://localhost:5000"),
    ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
    ("http://[::1]:5000/", "http://[::1]:5000"),
    ("http://[::FFFF:127.0.0.1]", "http://[::ffff:127.0.0.1]"),
    ("https://a_b.example/", "https://a_b.example"),
    ("", None),
    ("/path", None),
    ("//app.example.com", None),
    ("https:app.example.com", None),
    ("https:/app.example.com", None),
    ("https:///app.example.com", None),
    ("https://", None),
    ("https://:443", None),
    ("ftp://app.example.com", None),
    ("javascript:alert(1)", None),
    ("null", None),
    ("https://user@app.example.com", None),
    ("https://user:secret@app.example.com", None),
    ("https://app.example.com:x", None),
    ("https://app.example.com:65535", "https://app.example.com:65535"),
    ("https://app.example.com:65536", None),
    ("https://app.example.com:123456", None),
    ("https://app.example.com:", None),
    ("https://[::1", None),
    ("https://[::1]x", None),
    ("https://[evil.com]", None),
    ("https://app.example.com\\@evil.com", None),
    ("https://app.example.com\\.evil.com", None),
    (" https://app.example.com", None),
    ("https://app.example.com/ ", None),
    ("https://app.example.com/\n", None),
    ("https://app.exa\tmple.com", None),
    ("https://app.example.com/\x00", None),
    ("https://app.exämple.com", None),
    ("https://app.example.com。evil.com", None),
    ("https://app%2eexample.com", None),
    ("https://*.example.com", None),
    ("http\u017f://app.example.com:443", None),
    ("https://\u212aelvin.example", None),
    ("https://app.example.com:\uff14\uff14\uff13", None),
]


@pytest.mark.parametrize(("url", "origin"), ORIGINS, ids=ascii)
def test_the_origin_of_a_url_or_none_where_readers_disagree(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:5000", True),
        ("http://shop.localhost/", True),
        ("http://127.0.0.1", True),
        ("http://127.1.2.3:8080/x", True),
        ("http://[::1]:5000", True),
        ("http://localhost.example.com", False),
        ("http://notlocalhost", False),
        ("http://192.0.2.1", False),
        ("http://localhost@example.com", False),
        ("localhost", False),
    ],
)
def test_which_urls_lead_to_this_machine_itself(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://app.example.com:8443/x", "app.example.com"),
        ("https://App.example.com", "app.example.com"),
        ("http://[::1]:5000", "[::1]"),
        ("/path", ""),
        ("app.example.com", ""),
    ],
)
def test_the_host_of_a_url_has_no_port(url: str, host: str) -> None:
    assert host_of(url) == host


BASE = "https://app.example.com/account/login?next=x"
ALLOWED = ("https://www.example.com", "http://localhost:5000", "http://[::1]:5000")

SAFE = [
    ("/", "https://app.example.com/"),
    ("/dashboard?a=b#c", "https://app.example.com/dashboard?a=b#c"),
    ("settings", "https://app.example.com/account/settings"),
    ("../up", "https://app.example.com/up"),
    ("../../../../up", "https://app.example.com/up"),
    ("?a=b", "https://app.example.com/account/login?a=b"),
    ("#top", "https://app.example.com/account/login?next=x#top"),
    ("/a//b", "https://app.example.com/a//b"),
    ("/%2F%2Fevil.com", "https://app.example.com/%2F%2Fevil.com"),
    ("/@evil.com", "https://app.example.com/@evil.com"),
    ("/?u=https://evil.com", "https://app.example.com/?u=https://evil.com"),
    ("https://app.example.com", "https://app.example.com"),
    ("https://app.example.com:443/x", "https://app.example.com:443/x"),
    ("HTTPS://APP.EXAMPLE.COM/x", "https://APP.EXAMPLE.COM/x"),
    ("https://www.example.com/x", "https://www.example.com/x"),
    ("http://localhost:5000/x", "http://localhost:5000/x"),
    ("http://[::1]:5000/x", "http://[::1]:5000/x"),
]


@pytest.mark.parametrize(("target", "expected"), SAFE)
def test_a_redirect_may_lead_to_the_own_origin_and_to_allowed_ones(
    target: str, expected: str
) -> None:
    assert safe_redirect(target, BASE, ALLOWED) == expected


UNSAFE = [
    None, "", "//evil.com", "///evil.com", "////evil.com", "/\\evil.com", "\\/evil.com",
    "\\\\evil.com", "/\\/evil.com", "\\evil.com", "https:evil.com", "https:/evil.com",
    "http:/evil.com", "https:///evil.com", "http:evil.com", "https:\\\\evil.com",
    "https://evil.com", "https://app.example.com.evil.com", "https://app.example.co",
    "https://app.example.com@evil.com", "https://app.example.com:443@evil.com",
    "https://user:pw@app.example.com", "https://app.example.com\\@evil.com",
    "https://app.example.com\\.evil.com", "https://evil.com\\app.example.com",
    "https://evil.com#@app.example.com", "https://evil.com?@app.example.com",
    "https://evil.com/https://app.example.com", "http://app.example.com",
    "https://app.example.com:8443", "http://app.example.com:443", "http://localhost",
    "http://localhost:5001", "http://[::1]", "http://[::1]:80", "http://[::1", "http://]/",
    "http://[::ffff:7f00:1]:5000", "javascript:alert(1)", "JavaScript:alert(1)",
    "java\tscript:alert(1)", "\tjavascript:alert(1)", " javascript:alert(1)", "\x01javascript:1",
    "javascript://app.example.com/%0aalert(1)", "data:text/html,x", "vbscript:x", "blob:x",
    "file:///etc/passwd", "mailto:a@b", "tel:1", "about:blank", "ftp://app.example.com",
    "ws://app.example.com", "//app.example.com", "https:app.example.com", "https:/x", "https:x",
    "/\t/evil.com", "/\n/evil.com", "/\r/evil.com", "\t//evil.com", "/\x00/evil.com",
    "/x\r\nSet-Cookie: a=b", "/x y", "/\x7f", "h\nttps://evil.com", "/ü", "//ёvil.com",
    "https://evil。com", "https://app.example.com。evil.com", "\uff0f\uff0fevil.com",
    "/\uff0fevil.com",
    "https://app.exa\u00admple.com", "\u2028//evil.com", "\ufeff//evil.com", "http\u017f://x:80",
    "/\ud800", "https://app.example.com:99999999", "https://app.example.com:0443",
]  # fmt: skip


@pytest.mark.parametrize("target", UNSAFE, ids=ascii)
def test_a_redirect_leads_nowhere_else(target: str | None) -> None:
    assert safe_redirect(target, BASE, ALLOWED) is None


@pytest.mark.parametrize("base", ["", "/relative", "https://user@app.example.com/", "x:y"])
def test_from_a_page_without_origin_only_allowed_origins_can_be_reached(base: str) -> None:
    assert safe_redirect("/x", base, ALLOWED) is None
    assert safe_redirect("https://www.example.com/x", base, ALLOWED) is not None


def whatwg_origin(url: str) -> str | None:
    """Return the origin that a browser goes to, after the URL standard's basic parser.

    Written for http(s) URLs only, from https://url.spec.whatwg.org/#url-parsing: strip controls,
    drop tabs and line breaks, take backslashes for slashes, skip any number of slashes, and read
    the host behind the last ``@`` of the authority.
    """
    url = re.sub(r"[\t\n\r]", "", url.strip("".join(map(chr, range(0x21)))))
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.lower() not in ("http", "https"):
        return None
    authority = re.split(r"[/\\?#]", re.sub(r"\A[/\\]+", "", rest))[0]
    host, port = re.fullmatch(r"(.*?)(?::(\d*))?", authority.rpartition("@")[2], re.S).groups()
    default = "443" if scheme.lower() == "https" else "80"
    suffix = "" if port is None or (port.lstrip("0") or default) == default else f":{port}"
    return f"{scheme.lower()}://{host.lower()}{suffix}"


PIECES = st.sampled_from([
    "/", "//", "\\", ":", "@", "?", "#", ".", "..", ";", "%2f", "\t", "\n", " ", "[", "]", "::1",
    "http", "https", "HTTPS", "javascript", "evil.com", "app.example.com", "www.example.com",
    "localhost", "5000", "443", "80", "user", "ü", "\uff0f", "\x00", "-", "x", "\u017f", "\ud800",
])  # fmt: skip
TARGETS = st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=30)


@settings(max_examples=1500, deadline=None)
@given(target=TARGETS)
@example(target="https://app.example.com;@evil.com")
@example(target="/.//evil.com")
@example(target="/..//evil.com")
@example(target=".//evil.com")
@example(target="x://evil.com/../..//evil.com")
def test_a_browser_that_follows_is_always_on_an_allowed_origin(target: str) -> None:
    found = safe_redirect(target, BASE, ALLOWED)
    if found is not None:
        assert whatwg_origin(found) in {"https://app.example.com", *ALLOWED}
        assert found.isascii()
        assert found.isprintable()


def test_the_query_is_read_in_order_as_forms_are() -> None:
    url = "https://a.example/p?a=1&b=%C3%A4+x&a=2&empty=&bare#frag?c=3"
    assert query_of(url) == [("a", "1"), ("b", "ä x"), ("a", "2"), ("empty", ""), ("bare", "")]
    assert query_of("https://a.example/p#x?a=1") == []
    assert query_of("https://a.example/?a=%FF") == [("a", "\ufffd")]


def test_queries_are_replaced_added_to_and_taken_from_and_fragments_kept() -> None:
    url = "https://a.example/p?a=1&b=2&a=3#frag"
    assert with_query(url, []) == "https://a.example/p#frag"
    assert with_query(url, [("c", "x y")]) == "https://a.example/p?c=x+y#frag"
    assert without(url, "a") == "https://a.example/p?b=2#frag"
    assert without(url, "a", "b") == "https://a.example/p#frag"
    assert with_added(url, ("c", "4")) == "https://a.example/p?a=1&b=2&a=3&c=4#frag"
    assert with_replaced(url, "a", "5") == "https://a.example/p?b=2&a=5#frag"
    assert with_added("https://a.example", ("c", "4")) == "https://a.example?c=4"


def test_queries_are_escaped_as_the_url_standard_says() -> None:
    pairs = [("a b", "&=+?#/"), ("ä", "*-._~'()"), ("\ud800", "")]
    assert encode_query(pairs) == "a+b=%26%3D%2B%3F%23%2F&%C3%A4=*-._%7E%27%28%29&%3F="


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5))
@settings(max_examples=200, deadline=None)
def test_what_is_encoded_is_read_back(pairs: list[tuple[str, str]]) -> None:
    clean = [tuple(part.encode(errors="replace").decode() for part in pair) for pair in pairs]
    assert query_of(with_query("https://a.example/p#x", pairs)) == clean
