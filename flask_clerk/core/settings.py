"""Reading one setting: a raw value from a configuration file or the environment, made typed.

Every reader takes the value and the setting's name and raises ``ConfigurationError`` with one
sentence that says what to set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Any
from typing import NoReturn
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .keys import PublishableKey
from .keys import SecretKey
from .keys import import_public_key
from .tokens import accepted_types
from .urls import is_loopback
from .urls import origin_of

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

_MAX_SKEW = 300
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_SIGNING_SECRET = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,4}={0,2}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


def text(value: Any, name: str) -> str:
    """Return a string without line breaks or other control characters."""
    if not isinstance(value, str) or not value.isprintable():
        _refuse(name, "a string on one line")
    return value.strip()


def flag(value: Any, name: str) -> bool:
    """Return a boolean; ``false``, ``0`` and ``no`` from the environment are false."""
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        _refuse(name, "true or false")
    return word in _TRUE


def seconds(value: Any, name: str) -> float:
    """Return a number of seconds, zero or more."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        _refuse(name, "a number of seconds, 0 or more")
    return number


def skew(value: Any, name: str) -> float:
    """Return a number of seconds by which clocks may differ, five minutes at most."""
    number = seconds(value, name)
    if number > _MAX_SKEW:
        _refuse(name, f"a number of seconds (not milliseconds), {_MAX_SKEW} at most")
    return number


def count(value: Any, name: str) -> int:
    """Return a whole number, zero or more."""
    number = seconds(value, name)
    if number != int(number):
        _refuse(name, "a whole number, 0 or more")
    return int(number)


def strings(value: Any, name: str) -> tuple[str, ...]:
    """Return a tuple from a list or from comma-separated text."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        _refuse(name, "a list, or text separated by commas")
    found = tuple(filter(None, (text(item, name) for item in value)))
    if not found:
        _refuse(name, "left out, or name at least one")
    return found


def rules(value: Any, name: str) -> tuple[str, ...]:
    """Return a tuple of Flask URL rules; one rule may stand alone."""
    found = strings(value, name)
    if any(not rule.startswith("/") for rule in found):
        _refuse(name, 'a list of URL rules that begin with a slash, such as "/orgs/<slug>"')
    return found


def origins(value: Any, name: str) -> tuple[str, ...]:
    """Return a tuple of origins, each a scheme and a host, without path."""
    found = strings(value, name)
    for origin in found:
        if origin_of(origin) != origin.lower():
            _refuse(name, "origins with a scheme and no path, such as https://app.example.com")
    return tuple(origin.lower() for origin in found)


def urls(value: Any, name: str) -> tuple[str, ...]:
    """Return a tuple of absolute http(s) URLs."""
    return tuple(url(item, name) for item in strings(value, name))


def url(value: Any, name: str) -> str:
    """Return an absolute http(s) URL without a trailing slash."""
    found = text(value, name)
    if origin_of(found) is None:
        _refuse(name, "an absolute URL that begins with https:// or http://")
    return found.rstrip("/")


def url_or_path(value: Any, name: str) -> str:
    """Return an absolute http(s) URL, or a path that begins with one slash."""
    found = text(value, name)
    if re.match(r"/(?![/\\])", found):
        return found.rstrip("/") or "/"
    if origin_of(found) is None:
        _refuse(name, "an absolute URL, or a path that begins with one slash")
    return found.rstrip("/")


def frontend_api(value: Any, name: str) -> str:
    """Return the base URL of a Frontend API, given as a host or as a URL."""
    found = text(value, name)
    return url(found if "://" in found else f"https://{found}", name)


def api_url(value: Any, name: str) -> str:
    """Return the Backend API's URL, which does not carry the version."""
    found = url(value, name)
    if found.startswith("http:") and not is_loopback(found):
        _refuse(name, "an https URL, since the secret key travels to it")
    if re.search(r"/v\d+$", found):
        _refuse(name, "a URL without /v1: CLERK_API_VERSION is that part of the path")
    return found


def domain(value: Any, name: str) -> str:
    """Return a host name without scheme and path."""
    found = text(value, name)
    if not _HOST.fullmatch(found):
        _refuse(name, "a host without scheme and path, such as satellite.example")
    return found.lower()


def publishable_key(value: Any, name: str) -> PublishableKey:
    """Return the parsed publishable key."""
    return PublishableKey.parse(text(value, name))


def secret_key(value: Any, name: str) -> SecretKey:
    """Return the secret key."""
    return SecretKey.parse(text(value, name))


def machine_secret_key(value: Any, name: str) -> SecretKey:
    """Return the secret key of a machine."""
    return SecretKey.parse(text(value, name), name, "ak")


def pem(value: Any, name: str) -> RSAKey:
    """Return the public key of a PEM text."""
    if not isinstance(value, str):
        _refuse(name, "the text of a PEM public key")
    return import_public_key(value)


def token_types(value: Any, name: str) -> tuple[str, ...]:
    """Return the token types that routes accept unless they say otherwise."""
    found = strings(value, name)
    try:
        return accepted_types(found)
    except ValueError as error:
        _refuse(name, str(error))


def signing_secrets(value: Any, name: str) -> tuple[str, ...]:
    """Return the signing secrets of a webhook endpoint: one, or several while they change."""
    found = strings(value, name)
    if not all(map(_SIGNING_SECRET.fullmatch, found)):
        _refuse(name, "the signing secret of the webhook endpoint, which begins with whsec_")
    return found


def store_url(value: Any, name: str) -> str:
    """Return the URL of a revocation store."""
    found = text(value, name)
    if urlsplit(found).scheme not in {"memory", "redis", "rediss", "unix"}:
        _refuse(name, "memory:// or redis://host:port/0")
    return found


def _refuse(name: str, expected: str) -> NoReturn:
    raise ConfigurationError(f"{name} must be {expected}.")
