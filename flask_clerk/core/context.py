"""AuthenticateContext: the facts of one request, each read once, exactly as Clerk reads them."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote_to_bytes
from urllib.parse import urlsplit

from .accounts import is_clerk_page
from .config import ClerkConfig
from .constants import Cookies
from .constants import Parameters
from .errors import TokenVerificationError
from .lazy import lazy
from .tokens import UnverifiedToken
from .tokens import read_token
from .urls import base_of
from .urls import origin_of
from .urls import query_of

_LEADING_INTEGER = re.compile(r"\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))")
_INVALID_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_ISSUER_SCHEME = re.compile(r"https?://", re.IGNORECASE)


class HeaderLookup(Protocol):
    """Request headers, looked up without regard to case."""

    def get(self, key: str, /) -> str | None:
        """Return the header's value, or ``None``."""


class AuthenticateContext:
    """What a request says about itself. Nothing here has been verified.

    Everything is read on first use and kept, since a request with a bearer token needs little of
    it.
    """

    def __init__(
        self, method: str, url: str, headers: HeaderLookup, config: ClerkConfig, now: float
    ) -> None:
        """Hold a request.

        :param method: The HTTP method, in capitals.
        :param url: The absolute URL as the browser sees it; a proxy's headers count only if the
            server believes them.
        :param now: Unix seconds.
        """
        self.method = method
        self.url = url
        self.headers = headers
        self.config = config
        self.now = now

    def __repr__(self) -> str:
        return f"<AuthenticateContext {self.method}>"

    @lazy
    def origin(self) -> str:
        """The origin of the URL; empty if the URL has none worth the name."""
        # Browsers escape no backslash in a query, and it is none that could change the host.
        return origin_of(self.url.partition("?")[0]) or ""

    @lazy
    def path(self) -> str:
        """The path of the URL, percent-encoded; ``/`` if its host is none worth the name."""
        try:
            return urlsplit(self.url).path or "/"
        except ValueError:
            return "/"

    @lazy
    def token_in_header(self) -> str | None:
        """The token of ``Authorization``: after ``Bearer``, or standing alone.

        Any other scheme is not ours, and the cookies are read.
        """
        authorization = self.headers.get("Authorization")
        if not authorization:
            return None
        scheme, _, rest = authorization.strip(" \t").partition(" ")
        token = rest.split(" ", 1)[0]
        if not token:
            return scheme or None
        return token if scheme == "Bearer" else None

    @lazy
    def frontend_api(self) -> str:
        """The base URL of the Frontend API that the browser is sent to; empty without one."""
        proxy_url = self.config.proxy_url
        if proxy_url is not None:
            return self.origin + proxy_url if proxy_url.startswith("/") else proxy_url
        return self.config.instance_frontend_api or ""

    @lazy
    def query(self) -> dict[str, str]:
        """The query's parameters; the first of a name counts."""
        return dict(reversed(query_of(self.url))) if "?" in self.url else {}

    @lazy
    def cookies(self) -> dict[str, str]:
        """The cookies; the first of a name counts, and values are percent-decoded if valid."""
        return parse_cookies(self.headers.get("Cookie") or "")

    @property
    def uses_suffixed_cookies(self) -> bool:
        """Which of the two generations of cookies to believe."""
        return self.cookie_choice[0]

    @lazy
    def cookie_choice(self) -> tuple[bool, str]:
        """Whether the cookies with this instance's suffix are to be believed, and why."""
        if self.config.publishable_key is None:
            return False, "Without a publishable key there is no suffix to look for."
        return _choose_cookies(self)

    @lazy
    def session_token_in_cookie(self) -> str | None:
        """The session token that a cookie carries."""
        return self._either_cookie(Cookies.SESSION)

    @property
    def session_token(self) -> str | None:
        """The session token to renew: the cookie's, or the header's where there is no other."""
        return self.session_token_in_cookie or self.token_in_header

    @lazy
    def refresh_token(self) -> str | None:
        """The refresh token, which comes with a suffix only."""
        return self.suffixed_cookie(Cookies.REFRESH)

    @lazy
    def client_uat(self) -> float:
        """When the client last signed in or out (Unix seconds); 0 says signed out."""
        return _leading_integer(self._either_cookie(Cookies.CLIENT_UAT) or "")

    @lazy
    def dev_browser_token(self) -> str | None:
        """The token by which a development instance knows the browser."""
        return self.query.get(Parameters.DEV_BROWSER) or self._either_cookie(Cookies.DEV_BROWSER)

    @lazy
    def handshake_nonce(self) -> str | None:
        """The nonce under which a handshake left its cookies."""
        return self.query.get(Parameters.HANDSHAKE_NONCE) or self.cookie(Cookies.HANDSHAKE_NONCE)

    @lazy
    def handshake_token(self) -> str | None:
        """The token in which a handshake carries its cookies."""
        return self.query.get(Parameters.HANDSHAKE) or self.cookie(Cookies.HANDSHAKE)

    @property
    def redirect_count(self) -> int:
        """How many handshakes have just followed one another."""
        count = (self.cookie(Cookies.REDIRECT_COUNT) or "").strip()
        return int(count) if re.fullmatch("[0-9]{1,9}", count) else 0

    @lazy
    def is_navigation(self) -> bool:
        """Whether a browser is asking for a document, as far as its headers tell."""
        destination = self.headers.get("Sec-Fetch-Dest")
        if destination:
            return destination in ("document", "iframe")
        return (self.headers.get("Accept") or "").startswith("text/html")

    @lazy
    def is_document(self) -> bool:
        """Whether this is a GET for a top-level document."""
        return self.method == "GET" and self.headers.get("Sec-Fetch-Dest") == "document"

    @property
    def comes_from_elsewhere(self) -> bool:
        """Whether the referrer is another origin, and none of Clerk's own pages."""
        base = base_of(self.headers.get("Referer") or "")
        if base == base_of(self.url):  # spelled alike, as browsers do
            return False
        origin = origin_of(base)
        if origin is None or origin == self.origin:
            return False
        return not is_clerk_page(origin, self.frontend_api, self.config.is_development)

    def cookie(self, name: str) -> str | None:
        """Return a cookie by its exact name; an empty one is none."""
        return self.cookies.get(name) or None

    def suffixed_cookie(self, name: str) -> str | None:
        """Return this instance's own cookie of that name."""
        key = self.config.publishable_key
        return None if key is None else self.cookie(f"{name}_{key.cookie_suffix}")

    def _either_cookie(self, name: str) -> str | None:
        return self.suffixed_cookie(name) if self.uses_suffixed_cookies else self.cookie(name)


