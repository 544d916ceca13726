"""Token to verified claims: signature first, then every claim, with Clerk's reasons."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from typing import Any
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from .claims import Claims
from .config import ClerkConfig
from .constants import Reason
from .errors import SigningKeyError
from .errors import TokenVerificationError
from .jwks import SigningKeys
from .recent import Recent
from .revocation import RevocationStore
from .tokens import CATEGORY_M2M
from .tokens import JWT_TEMPLATE
from .tokens import M2M_TOKEN
from .tokens import OAUTH_TOKEN
from .tokens import SESSION_TOKEN
from .tokens import UnverifiedToken
from .tokens import is_finite
from .tokens import read_header
from .tokens import read_token

_ALGORITHM: Final = "RS256"
#: Clerk's own header parameters (``cat``, ``oiat``) are no error.
_REGISTRY: Final = JWSRegistry(algorithms=[_ALGORITHM], strict_check_header=False)
_RS256: Final = _REGISTRY.get_alg(_ALGORITHM)

#: Unix seconds. What ``nbf`` and ``iat`` count as where they are missing.
_LONG_AGO: Final = -sys.float_info.max


@dataclass(slots=True, eq=False)
class Signature:
    """Which key signed which claims: a fact that no clock and no setting can change."""

    kid: str | None
    key: RSAKey = field(repr=False)
    claims: Claims = field(repr=False)


class TokenVerifier:
    """Verifies the tokens of one instance with its keys, clock and accepted parties."""

    def __init__(
        self,
        config: ClerkConfig,
        keys: SigningKeys,
        clock: Callable[[], float],
        revocations: RevocationStore,
    ) -> None:
        """Verify by these settings.

        :param clock: Returns the wall time in Unix seconds.
        """
        self._config = config
        self._keys = keys
        self._clock = clock
        self._revocations = revocations
        self._signatures: Recent[bytes, Signature] = Recent(config.token_cache_size)

    def verify_session_token(self, text: str, *, clock_skew: float | None = None) -> Claims:
        """Return the claims of a session token.

        The signature is checked before any claim, so that a forged token learns nothing about
        the settings; the class of the token is checked here too, so that no caller can forget it.

        :param clock_skew: Seconds to allow instead of ``CLERK_CLOCK_SKEW``.
        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        token = read_token(text)
        check_class(token)
        claims = self._verify_signature(token)
        skew = self._config.clock_skew if clock_skew is None else clock_skew
        check_claims(claims, self._config, self._clock(), skew)
        check_revocation(claims, self._revocations)
        return claims

    def verify_template_token(self, text: str) -> Claims:
        """Return the claims of a token made from a JWT template, held to what a session's is.

        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        token = read_token(text)
        check_class(token, JWT_TEMPLATE)
        claims = self._verify_signature(token)
        check_claims(claims, self._config, self._clock(), self._config.clock_skew)
        return claims

    def verify_machine_token(self, token: UnverifiedToken) -> Claims:
        """Return the claims of an M2M or OAuth token, which no browser and no origin holds.

        :raises TokenVerificationError: With the reason of the first check that fails.
        """
        exempt = EXEMPT.get(token.token_type, ())
        claims = self._verify_signature(token, except_for=exempt)
        if token.token_type == OAUTH_TOKEN:
            self.check_oauth_audience(claims)
        skew = self._config.clock_skew
        check_claims(claims, self._config, self._clock(), skew, except_for=exempt)
        return claims

    def verify_handshake_token(self, text: str) -> list[str]:
        """Return the ``Set-Cookie`` lines of a handshake token, which has no times to check.

        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        token = read_token(text)
        check_class(token)
        lines = self._verify_signature(token).get("handshake")
        if not isinstance(lines, list):
            return []
        return [line for line in lines if isinstance(line, str)]

    def signature_of(self, text: str) -> Signature | None:
        """Return the signature of a token that was verified a while ago, if it is remembered."""
        return self._signatures.get(read_token(text).digest)

    def still_believes(self, signature: Signature) -> bool:
        """Whether the key is one to verify with now, and nothing has ended the session since.

        It asks for the key as a verification does, so that keys age, are renewed and are waited
        for alike; why there is none is for a verification to say.
        """
        try:
            key = self._keys.get(signature.kid)
        except SigningKeyError:
            return False
        return key is signature.key and not self._revocations.ends(signature.claims)

    def check_oauth_audience(self, says: Mapping[str, Any]) -> None:
        """Refuse an OAuth token that is not for this API, by claims or by Clerk's answer.

        :raises TokenVerificationError: ``token-verification-failed``.
        """
        check_oauth_audience(says, self._config)

    def _verify_signature(
        self, token: UnverifiedToken, *, except_for: Collection[str] = ()
    ) -> Claims:
        key = self._keys.get(token.kid)
        signature = self._signatures.get(token.digest)
        if signature is None or signature.key is not key:
            check_header(token, except_for=except_for)
            check_signature(token, key)
            signature = Signature(token.kid, key, token.payload)
            self._signatures.add(token.digest, signature)
        return signature.claims


