"""Real tokens, signed with a real key, and a clock that tests move."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey

KID = "ins_test"
#: What the protected header of Clerk's session tokens says.
SESSION_HEADER: Mapping[str, Any] = {
    "alg": "RS256",
    "cat": "cl_B7d4PD111AAA",
    "kid": KID,
    "typ": "JWT",
}


class MovableClock:
    """Unix seconds that pass only when a test says so."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Signer:
    """Signs claims, or any bytes at all, as Clerk signs session tokens."""

    def __init__(self, key: RSAKey) -> None:
        self.key = key

    def __call__(
        self,
        claims: Mapping[str, Any] | bytes,
        header: Mapping[str, Any] | bytes | None = None,
        key: RSAKey | None = None,
    ) -> str:
        """Return a compact JWT whose signature is right whatever is signed.

        :param claims: The claims, or the payload's exact bytes.
        :param header: Parameters besides or instead of a session token's (``None`` leaves one
            out), or the header's exact bytes.
        :param key: Another private key than the test run's own.
        """
        if not isinstance(header, bytes):
            merged = {**SESSION_HEADER, **(header or {})}
            header = to_json({name: value for name, value in merged.items() if value is not None})
        payload = claims if isinstance(claims, bytes) else to_json(claims)
        signed = f"{base64url(header)}.{base64url(payload)}"
        private_key = (key or self.key).private_key
        assert private_key is not None
        signature = private_key.sign(signed.encode("ascii"), PKCS1v15(), SHA256())
        return f"{signed}.{base64url(signature)}"


def session_claims(now: float, **changed: Any) -> dict[str, Any]:
    """Return the claims of a session token of version 2 that Clerk issues now.

    :param changed: Claims besides or instead of the usual ones; ``None`` leaves one out.
    """
    issued_at = int(now)
    usual = {
        "azp": "https://app.example.com",
        "exp": issued_at + 60,
        "fva": [0, -1],
        "iat": issued_at,
        "iss": "https://clerk.example.com",
        "jti": "0123456789abcdef0123",
        "nbf": issued_at - 10,
        "sid": "sess_1",
        "sts": "active",
        "sub": "user_1",
        "v": 2,
    }
    merged = {**usual, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