def parse_cookies(header: str) -> dict[str, str]:
    """Parse a ``Cookie`` header by the rules of npm's ``cookie``, which Clerk's SDK uses.

    The first of a name wins, spaces and tabs around are dropped, quotes are kept. The header is
    split before anything is decoded, so an escaped semicolon forges no cookie.
    """
    found: dict[str, str] = {}
    is_escaped = "%" in header
    start, size = 0, len(header)
    while start < size:  # str.split would look at each character of the tokens
        end = header.find(";", start)
        end = size if end < 0 else end
        name, equals, value = header[start:end].partition("=")
        start = end + 1
        name = name.strip(" \t")
        if equals and name not in found:
            value = value.strip(" \t")
            found[name] = _percent_decode(value) if is_escaped else value
    return found


def _percent_decode(value: str) -> str:
    if "%" not in value or _INVALID_ESCAPE.search(value):
        return value
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        return value


def _leading_integer(text: str) -> float:
    """Return what JavaScript's ``parseInt(text) || 0`` does."""
    match = _LEADING_INTEGER.match(text)
    if match is None:
        return 0
    sign, hexadecimal, decimal = match.groups()
    try:
        number = float(int(hexadecimal, 16) if hexadecimal else int(decimal))
    except (OverflowError, ValueError):  # more digits than a float holds, or than Python converts
        number = float("inf")
    return -number if sign == "-" else number


def _choose_cookies(context: AuthenticateContext) -> tuple[bool, str]:
    plain, suffixed = context.cookie(Cookies.SESSION), context.suffixed_cookie(Cookies.SESSION)
    plain_uat = context.cookie(Cookies.CLIENT_UAT)
    suffixed_uat = context.suffixed_cookie(Cookies.CLIENT_UAT)
    plain_token = _read(plain)

    if plain:
        issuer = plain_token.payload.get("iss") if plain_token else None
        if not issuer:
            return False, "The plain session cookie names no issuer."
        if not _is_own_issuer(issuer, context.config):
            return True, "The plain session cookie is another instance's."
    if not suffixed_uat and not suffixed:
        return False, "There are no cookies with this instance's suffix."

    suffixed_token = plain_token if suffixed == plain else _read(suffixed)
    plain_is_newer = _number(plain_token, "iat") > _number(suffixed_token, "iat")
    if suffixed_uat != "0" and plain_uat != "0" and plain_is_newer:
        return False, "The plain session cookie is newer."
    if suffixed_uat == "0" and plain_uat != "0":
        return False, "The suffixed cookies say signed out, the plain ones do not."
    # In development clerk-js writes the cookies, and an older clerk-js writes only plain ones:
    # then an expired suffixed token beside a plain sign-out is a left-over.
    is_signed_out = context.config.is_development and suffixed_uat != "0" and plain_uat == "0"
    if is_signed_out and _has_expired(suffixed_token, context.now):
        return False, "The suffixed session has expired, and the plain cookies say signed out."
    if not suffixed_uat:
        return False, "There is no suffixed __client_uat."
    return True, "The cookies with this instance's suffix are there, and as new."


def _is_own_issuer(issuer: object, config: ClerkConfig) -> bool:
    if not isinstance(issuer, str) or config.issuer is None:
        return False
    if issuer == config.issuer:
        return True
    return _ISSUER_SCHEME.sub("", issuer) == _ISSUER_SCHEME.sub("", config.issuer)


def _has_expired(token: UnverifiedToken | None, now: float) -> bool:
    return token is not None and "exp" in token.payload and token.number("exp") <= int(now)


def _number(token: UnverifiedToken | None, claim: str) -> float:
    return 0 if token is None else token.number(claim)


def _read(token: str | None) -> UnverifiedToken | None:
    try:
        return read_token(token) if token else None
    except TokenVerificationError:
        return None
