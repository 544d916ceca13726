"""The signing keys of one instance: fixed, or fetched, kept for a while and renewed."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final
from typing import Protocol

from joserfc.errors import JoseError
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from .constants import Reason
from .errors import ClerkError
from .errors import SigningKeyError
from .keys import is_strong

logger = logging.getLogger("flask_clerk")

#: Seconds. An unknown ``kid`` may cost one fetch in this time, however many there are. So long at
#: most can forgers, who choose the ``kid``, keep a key from being found that is new.
UNKNOWN_KID_COOLDOWN: Final = 5.0
#: Seconds for which a token with an unknown ``kid`` waits for the fetch under way: its key may be
#: among the new ones.
SEARCH_PATIENCE: Final = 2.0
#: Seconds. After a failed fetch the next one waits this long; doubled with each failure in a row.
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 30.0
#: Seconds beyond the TTL for which the last good keys serve while fetches fail.
MAX_STALENESS: Final = 3600.0
#: Seconds after a failed fetch for which no request waits for another while old keys can serve.
_OUTAGE: Final = 120.0
#: The part of the TTL after which a request starts a fetch behind the scenes.
_EARLY: Final = 0.8
_MAX_KEYS: Final = 100

Fetch = Callable[[], Mapping[str, Any]]


class SigningKeys(Protocol):
    """Where verification gets its one explicit key from."""

    def get(self, kid: str | None) -> RSAKey:
        """Return the key of this id.

        :raises SigningKeyError: If there is none, with Clerk's reason.
        """


@dataclass(frozen=True, slots=True)
class FixedKey:
    """The one key of ``CLERK_JWT_KEY``. It verifies every ``kid`` and never costs a call."""

    key: RSAKey = field(repr=False)

    def get(self, kid: str | None) -> RSAKey:
        """Return the key."""
        return self.key


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: Mapping[str, RSAKey]
    fetched_at: float


class RemoteKeys:
    """Keys fetched from a JWKS endpoint (RFC 7517, section 5).

    Reading a known key of a fresh set takes no lock. Whoever needs a fetch starts one or waits
    for the one under way, so that any number of threads costs one call.
    """

    def __init__(self, fetch: Fetch, ttl: float, clock: Callable[[], float]) -> None:
        """Remember how to fetch; nothing is fetched yet.

        :param fetch: Returns the JSON of the endpoint, or raises ``ClerkError``.
        :param ttl: Seconds for which fetched keys are believed.
        :param clock: Returns the wall time in Unix seconds.
        """
        self._fetch = fetch
        self._ttl = ttl
        self._clock = clock
        self._current: _KeySet | None = None
        self._failure = ("The signing keys could not be loaded.", Reason.JWK_FAILED_TO_LOAD)
        self._failed_at = self._searched_at = float("-inf")
        self._retry_after = 0.0
        self._reset_locks()

    def get(self, kid: str | None) -> RSAKey:
        """Return the key of this id, fetching where that may help.

        :raises SigningKeyError: ``jwk-kid-mismatch`` if the instance has no such key,
            ``jwk-remote-failed-to-load`` (or ``secret-key-invalid``) if no keys can be had.
        """
        before = self._current
        current = self._believed()
        key = current.keys.get(kid or "")
        if key is None and current is before:
            current = self._search(current) or current
            key = current.keys.get(kid or "")
        if key is None:
            raise SigningKeyError(
                "No signing key of this instance has the token's kid. Check that the keys set "
                "here and those of the front end belong to one Clerk instance.",
                reason=Reason.JWK_KID_MISMATCH,
            )
        return key

    def _believed(self) -> _KeySet:
        """Return keys young enough to believe, or old ones while no newer can be had."""
        current = self._current
        if current is not None:
            age = self._clock() - current.fetched_at
            if 0 <= age < self._ttl * _EARLY:
                return current
            if 0 <= age < self._ttl:
                self._renew_behind_the_scenes(current)
                return current
            if self._is_outage() and age < self._ttl + MAX_STALENESS:
                self._renew_behind_the_scenes(current)
                return current
        renewed = self._renew(current)
        if renewed is not None:
            return renewed
        if current is not None and self._clock() - current.fetched_at < self._ttl + MAX_STALENESS:
            return current
        message, reason = self._failure
        raise SigningKeyError(message, reason=reason)

    def _is_outage(self) -> bool:
        return bool(self._retry_after) and 0 <= self._clock() - self._failed_at < _OUTAGE

    def _renew(self, seen: _KeySet | None) -> _KeySet | None:
        """Return keys newer than ``seen``, or ``None`` when a fetch failed or must wait."""
        self._reset_locks_after_fork()
        with self._lock:
            return self._newer_than(seen)

    def _search(self, seen: _KeySet) -> _KeySet | None:
        """Return keys newer than ``seen`` if they may be asked for now; a forger chooses the kid.

        While nothing answers nobody waits here: a worker's threads would soon all be waiting.
        """
        self._reset_locks_after_fork()
        lock = self._lock
        if not lock.acquire(timeout=0 if self._is_outage() else SEARCH_PATIENCE):
            return None
        try:
            now = self._clock()
            if self._current is seen:
                if 0 <= now - self._searched_at < UNKNOWN_KID_COOLDOWN:
                    return None
                self._searched_at = now
            return self._newer_than(seen)
        finally:
            lock.release()

    def _newer_than(self, seen: _KeySet | None) -> _KeySet | None:
        """Return keys newer than ``seen``, fetching them unless it is too soon; under the lock."""
        if self._current is not seen and self._current is not None:
            return self._current
        if 0 <= self._clock() - self._failed_at < self._retry_after:
            return None
        return self._load()

    def _renew_behind_the_scenes(self, seen: _KeySet) -> None:
        self._reset_locks_after_fork()
        if not self._background.acquire(blocking=False):
            return
        background = self._background

        def work() -> None:
            try:
                self._renew(seen)
            finally:
                background.release()

        try:
            threading.Thread(target=work, name="clerk-jwks", daemon=True).start()
        except RuntimeError:
            background.release()

    def _load(self) -> _KeySet | None:
        now = self._clock()
        try:
            keys = _read_keys(self._fetch())
        except ClerkError as error:
            self._failed_at = self._clock()
            self._retry_after = min(max(self._retry_after * 2, FIRST_RETRY), LONGEST_RETRY)
            self._failure = (error.message, _failure_reason(error))
            logger.warning("The signing keys could not be loaded: %s", error)
            return None
        self._retry_after = 0.0
        self._current = _KeySet(keys, now)
        return self._current

    def _reset_locks(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._background = threading.Lock()

    def _reset_locks_after_fork(self) -> None:
        """Replace locks that a thread of the parent process may hold for ever."""
        if self._pid != os.getpid():
            self._reset_locks()


def _read_keys(document: Mapping[str, Any]) -> dict[str, RSAKey]:
    """Return the usable keys of a JWKS by their ids; others are passed over.

    :raises SigningKeyError: If there is none.
    """
    listed = document.get("keys")
    keys: dict[str, RSAKey] = {}
    for jwk in listed[:_MAX_KEYS] if isinstance(listed, list) else ():
        key = _read_key(jwk)
        if key is not None:
            keys[jwk["kid"]] = key
    if not keys:
        raise SigningKeyError("The JWKS endpoint answered without any usable signing key.")
    return keys


def _read_key(jwk: Any) -> RSAKey | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str):
        return None
    if jwk.get("kty") != "RSA" or jwk.get("alg", "RS256") != "RS256":
        return None
    if jwk.get("use", "sig") != "sig":
        return None
    try:
        if "verify" not in jwk.get("key_ops", ["verify"]):
            return None
        key = RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
    except (KeyError, TypeError, ValueError, AttributeError, JoseError, SecurityWarning):
        return None  # where warnings are errors, joserfc raises the one about a short key
    return key if is_strong(key) else None


def _failure_reason(error: ClerkError) -> str:
    if "clerk_key_invalid" in getattr(error, "codes", ()):
        return Reason.SECRET_KEY_INVALID
    return Reason.JWK_FAILED_TO_LOAD
