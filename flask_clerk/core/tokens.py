"""Token types, and reading a JWT without trusting it."""

from __future__ import annotations

import binascii
import re
import string
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from typing import Final
from typing import TypeGuard

from .claims import FrozenDict
from .claims import read_frozen
from .constants import Reason
from .errors import TokenVerificationError
from .lazy import lazy

SESSION_TOKEN: Final = "session_token"
API_KEY: Final = "api_key"
M2M_TOKEN: Final = "m2m_token"
OAUTH_TOKEN: Final = "oauth_token"
#: A token made from a JWT template: a session's word for others, and none of Clerk's own types.
JWT_TEMPLATE: Final = "jwt_template"
#: Clerk's own types, which ``any`` stands for.
TOKEN_TYPES: Final = (SESSION_TOKEN, API_KEY, M2M_TOKEN, OAUTH_TOKEN)
ANY: Final = "any"

CATEGORY_SESSION: Final = "cl_B7d4PD111AAA"
CATEGORY_TEMPLATE: Final = "cl_B7d4PD222AAA"
CATEGORY_M2M: Final = "cl_B7d4PD333AAA"
#: Some instances put this on every token; it says nothing.
CATEGORY_NEUTRAL: Final = "cl_I7d4PD111III"

#: Bytes. A cookie is at most 4 KB and common servers stop a header at 8 KB; a larger token is none.
MAX_TOKEN_SIZE: Final = 16_384

_PREFIXES: Final = {"ak_": API_KEY, "mt_": M2M_TOKEN, "oat_": OAUTH_TOKEN}
_OAUTH_TYPES: Final = ("at+jwt", "application/at+jwt")  # RFC 9068, section 2.1
_MACHINE_SUBJECT: Final = "mch_"
_BASE64URL: Final = (string.ascii_letters + string.digits + "-_").encode("ascii")
_NUMBERS: Final = frozenset({int, float})
_MAX_FLOAT: Final = sys.float_info.max
#: From base64url to base64; what is neither becomes what ``binascii`` passes over.
_STANDARD_BASE64: Final = bytes.maketrans(
    bytes(set(range(256)) - set(_BASE64URL)), b"!" * (256 - len(_BASE64URL))
).translate(bytes.maketrans(b"-_", b"+/"))
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(eq=False)
class UnverifiedToken:
    """A JWT taken apart. Nothing in it may be believed before its signature has been checked."""

    text: str = field(repr=False)
    header: FrozenDict = field(repr=False)
    payload: FrozenDict = field(repr=False)
    signature: bytes = field(repr=False)

    @lazy
    def digest(self) -> bytes:
        """What stands for the token where keeping its text would take too much room."""
        return blake2b(self.text.encode("ascii"), digest_size=16).digest()

    @property
    def header_segment(self) -> str:
        """The header as it was sent, which a key's tokens have in common."""
        return self.text.partition(".")[0]

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is of (RFC 7515, section 5.2)."""
        return self.text.rpartition(".")[0].encode("ascii")

    @lazy
    def kid(self) -> str | None:
        """The key id of the header, if it is a string."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    @property
    def machine_type(self) -> str | None:
        """The machine token type that the token claims to be of, or ``None``."""
        subject = self.payload.get("sub")
        if isinstance(subject, str) and subject.startswith(_MACHINE_SUBJECT):
            return M2M_TOKEN
        return OAUTH_TOKEN if self.header.get("typ") in _OAUTH_TYPES else None

    @property
    def token_type(self) -> str:
        """The type that the token claims to be of; one that says nothing is a session token."""
        is_template = self.header.get("cat") == CATEGORY_TEMPLATE
        return self.machine_type or (JWT_TEMPLATE if is_template else SESSION_TOKEN)

    @lazy
    def is_session_class(self) -> bool:
        """Whether nothing says that the token is anything but a session (or handshake) token.

        All tokens of an instance are signed with one key; only ``cat`` tells them apart. Tokens
        made before Clerk introduced it carry none.
        """
        if self.machine_type is not None:
            return False
        category = self.header.get("cat", CATEGORY_SESSION)
        return category in (CATEGORY_SESSION, CATEGORY_NEUTRAL)

    def number(self, claim: str) -> float:
        """Return a numeric claim, or 0 where it is missing or no number."""
        value = self.payload.get(claim)
        return value if is_number(value) else 0


