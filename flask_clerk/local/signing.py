"""Signing: the instance's RSA keys, and JWTs made with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from typing import Final

from joserfc import jws
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jwk import OctKey
from joserfc.jwk import RSAKey

from ..core.errors import TokenVerificationError
from ..core.tokens import read_token
from ..core.verify import check_header
from ..core.verify import check_signature
from .ids import new_id
from .model import SigningKey

_BITS: Final = 2048
_ALGORITHM: Final = "RS256"
#: Algorithms that a template's own key may have ("JWT templates").
_CUSTOM: Final = [
    f"{kind}{bits}" for kind in ("HS", "RS", "ES") for bits in (256, 384, 512)
]  # fmt: skip


def generate_key() -> SigningKey:
    """Return a new RSA key of 2048 bits. It takes a tenth of a second or more."""
    return signing_key(RSAKey.generate_key(_BITS))


def signing_key(key: RSAKey) -> SigningKey:
    """Return an RSA key as the store keeps it, with a ``kid`` of its own."""
    return SigningKey(kid=new_id("ins"), pem=key.as_pem(private=True).decode("ascii"))


def public_jwk(key: SigningKey) -> dict[str, Any]:
    """Return the public half as a JWKS has it (RFC 7517)."""
    public = _load(key.pem).as_dict(private=False)
    wanted = {name: public[name] for name in ("kty", "n", "e")}
    return {"use": "sig", "alg": _ALGORITHM, "kid": key.kid, **wanted}


def public_pem(key: SigningKey) -> str:
    """Return the public half as PEM, as ``CLERK_JWT_KEY`` takes it."""
    return _load(key.pem).as_pem(private=False).decode("ascii")


def sign(key: SigningKey, category: str, claims: Mapping[str, Any], **header: Any) -> str:
    """Return a compact JWT.

    :param category: The ``cat`` that tells an instance's tokens apart.
    :param header: More for the protected header.
    """
    protected = {"alg": _ALGORITHM, "cat": category, "kid": key.kid, "typ": "JWT", **header}
    return _encode(protected, claims, _load(key.pem))


def sign_with_own_key(
    algorithm: str, secret: str, kid: str, category: str, claims: Mapping[str, Any]
) -> str:
    """Return a JWT signed with a template's own key.

    :param secret: A shared secret for ``HS…``, else a private key as PEM.
    :raises ValueError: If the key does not fit the algorithm.
    """
    kinds: dict[str, type[OctKey] | type[RSAKey] | type[ECKey]]
    kinds = {"HS": OctKey, "RS": RSAKey, "ES": ECKey}
    key = kinds[algorithm[:2]].import_key(secret)
    return _encode({"alg": algorithm, "cat": category, "kid": kid, "typ": "JWT"}, claims, key)


def read_own_token(token: str, keys: Mapping[str, SigningKey]) -> dict[str, Any] | None:
    """Return the claims of a token that one of these keys signed, whatever its times; or None."""
    try:
        unverified = read_token(token)
        key = keys[unverified.kid or ""]
        check_header(unverified)
        check_signature(unverified, _load(key.pem))
    except (TokenVerificationError, KeyError):
        return None
    return dict(unverified.payload)


def _encode(header: dict[str, Any], claims: Mapping[str, Any], key: Any) -> str:
    # Clerk's own header parameters are none that joserfc knows.
    registry = jws.JWSRegistry(algorithms=_CUSTOM, strict_check_header=False)
    return jwt.encode(header, dict(claims), key, registry=registry)


@lru_cache(maxsize=32)
def _load(pem: str) -> RSAKey:
    key: RSAKey = RSAKey.import_key(pem)
    return key
