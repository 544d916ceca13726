"""What is fuzzed, reader by reader. Each takes any bytes and says what must hold whatever they are.

A target returns for input that is refused as documented, and raises for anything else: an error
that is not documented, an acceptance that should not be, or another reading than that of a reader
that others wrote (``json``, ``base64``, Werkzeug's cookies, ada's URLs).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import ada_url
from werkzeug.sansio.http import parse_cookie

from flask_clerk.core.claims import freeze
from flask_clerk.core.context import parse_cookies
from flask_clerk.core.errors import ConfigurationError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.handshake import session_token_among
from flask_clerk.core.handshake import set_cookie_headers
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.keys import SecretKey
from flask_clerk.core.keys import import_public_key
from flask_clerk.core.strict_json import MAX_DEPTH
from flask_clerk.core.tokens import MAX_TOKEN_SIZE
from flask_clerk.core.tokens import claimed_type
from flask_clerk.core.tokens import read_token
from flask_clerk.core.urls import origin_of
from flask_clerk.core.urls import query_of
from flask_clerk.core.urls import safe_redirect
from flask_clerk.core.urls import with_query
from flask_clerk.core.urls import without
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import TemplateError
from flask_clerk.jwt_templates import parse_claims
from flask_clerk.jwt_templates import parse_text
from flask_clerk.jwt_templates import render_claims
from tests.signing import base64url

BASE = "https://app.example.com/path/page?x=1"
ALLOWED = ("https://satellite.example",)
_SIMPLE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=; .")
_ESCAPED = re.compile(r"([^%]|%[0-9a-fA-F]{2})*", re.DOTALL)
_CONTEXT = RenderContext(
    user={"id": "user_1", "public_metadata": {"roles": ["a", None], "deep": {"x": 1.5}}},
    org={"name": "{{user.id}}"},
    session={"actor": None},
)


def token(data: bytes) -> None:
    """A compact JWT; or a header, a payload and a signature, a line each, and what is put in."""
    text = data.decode("latin-1")
    if data.startswith(b"{"):
        *written, slips = [*data.split(b"\n", 3), b""][:4]
        text = ".".join(base64url(part) for part in written)
        for place, character in zip(slips[::2], slips[1::2], strict=False):
            at = place % (len(text) + 1)
            text = text[:at] + chr(character) + text[at:]
    claimed_type(text)
    try:
        found = read_token(text)
    except TokenVerificationError as error:
        assert error.reason == "token-invalid"
        assert not _shows(error, text)
        return
    assert len(text) <= MAX_TOKEN_SIZE
    parts = text.split(".")
    assert len(parts) == 3
    for part in parts:
        assert base64url(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) == part
    for part, read in zip(parts, (found.header, found.payload), strict=False):
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        assert json.loads(decoded) == read
        assert len(json.loads(decoded, object_pairs_hook=list)) == len(read)
        assert _depth(read) <= MAX_DEPTH
    assert read_token(text) == found
    assert freeze(found.payload) == found.payload
    json.dumps(found.payload, allow_nan=True).encode()


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def cookies(data: bytes) -> None:
    """A ``Cookie`` header, as the bytes come in WSGI."""
    header = data.decode("latin-1")
    found = parse_cookies(header)
    for name, value in found.items():
        assert ";" not in name
        assert "=" not in name
        assert name == name.strip(" \t")
        assert isinstance(value, str)
    # Decoding is not repeated, and what stands first is not undone by what follows.
    assert {**parse_cookies(f"{header};evil=1"), **found} == parse_cookies(f"{header};evil=1")
    again = "; ".join(f"{name}={value}" for name, value in found.items())
    if "%" not in header and ";" not in "".join(found.values()):
        assert parse_cookies(again) == found
    alone = header.partition(";")[0].strip(" \t")
    if alone.isascii():
        assert parse_cookies(f"name={alone}") == {"name": _decoded(alone)}
    if set(data) <= _SIMPLE and all(map(_is_plain, header.split(";"))):
        theirs = parse_cookie(header)
        assert found == {name: theirs[name] for name in theirs}


def _decoded(text: str) -> str:
    """Return what JavaScript's ``decodeURIComponent`` does, or the text where that raises."""
    try:
        return unquote(text, errors="strict") if _ESCAPED.fullmatch(text) else text
    except UnicodeDecodeError:
        return text


def _is_plain(part: str) -> bool:
    """Whether every reader of cookies takes a part for the same name and value."""
    name, equals, value = part.strip().partition("=")
    return bool(name.strip() and equals) and " " not in name.strip() + value.strip()