@lru_cache(maxsize=32)  # the decision about one request reads a token in several places
def read_token(token: str) -> UnverifiedToken:
    """Take a compact JWT apart.

    Stricter than JSON and base64 libraries are by default: no padding, no stray bits, no
    duplicate names (RFC 7515, sections 2 and 4), no ``NaN``, no lone surrogates (RFC 7493,
    section 2.1), and nothing over the caps of size and depth.

    :param token: The compact JWT, without ``Bearer``.
    :raises TokenVerificationError: With ``token-invalid``.
    """
    if len(token) > MAX_TOKEN_SIZE:
        raise _invalid("The token is larger than any that Clerk issues.")
    if token.count(".") != 2:
        raise _invalid("A JWT has three parts of base64url, separated by dots.")
    header, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    return UnverifiedToken(token, read_header(header), _read_object(payload), _decode(signature))


def has_jwt_form(token: str) -> bool:
    """Whether a token looks like a signed JWT: three parts, none of them empty."""
    return _COMPACT.fullmatch(token) is not None and not token.endswith(".")


def claimed_type(token: str) -> str:
    """Return the type that a bearer token claims to be of; what says nothing is a session's."""
    for prefix, token_type in _PREFIXES.items():
        if token.startswith(prefix):
            return token_type
    try:
        return read_token(token).token_type
    except TokenVerificationError:
        return SESSION_TOKEN


def accepted_types(asked: str | Iterable[str]) -> tuple[str, ...]:
    """Return the token types that are meant, each once and in one order.

    :param asked: A type, several, or ``any``, which are Clerk's own types and no JWT templates.
    :raises ValueError: If one does not exist, or none is named.
    """
    names = {asked} if isinstance(asked, str) else set(asked)
    if not names or not names <= {*TOKEN_TYPES, JWT_TEMPLATE, ANY}:
        raise ValueError(f"one or several of {', '.join((*TOKEN_TYPES, JWT_TEMPLATE, ANY))}")
    meant = names.union(TOKEN_TYPES) if ANY in names else names
    return tuple(name for name in (*TOKEN_TYPES, JWT_TEMPLATE) if name in meant)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a number; ``True`` is none."""
    return type(value) in _NUMBERS


def is_finite(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a number that a float can hold."""
    return type(value) in _NUMBERS and -_MAX_FLOAT <= value <= _MAX_FLOAT


def _read_object(segment: str) -> FrozenDict:
    try:
        found = read_frozen(_decode(segment).decode("utf-8"))
    except ValueError as error:
        raise _invalid("A part of the token is not JSON.") from error
    if not isinstance(found, FrozenDict):
        raise _invalid("A part of the token is not a JSON object.")
    return found


#: Reads a header as it was sent; a key puts one and the same on its tokens.
read_header: Final = lru_cache(maxsize=32)(_read_object)


def _decode(segment: str) -> bytes:
    size = len(segment)
    try:
        standard = segment.encode("ascii").translate(_STANDARD_BASE64)
        decoded = binascii.a2b_base64(standard + b"=" * (-size % 4))
    except (binascii.Error, ValueError) as error:
        raise _invalid("A part of the token is not base64url.") from error
    # a2b_base64 passes over whatever is none of its alphabet, and the length of what it returns
    # does not tell of one such character among whole groups of four.
    if size % 4 == 1 or len(decoded) != size * 3 // 4:
        raise _invalid("A part of the token is not base64url.")
    if size % 4 and not _is_canonical(segment):
        raise _invalid("A part of the token is not canonical base64url.")
    return decoded


def _is_canonical(segment: str) -> bool:
    """Whether the last character carries no bits beyond the last byte."""
    alphabet = "AQgw" if len(segment) % 4 == 2 else "AEIMQUYcgkosw048"
    return segment[-1] in alphabet


def _invalid(message: str) -> TokenVerificationError:
    return TokenVerificationError(message, reason=Reason.TOKEN_INVALID)
