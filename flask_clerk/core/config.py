"""Every setting once: its type, its default, where it is read from, and what contradicts it."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from typing import TYPE_CHECKING
from typing import Any

from . import settings
from .constants import API_URL
from .constants import API_VERSION
from .errors import ConfigurationError
from .keys import PublishableKey
from .keys import SecretKey
from .lazy import lazy
from .tokens import SESSION_TOKEN

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

_PREFIX = "CLERK_"
_ALIASES = {"frontend_api": ("FAPI",)}


def _setting(read: Callable[[Any, str], Any], default: Any = None, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"read": read})


@dataclass(frozen=True, kw_only=True)
class ClerkConfig:
    """The settings of one instance, validated and frozen. Durations are in seconds."""

    publishable_key: PublishableKey | None = _setting(settings.publishable_key)
    secret_key: SecretKey | None = _setting(settings.secret_key, secret=True)
    machine_secret_key: SecretKey | None = _setting(settings.machine_secret_key, secret=True)
    jwt_key: RSAKey | None = _setting(settings.pem, secret=True)
    api_url: str = _setting(settings.api_url, API_URL)
    api_version: str = _setting(settings.text, API_VERSION)
    frontend_api: str | None = _setting(settings.frontend_api)

    authorized_parties: tuple[str, ...] = _setting(settings.origins, ())
    audience: tuple[str, ...] = _setting(settings.strings, ())
    issuers: tuple[str, ...] = _setting(settings.urls, ())
    clock_skew: float = _setting(settings.skew, 5.0)
    accepts_token: tuple[str, ...] = _setting(settings.token_types, (SESSION_TOKEN,))
    machine_token_cache_ttl: float = _setting(settings.seconds, 0.0)

    proxy_url: str | None = _setting(settings.url_or_path)
    domain: str | None = _setting(settings.domain)
    is_satellite: bool = _setting(settings.flag, False)
    satellite_auto_sync: bool = _setting(settings.flag, False)
    organization_patterns: tuple[str, ...] = _setting(settings.rules, ())
    personal_account_patterns: tuple[str, ...] = _setting(settings.rules, ())

    sign_in_url: str | None = _setting(settings.url_or_path)
    sign_up_url: str | None = _setting(settings.url_or_path)
    sign_in_fallback_redirect_url: str | None = _setting(settings.url_or_path)
    sign_in_force_redirect_url: str | None = _setting(settings.url_or_path)
    sign_up_fallback_redirect_url: str | None = _setting(settings.url_or_path)
    sign_up_force_redirect_url: str | None = _setting(settings.url_or_path)
    allowed_redirect_origins: tuple[str, ...] = _setting(settings.origins, ())

    require_auth: bool = _setting(settings.flag, False)
    redirect_to_sign_in: bool = _setting(settings.flag, False)
    treat_pending_as_signed_out: bool = _setting(settings.flag, True)
    jwks_ttl: float = _setting(settings.seconds, 300.0)
    token_cache_size: int = _setting(settings.count, 10_000)

    webhook_signing_secret: tuple[str, ...] = _setting(settings.signing_secrets, (), secret=True)
    revocation_url: str = _setting(settings.store_url, "memory://", secret=True)
    revocation_lifetime: float = _setting(settings.seconds, 60.0)
    revocation_fail_closed: bool = _setting(settings.flag, False)
    js_url: str | None = _setting(settings.url_or_path)
    js_version: str | None = _setting(settings.text)
    local: bool = _setting(settings.flag, False)

    @classmethod
    def load(
        cls,
        arguments: Mapping[str, Any],
        app_config: Mapping[str, Any],
        environ: Mapping[str, str],
    ) -> ClerkConfig:
        """Read every setting from the first place that has it.

        ``None`` and empty text mean that a place does not have it. Unknown ``CLERK_`` names warn
        with the nearest known one.

        :param arguments: Keyword arguments, named as the fields are.
        :param app_config: ``CLERK_…`` keys of the app.
        :param environ: ``CLERK_…`` environment variables.
        :raises ConfigurationError: For an unknown argument, a bad value or a contradiction.
        """
        known = {spec.name for spec in fields(cls)}
        for name in arguments:
            if name not in known:
                plain = name.lower().removeprefix(_PREFIX.lower())
                raise ConfigurationError(f"Unknown setting {name}{_suggest(plain, known)}.")
        _warn_of_unknown(app_config, known)
        _warn_of_unknown(environ, known, only_similar=True)
        found: dict[str, Any] = {}
        for spec in fields(cls):
            name = _PREFIX + spec.name.upper()
            names = [name, *(_PREFIX + alias for alias in _ALIASES.get(spec.name, ()))]
            places = [(arguments, [spec.name]), (app_config, names), (environ, names)]
            value = _first(places)
            if value is not None:
                found[spec.name] = spec.metadata["read"](value, name)
        config = cls(**found)
        config._check()
        return config

    @lazy
    def is_development(self) -> bool:
        """Whether the instance is a development instance, as far as its keys tell."""
        if self.publishable_key is not None:
            return self.publishable_key.is_development
        return self.secret_key is not None and self.secret_key.is_development

    @lazy
    def issuer(self) -> str | None:
        """The URL by which the instance's tokens name it, as far as its keys tell."""
        if self.publishable_key is None:
            return self.frontend_api
        if self.is_satellite and self.domain and not self.is_development:
            return f"https://clerk.{self.domain}"
        return f"https://{self.publishable_key.frontend_api}"

    @lazy
    def instance_frontend_api(self) -> str | None:
        """The base URL at which the instance's Frontend API is reached without a proxy."""
        return self.frontend_api or self.issuer

    @property
    def has_sign_in_page(self) -> bool:
        """Whether there is a page to sign in at: the app's own, or the account portal."""
        return self.sign_in_url is not None or self.issuer is not None

    def _check(self) -> None:
        publishable, secret = self.publishable_key, self.secret_key
        if publishable is None and secret is None and self.jwt_key is None:
            raise ConfigurationError(
                "No key is set: set CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY, or CLERK_JWT_KEY "
                "alone for an API that only verifies tokens, or CLERK_LOCAL=true to develop "
                "without an account."
            )
        if publishable and secret and publishable.is_development != secret.is_development:
            raise ConfigurationError(
                "CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY are of two kinds: set two test keys "
                "or two live keys, both of one instance."
            )
        if self.redirect_to_sign_in and not self.has_sign_in_page:
            raise ConfigurationError(
                "CLERK_REDIRECT_TO_SIGN_IN needs a page to sign in at: set CLERK_PUBLISHABLE_KEY "
                "or CLERK_SIGN_IN_URL."
            )
        if self.is_satellite and not (self.domain or self.proxy_url):
            raise ConfigurationError(
                "CLERK_IS_SATELLITE needs CLERK_DOMAIN, the satellite's own domain, or "
                "CLERK_PROXY_URL."
            )
        if self.is_satellite and self.is_development and not _is_absolute(self.sign_in_url):
            raise ConfigurationError(
                "CLERK_IS_SATELLITE with a development instance needs CLERK_SIGN_IN_URL, the "
                "absolute URL of the primary app's sign-in page."
            )