def set_cookies(data: bytes) -> None:
    """The ``Set-Cookie`` lines that a handshake or the Backend API hands out."""
    lines = data.decode("utf-8", "surrogateescape").split("\0")
    kept = set_cookie_headers(lines)
    for name, value in kept:
        assert name == "Set-Cookie"
        assert value.isascii()
        assert not set(value) & set("\r\n\0\x0b\x0c\x1c\x1d\x1e\x85\u2028")
    assert len(kept) <= len(lines)
    found = session_token_among(lines)
    assert not set(found) & {";", "="}


def redirect(data: bytes) -> None:
    """Where a stranger would like to be sent to."""
    target = data.decode("utf-8", "surrogateescape")
    own = {"https://app.example.com", *ALLOWED}
    found = safe_redirect(target, BASE, ALLOWED)
    if found is not None:
        assert found.isascii()
        assert found.isprintable()
        assert ada_url.URL(found).origin in own
        # A browser that is handed the target itself goes to the same page.
        assert ada_url.URL(target, base=BASE).origin == ada_url.URL(found).origin
        assert safe_redirect(found, BASE, ALLOWED) == found
    origin = origin_of(target)
    if origin is not None:
        assert origin_of(origin) == origin
        try:
            theirs = ada_url.URL(target).origin
        except ValueError:
            return  # a host that IDNA or DNS cannot name, which no browser can reach
        # Numbers have more spellings than we take for one: those are other origins to us.
        assert theirs == origin or re.search(r"[0:]|[0-9]\Z|xn--", origin)


def query(data: bytes) -> None:
    """A URL, whose query loses Clerk's parameters before the browser is sent back."""
    url = "https://app.example.com/" + data.decode("latin-1")
    pairs = query_of(url)
    rewritten = with_query(url, pairs)
    assert query_of(rewritten) == pairs
    assert rewritten.partition("#")[1:] == url.partition("#")[1:]
    bare = without(url, "__clerk_handshake", "__session")
    assert not {name for name, _ in query_of(bare)} & {"__clerk_handshake", "__session"}
    assert without(bare, "__clerk_handshake", "__session") == bare
    assert origin_of("https://app.example.com") == "https://app.example.com"


def template(data: bytes) -> None:
    """The claims of a JWT template, as JSON."""
    try:
        claims = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        parsed = parse_claims(claims)
    except TemplateError as error:
        assert error.message
        return
    rendered = render_claims(parsed, _CONTEXT)
    assert render_claims(parsed, _CONTEXT) == rendered
    assert set(rendered) == set(claims)
    json.dumps(rendered, allow_nan=False)
    if "{{" not in json.dumps(claims):
        assert rendered == claims


def shortcodes(data: bytes) -> None:
    """The text of one claim."""
    text = data.decode("utf-8", "replace")
    try:
        parsed = parse_text(text)
    except TemplateError as error:
        position = getattr(error, "position", -1)
        assert 0 <= position <= len(text)
        return
    if "{{" not in text:
        assert "".join(map(str, parsed.parts)) == text or not text


def publishable_key(data: bytes) -> None:
    """A publishable key as it was pasted."""
    text = data.decode("utf-8", "replace")
    try:
        key = PublishableKey.parse(text)
    except ConfigurationError as error:
        assert not _shows(error, text)
        return
    encoded = text[8:] + "=" * (-len(text[8:]) % 4)
    host = base64.b64decode(encoded, validate=True).decode("ascii")
    assert host == f"{key.frontend_api}$"
    assert origin_of(f"https://{host[:-1]}") is not None
    assert not set(host) & set("/?#@\\")
    assert PublishableKey.build(key.frontend_api, key.instance_type).frontend_api == (
        key.frontend_api
    )
    assert len(key.cookie_suffix) == 8
    assert set(key.cookie_suffix) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def secret(data: bytes) -> None:
    """A secret key, or a PEM, as it was pasted: what is refused is not shown."""
    text = data.decode("utf-8", "replace")
    for read in (SecretKey.parse, import_public_key):
        try:
            found: Any = read(text)
        except ConfigurationError as error:
            assert not _shows(error, text)
        else:
            assert text not in repr(found)


def _shows(error: BaseException, text: str) -> bool:
    """Whether an error tells what was refused, or what has caused it does.

    What is shorter than any secret may be among its words by chance.
    """
    bare = text.strip()
    told = f"{error}{error.__cause__ or ''}"
    return len(bare) > 12 and bare in told


READERS: dict[str, Callable[[bytes], None]] = {
    "token": token,
    "cookies": cookies,
    "set_cookies": set_cookies,
    "redirect": redirect,
    "query": query,
    "template": template,
    "shortcodes": shortcodes,
    "publishable_key": publishable_key,
    "secret": secret,
}