def check_class(token: UnverifiedToken, token_type: str = SESSION_TOKEN) -> None:
    """Refuse a token of another class than the type that it is taken for.

    A handshake token is of a session token's class.

    :raises TokenVerificationError: ``token-invalid``.
    """
    if token_type == SESSION_TOKEN:
        is_right = token.is_session_class
    else:
        category = token.header.get("cat", CATEGORY_M2M)
        is_foreign = token_type == M2M_TOKEN and category != CATEGORY_M2M
        is_right = token.token_type == token_type and not is_foreign
    if not is_right:
        kind = token_type.replace("_", " ")
        raise TokenVerificationError(
            f"The token is of another class than a {kind} is.", reason=Reason.TOKEN_INVALID
        )


def check_header(token: UnverifiedToken, *, except_for: Collection[str] = ()) -> None:
    """Refuse any type but ``JWT``, any algorithm but RS256, and every critical extension.

    :param except_for: Parameters that the caller has judged.
    :raises TokenVerificationError: ``token-invalid`` or ``token-invalid-algorithm``.
    """
    for name, check in HEADER_CHECKS:
        if name not in except_for:
            check(token)


def check_signature(token: UnverifiedToken, key: RSAKey) -> None:
    """Refuse a token that this key did not sign.

    :raises TokenVerificationError: ``token-invalid-signature``.
    """
    try:
        _check_form(token.header_segment)
        _RS256.check_key(key)
        is_right = _RS256.verify(token.signed, token.signature, key)
    except (JoseError, ValueError):
        is_right = False
    if not is_right:
        raise TokenVerificationError(
            "The token's signature is not this instance's.", reason=Reason.TOKEN_INVALID_SIGNATURE
        )


def check_claims(
    claims: Claims,
    config: ClerkConfig,
    now: float,
    skew: float,
    *,
    except_for: Collection[str] = (),
) -> None:
    """Refuse a subject, audience, party, issuer or time that does not fit, in Clerk's order.

    :param now: Unix seconds.
    :param skew: Seconds by which the clocks may differ.
    :param except_for: Claims that mean nothing in tokens of this type.
    :raises TokenVerificationError: With the reason of the first check that fails.
    """
    for name, check in CLAIM_CHECKS:
        if name not in except_for:
            check(claims, config, now, skew)


def check_oauth_audience(says: Mapping[str, Any], config: ClerkConfig) -> None:
    """Refuse an OAuth token that is not for this API, once ``CLERK_AUDIENCE`` names it.

    Stricter than for sessions: a token that names no audience is for nobody (RFC 8707).

    :param says: The token's claims, or what the Backend API says of it.
    :raises TokenVerificationError: ``token-verification-failed``.
    """
    found = says.get("aud")
    named = [found] if isinstance(found, str) else found
    is_listed = isinstance(named, list) and any(item in config.audience for item in named)
    if config.audience and not is_listed:
        raise TokenVerificationError("The token is for another audience (aud).")


def check_revocation(claims: Mapping[str, Any], revocations: RevocationStore) -> None:
    """Refuse a token whose session or user has ended.

    :raises TokenVerificationError: ``session-revoked``.
    """
    if revocations.ends(claims):
        raise TokenVerificationError(
            "The session or its user was ended.", reason=Reason.SESSION_REVOKED
        )


def lifetime(claims: Claims, skew: float) -> tuple[float, float]:
    """Return the Unix seconds from which, and those before which, the times of claims fit.

    The time for which an expired token is still put up with is left out: by then another cookie
    may be the one to believe.

    :param claims: Claims that :func:`check_claims` has passed.
    :param skew: Seconds by which the clocks may differ.
    """
    begins: float = max(claims.get("nbf", _LONG_AGO), claims.get("iat", _LONG_AGO))
    return begins - skew, claims["exp"]


