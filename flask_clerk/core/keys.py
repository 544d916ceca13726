"""Publishable keys, secret keys and the PEM of a signing key: what an instance is known by."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import textwrap
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Final

from .errors import ConfigurationError
from .lazy import lazy

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

DEVELOPMENT: Final = "development"
PRODUCTION: Final = "production"

#: RFC 7518, section 3.3: keys for RS256 have 2048 bits or more.
MINIMUM_RSA_BITS: Final = 2048

_TOO_SHORT: Final = "CLERK_JWT_KEY is too short: RS256 needs 2048 bits or more."
_KEY_KIND = re.compile(r"(?P<kind>pk|sk|ak|whsec)_")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class PublishableKey:
    """What a publishable key says: the kind of instance and the host of its Frontend API."""

    value: str
    instance_type: str
    frontend_api: str

    @classmethod
    def parse(cls, value: str) -> PublishableKey:
        """Read ``pk_test_…`` or ``pk_live_…``.

        :raises ConfigurationError: If it is another kind of key or names no host.
        """
        for prefix, instance_type in (("pk_test_", DEVELOPMENT), ("pk_live_", PRODUCTION)):
            if value.startswith(prefix):
                host = _decode_host(value[len(prefix) :])
                return cls(value, instance_type, host)
        raise ConfigurationError(
            f"CLERK_PUBLISHABLE_KEY begins with pk_test_ or pk_live_; {_what_it_is(value)}."
        )

    @classmethod
    def build(cls, frontend_api: str, instance_type: str = DEVELOPMENT) -> PublishableKey:
        """Make the key of an instance whose Frontend API is at this host (``host[:port]``)."""
        prefix = "pk_live_" if instance_type == PRODUCTION else "pk_test_"
        encoded = base64.b64encode(f"{frontend_api}$".encode("ascii")).decode("ascii")
        return cls.parse(prefix + encoded.rstrip("="))

    @property
    def is_development(self) -> bool:
        """Whether the instance is a development instance."""
        return self.instance_type == DEVELOPMENT

    @lazy
    def cookie_suffix(self) -> str:
        """The eight characters that mark this instance's cookies."""
        digest = hashlib.sha1(self.value.encode(), usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).decode("ascii")[:8]


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret key, hidden from every repr."""

    value: str = field(repr=False)

    @classmethod
    def parse(cls, value: str, setting: str = "CLERK_SECRET_KEY", prefix: str = "sk") -> SecretKey:
        """Read ``sk_test_…`` or ``sk_live_…``.

        :param setting: The name of the setting, for the message.
        :param prefix: The kind of key expected: ``sk``, or ``ak`` for a machine's.
        :raises ConfigurationError: If it is another kind of key.
        """
        expected = (f"{prefix}_test_", f"{prefix}_live_") if prefix == "sk" else (f"{prefix}_",)
        if not value.startswith(expected):
            raise ConfigurationError(
                f"{setting} begins with {' or '.join(expected)}; {_what_it_is(value)}."
            )
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ConfigurationError(
                f"{setting} has a character that no key has; copy it again from Clerk's dashboard."
            )
        return cls(value)

    @property
    def is_development(self) -> bool:
        """Whether the key belongs to a development instance."""
        return "_test_" in self.value[:8]


def import_public_key(pem: str) -> RSAKey:
    r"""Return the RSA public key of a PEM text, as ``CLERK_JWT_KEY`` may hold it.

    Line breaks may be literal ``\\n``, and the header and footer lines may be missing.

    :raises ConfigurationError: If it is no RSA public key of at least 2048 bits.
    """
    from joserfc.errors import SecurityWarning
    from joserfc.jwk import RSAKey

    text = pem.replace("\\r", "").replace("\\n", "\n").strip().strip("\"'")
    if "PRIVATE KEY" in text:
        raise ConfigurationError("CLERK_JWT_KEY holds a private key; set the PEM public key.")
    body = re.sub(r"-----[A-Z ]+-----|\s", "", text)
    label = "RSA PUBLIC KEY" if "BEGIN RSA PUBLIC KEY" in text else "PUBLIC KEY"
    lines = "\n".join(textwrap.wrap(body, 64))
    try:
        key: RSAKey = RSAKey.import_key(
            f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
        )
    except SecurityWarning as warning:  # raised where warnings are errors
        raise ConfigurationError(_TOO_SHORT) from warning
    except Exception:  # joserfc lets through what cryptography raises, which is of many kinds
        raise ConfigurationError(
            "CLERK_JWT_KEY is not a PEM public key; copy it from the API keys page of Clerk's "
            "dashboard, under JWKS public key."
        ) from None  # an error of encoding would quote the value
    if not is_strong(key):
        raise ConfigurationError(_TOO_SHORT)
    return key


def is_strong(key: RSAKey) -> bool:
    """Whether the key is long enough for RS256 (RFC 7518, section 3.3)."""
    return key.public_key.key_size >= MINIMUM_RSA_BITS


def _decode_host(encoded: str) -> str:
    padded = encoded + "=" * (-len(encoded) % 4)
    try:
        decoded = base64.b64decode(padded, validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError(
            "CLERK_PUBLISHABLE_KEY cannot be decoded; copy it again from Clerk's dashboard."
        ) from error
    host, dollar, rest = decoded.partition("$")
    if not dollar or rest or not _HOST.fullmatch(host):
        raise ConfigurationError(
            "CLERK_PUBLISHABLE_KEY names no Frontend API; copy it again from Clerk's dashboard."
        )
    return host


def _what_it_is(value: str) -> str:
    """Say what was found without showing it: whatever stands there may be a secret."""
    match = _KEY_KIND.match(value)
    if match is None:
        return "this value does not"
    kinds = {"pk": "a publishable", "sk": "a secret", "ak": "an API", "whsec": "a webhook signing"}
    return f"this one is {kinds[match['kind']]} key"