def wants_local(*places: Mapping[str, Any]) -> bool:
    """Whether the first place that has ``local`` asks for a local Clerk.

    :param places: As :meth:`ClerkConfig.load` takes them; ``local`` may also be an instance.
    :raises ConfigurationError: If the value is text or a number but no boolean.
    """
    value = _first((place, ["local", f"{_PREFIX}LOCAL"]) for place in places)
    if value is None or isinstance(value, (bool, str, int)):
        return value is not None and settings.flag(value, f"{_PREFIX}LOCAL")
    return True


def _is_absolute(url: str | None) -> bool:
    return url is not None and not url.startswith("/")


def _first(places: Iterable[tuple[Mapping[str, Any], list[str]]]) -> Any:
    for mapping, names in places:
        for name in names:
            value = mapping.get(name)
            if value is not None and value != "":
                return value
    return None


def _warn_of_unknown(
    mapping: Mapping[str, Any], known: set[str], *, only_similar: bool = False
) -> None:
    """Warn of ``CLERK_`` names that nothing reads.

    Other software of Clerk reads variables of its own from the environment, so there a name must
    resemble one of ours to be worth a word.
    """
    names = known | {alias.lower() for aliases in _ALIASES.values() for alias in aliases}
    for key in mapping:
        if not isinstance(key, str) or not key.startswith(_PREFIX):
            continue
        name = key[len(_PREFIX) :].lower()
        suggestion = _suggest(name, names, _PREFIX)
        if name not in names and (suggestion or not only_similar):
            warnings.warn(f"Unknown setting {key}{suggestion}.", UserWarning, stacklevel=4)


def _suggest(name: str, known: Iterable[str], prefix: str = "") -> str:
    nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    if not nearest:
        return ""
    found = prefix + nearest[0].upper() if prefix else nearest[0]
    return f"; did you mean {found}"
