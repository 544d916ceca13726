"""The keys, and whether they are of one instance: by what the instance itself publishes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Final

from ...bound import AppClerk
from ...core.constants import Reason
from ...core.errors import BackendAPIError
from ...core.errors import TokenVerificationError
from ...core.tokens import UnverifiedToken
from .diagnosis import Diagnosis
from .diagnosis import green
from .diagnosis import red
from .diagnosis import skipped
from .diagnosis import yellow

#: Seconds that nobody notices.
_CLOSE: Final = 2.0


def of_settings(clerk: AppClerk, *, is_production: bool) -> Iterator[Diagnosis]:
    """Look at the keys that are set, without asking Clerk."""
    config = clerk.instance.config
    if config.local:
        yield green("keys", "The local Clerk's own.")
        return
    kind = "test" if config.is_development else "live"
    publishable, secret = config.publishable_key, config.secret_key
    if publishable is None:
        yield yellow(
            "keys",
            "There is no CLERK_PUBLISHABLE_KEY, so no browser's session is settled or renewed.",
            "Set it, unless this is an API that only sees tokens.",
        )
    elif secret is None:
        yield yellow(
            "keys",
            "There is no CLERK_SECRET_KEY: expired sessions take a detour, and users and sessions "
            "cannot be read or ended.",
            "Set it.",
        )
    else:
        yield green("keys", f"Both are {kind} keys, for {publishable.frontend_api}.")
    if is_production and config.is_development:
        yield red(
            "kind of keys",
            "Test keys are set in production.",
            "Set live keys, pk_live_ and sk_live_.",
        )


def of_instance(clerk: AppClerk, token: UnverifiedToken | None) -> Iterator[Diagnosis]:
    """Ask for signing keys and hold them against each other.

    :param token: One whose key should be among them.
    """
    config = clerk.instance.config
    yield _signing_keys(clerk)
    has_others = config.secret_key is not None or config.jwt_key is not None
    if config.publishable_key is not None and has_others and not config.local:
        yield _one_instance(clerk)
    if token is not None:
        yield _key_of(token, clerk)


def of_clock(clerk: AppClerk) -> Diagnosis:
    """Compare the clock with that of Clerk's servers."""
    config = clerk.instance.config
    if config.local:
        return green("clock", "The local Clerk goes by the app's own.")
    host = config.api_url if config.secret_key is not None else config.instance_frontend_api
    if host is None:
        return skipped("clock", "There is no server to compare it with.")
    began = time.monotonic()
    try:
        there = clerk.client.server_time(host)
        ahead = clerk.instance.now() - there
    except BackendAPIError as error:
        return skipped("clock", f"It could not be compared. {error.message}")
    close = _CLOSE + (time.monotonic() - began) / 2  # by so much the measurement may be wrong
    words = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Clerk's"
    if abs(ahead) <= close:
        return green("clock", f"Within {math.ceil(close)} s of Clerk's.")
    if abs(ahead) <= config.clock_skew:
        return yellow("clock", f"It is {words}.", "Set it by NTP.")
    return red(
        "clock",
        f"It is {words}, and CLERK_CLOCK_SKEW allows {config.clock_skew:.0f} s.",
        "Set it by NTP: tokens count as expired, or as issued in the future.",
    )


def _signing_keys(clerk: AppClerk) -> Diagnosis:
    instance = clerk.instance
    if instance.config.jwt_key is not None:
        return green("signing keys", "CLERK_JWT_KEY verifies tokens without a call.")
    try:
        kids = _kids(instance.backend.fetch_jwks())
    except BackendAPIError as error:
        repair = "Check CLERK_SECRET_KEY." if error.status == 401 else "Check the network."
        return red("signing keys", error.message, repair)
    if not kids:
        return red("signing keys", "Clerk answered without any.", "Check CLERK_API_URL.")
    return green("signing keys", f"Fetched: {', '.join(kids)}.")


def _one_instance(clerk: AppClerk) -> Diagnosis:
    """Compare what the publishable key's Frontend API signs with to what the other keys say."""
    config = clerk.instance.config
    is_proxied = config.proxy_url is not None and not config.proxy_url.startswith("/")
    base = config.proxy_url if is_proxied else config.instance_frontend_api
    try:
        published = clerk.client.send("GET", f"{base}/.well-known/jwks.json", retry=True)
        kids = _kids(published)
    except BackendAPIError as error:
        return yellow(
            "one instance",
            f"The Frontend API of CLERK_PUBLISHABLE_KEY does not answer. {error.message}",
            "Check that the key is complete, and its domain or CLERK_PROXY_URL set up.",
        )
    if config.jwt_key is not None:
        own = config.jwt_key.as_dict(private=False)["n"]
        is_own = own in [key.get("n") for key in published.get("keys", ())]
        other = "CLERK_JWT_KEY"
    else:
        is_own = any(_has(clerk, kid) for kid in kids)
        other = "CLERK_SECRET_KEY"
    if is_own:
        return green("one instance", f"CLERK_PUBLISHABLE_KEY and {other} belong together.")
    return red(
        "one instance",
        f"CLERK_PUBLISHABLE_KEY and {other} are of two instances.",
        "Copy both from one instance's page of API keys.",
    )


def _key_of(token: UnverifiedToken, clerk: AppClerk) -> Diagnosis:
    try:
        clerk.instance.keys.get(token.kid)
    except TokenVerificationError as error:
        if error.reason != Reason.JWK_KID_MISMATCH:
            return skipped("the token's key", "Without signing keys there is none to look for.")
        return red(
            "the token's key",
            f"None of the signing keys is {token.kid}.",
            f"The token is of another instance ({token.payload.get('iss')}): check the keys there.",
        )
    return green("the token's key", f"{token.kid} is known.")


def _has(clerk: AppClerk, kid: str) -> bool:
    try:
        clerk.instance.keys.get(kid)
    except TokenVerificationError:
        return False
    return True


def _kids(document: Mapping[str, Any]) -> list[str]:
    """Return the ids of the keys in a JWKS.

    :raises BackendAPIError: If it is none.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise BackendAPIError("The answer is no JWKS.")
    return [key["kid"] for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