@lru_cache(maxsize=32)  # a key puts one and the same header on its tokens
def _check_form(header: str) -> None:
    """Raise ``JoseError`` where joserfc finds fault with a header (RFC 7515, section 4)."""
    _REGISTRY.check_header(dict(read_header(header)))


def _check_type(token: UnverifiedToken) -> None:
    if token.header.get("typ", "JWT") != "JWT":
        raise TokenVerificationError("The token's type is not JWT.", reason=Reason.TOKEN_INVALID)


def _check_algorithm(token: UnverifiedToken) -> None:
    if token.header.get("alg") != _ALGORITHM:
        raise TokenVerificationError(
            "The token is not signed with RS256.", reason=Reason.TOKEN_INVALID_ALGORITHM
        )


def _check_extensions(token: UnverifiedToken) -> None:
    """No extension is understood here, so none may be critical (RFC 7515, section 4.1.11)."""
    if "crit" in token.header:
        raise TokenVerificationError(
            "The token needs an extension that is unknown here.", reason=Reason.TOKEN_INVALID
        )


def _check_subject(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenVerificationError("The token names no subject (sub).")


def _check_audience(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if not _fits_audience(claims.get("aud"), config.audience):
        raise TokenVerificationError("The token is for another audience (aud).")


def _check_party(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if config.authorized_parties and claims.get("azp") not in config.authorized_parties:
        raise TokenVerificationError(
            "The token was made for an origin (azp) that CLERK_AUTHORIZED_PARTIES does not list.",
            reason=Reason.TOKEN_INVALID_AUTHORIZED_PARTIES,
        )


def _check_issuer(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if config.issuers and claims.get("iss") not in config.issuers:
        raise TokenVerificationError(
            "The token's issuer (iss) is not listed in CLERK_ISSUERS.",
            reason=Reason.TOKEN_INVALID_ISSUER,
        )


def _check_expiry(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if _time(claims, "exp") <= now - skew:
        raise TokenVerificationError("The token has expired.", reason=Reason.TOKEN_EXPIRED)


def _check_start(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if _time(claims, "nbf", _LONG_AGO) > now + skew:
        raise TokenVerificationError(
            "The token is not valid yet (nbf).", reason=Reason.TOKEN_NOT_ACTIVE_YET
        )


def _check_issue_time(claims: Claims, config: ClerkConfig, now: float, skew: float) -> None:
    if _time(claims, "iat", _LONG_AGO) > now + skew:
        raise TokenVerificationError(
            "The token was issued in the future (iat): check this machine's clock.",
            reason=Reason.TOKEN_IAT_IN_THE_FUTURE,
        )


def _fits_audience(found: Any, accepted: tuple[str, ...]) -> bool:
    """Compare audiences only where both sides have one: Clerk's tokens use ``azp`` instead."""
    if not accepted or found in (None, "", [], False, 0):
        return True
    if isinstance(found, str):
        return found in accepted
    return isinstance(found, list) and any(item in accepted for item in found)


def _time(claims: Claims, name: str, otherwise: float | None = None) -> float:
    value = claims.get(name, otherwise)
    if not is_finite(value):
        raise TokenVerificationError(f"The token's {name} is missing or no number.")
    return value


#: By the token's type: header parameters that mean another thing there, and claims that mean none.
EXEMPT: Final[Mapping[str, tuple[str, ...]]] = {M2M_TOKEN: ("azp",), OAUTH_TOKEN: ("typ", "azp")}
#: What is checked of the protected header, in Clerk's order, by the parameter's name.
HEADER_CHECKS: Final[tuple[tuple[str, Callable[[UnverifiedToken], None]], ...]] = (
    ("typ", _check_type),
    ("alg", _check_algorithm),
    ("crit", _check_extensions),
)
#: What is checked of the claims once the signature is known to be right, in Clerk's order.
CLAIM_CHECKS: Final[tuple[tuple[str, Callable[[Claims, ClerkConfig, float, float], None]], ...]] = (
    ("sub", _check_subject),
    ("aud", _check_audience),
    ("azp", _check_party),
    ("iss", _check_issuer),
    ("exp", _check_expiry),
    ("nbf", _check_start),
    ("iat", _check_issue_time),
)
