"""The attacker names the algorithm: the public key as a shared secret, or a weaker signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1
from cryptography.hazmat.primitives.asymmetric.padding import PSS
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.hashes import SHA512
from joserfc.jwk import ECKey
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.signing import SESSION_HEADER
from tests.signing import base64url
from tests.signing import to_json

_HASHES: dict[str, Any] = {
    "HS256": hashlib.sha256,
    "HS384": hashlib.sha384,
    "HS512": hashlib.sha512,
}


def spellings(key: RSAKey) -> dict[str, bytes]:
    """Return the public key in every form in which an attacker may find it."""
    pem = key.as_pem(private=False)
    return {
        "pem": pem,
        "pem-stripped": pem.strip(),
        "pem-one-line": pem.replace(b"\n", b""),
        "pem-literal-breaks": pem.replace(b"\n", b"\\n"),
        "der": key.as_der(private=False),
        "jwk": json.dumps(key.as_dict(private=False)).encode(),
        "modulus": key.as_dict(private=False)["n"].encode(),
        "empty": b"",
    }


def signed(target: Target, header: dict[str, Any]) -> str:
    """Return what there is to sign."""
    merged = {**SESSION_HEADER, **header}
    return f"{base64url(to_json(merged))}.{base64url(to_json(target.claims()))}"


@pytest.mark.parametrize("alg", _HASHES)
def test_the_public_key_is_no_shared_secret(alg: str, target: Target) -> None:
    for secret in spellings(target.key).values():
        for name in (alg, alg.lower(), f"{alg} "):
            text = signed(target, {"alg": name})
            forged = f"{text}.{base64url(hmac.digest(secret, text.encode(), _HASHES[alg]))}"
            target.assert_refused(forged, Reason.TOKEN_INVALID_ALGORITHM)


def test_an_hmac_that_calls_itself_rs256_is_no_signature(target: Target) -> None:
    for secret in spellings(target.key).values():
        text = signed(target, {})
        forged = f"{text}.{base64url(hmac.digest(secret, text.encode(), hashlib.sha256))}"
        target.assert_refused(forged, Reason.TOKEN_INVALID_SIGNATURE)


WAYS: dict[str, tuple[Any, Any]] = {
    "PS256": (PSS(MGF1(SHA256()), 32), SHA256()),
    "RS384": (PKCS1v15(), SHA384()),
    "RS512": (PKCS1v15(), SHA512()),
    "RS1": (PKCS1v15(), SHA1()),
}


@pytest.mark.parametrize("alg", WAYS)
def test_the_instances_own_key_signs_in_one_way_only(alg: str, target: Target) -> None:
    private = target.key.private_key
    assert private is not None
    for name, reason in (
        (alg, Reason.TOKEN_INVALID_ALGORITHM),
        ("RS256", Reason.TOKEN_INVALID_SIGNATURE),
    ):
        text = signed(target, {"alg": name})
        signature = private.sign(text.encode(), *WAYS[alg])
        target.assert_refused(f"{text}.{base64url(signature)}", reason)
    target.assert_signed_in(target.token())


def test_an_elliptic_signature_with_the_attackers_key_is_refused(target: Target) -> None:
    key = ECKey.generate_key("P-256", private=True)
    assert key.private_key is not None
    for alg in ("ES256", "ES256K", "EdDSA", "RS256"):
        text = signed(target, {"alg": alg, "jwk": key.as_dict(private=False)})
        token = f"{text}.{base64url(key.private_key.sign(text.encode(), ECDSA(SHA256())))}"
        target.assert_refused(token, Reason.TOKEN_INVALID_ALGORITHM, Reason.TOKEN_INVALID_SIGNATURE)


@pytest.mark.parametrize(
    "alg",
    ["none", "None", "NONE", "nOnE", "", " ", None, False, 0, [], ["RS256", "none"], {"RS256": 1}],
    ids=repr,
)
def test_no_signature_is_none(alg: Any, target: Target) -> None:
    text = signed(target, {"alg": alg})
    honest = target.token().rpartition(".")[2]
    for signature in ("", honest, base64url(b"\0" * 256), "AA"):
        target.assert_refused(f"{text}.{signature}", Reason.TOKEN_INVALID_ALGORITHM)
    target.assert_refused(text, Reason.TOKEN_INVALID)
    target.assert_refused(f"{text}..", Reason.TOKEN_INVALID)


def test_a_header_without_any_algorithm_names_none(target: Target) -> None:
    target.assert_refused(target.token({"alg": None}), Reason.TOKEN_INVALID_ALGORITHM)
    target.assert_signed_in(target.token())
