"""Another key under the right name, a weak one, or one of another kind."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.signing import base64url

Publish = Callable[..., Target]


def jwk(key: RSAKey, kid: str = KID, **changed: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid, **changed}


@pytest.fixture
def publish(keys: RSAKey) -> Iterator[Publish]:
    """Return ``publish(*keys)``: an app whose instance publishes these keys."""
    loopback = Loopback()

    def make(*listed: dict[str, Any]) -> Target:
        loopback.respond = lambda call: answer_json({"keys": list(listed)})
        return Target(keys, jwt_key=None, api_url=loopback.url)

    with loopback.running():
        yield make


def test_another_key_under_the_right_name_is_refused(target: Target, forger: RSAKey) -> None:
    target.assert_refused(target.sign(target.claims(), key=forger), Reason.TOKEN_INVALID_SIGNATURE)
    target.assert_signed_in(target.token())


def test_a_published_key_verifies_its_own_name_only(
    publish: Publish, keys: RSAKey, forger: RSAKey
) -> None:
    target = publish(jwk(keys, "a"), jwk(forger, "b"))
    for kid, key in (("a", keys), ("b", forger)):
        target.assert_signed_in(target.sign(target.claims(), {"kid": kid}, key))
    for kid, key in (("a", forger), ("b", keys)):
        crossed = target.sign(target.claims(), {"kid": kid}, key)
        target.assert_refused(crossed, Reason.TOKEN_INVALID_SIGNATURE)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"kty": "oct", "k": base64url(b"secret")},
        {"kty": "EC", "crv": "P-256"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"e": "AQ"},
        {"e": "Ag"},
        {"n": "AQAB"},
        {"n": ""},
        {"kid": None},
        {"kid": [KID]},
    ],
    ids=repr,
)
def test_a_key_not_meant_for_rs256_verifies_nothing(
    spoilt: dict[str, Any], publish: Publish, keys: RSAKey, forger: RSAKey
) -> None:
    """With the exponent 1 everybody could sign: the signature would be the padded hash itself."""
    target = publish(jwk(keys, **spoilt), jwk(forger, "other"))
    target.assert_refused(target.token(), Reason.JWK_KID_MISMATCH)
    target.assert_signed_in(target.sign(target.claims(), {"kid": "other"}, forger))


def test_a_signature_that_is_a_padded_hash_is_none(target: Target) -> None:
    text = target.token().rpartition(".")[0]
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = prefix + hashlib.sha256(text.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (253 - len(digest)) + b"\x00" + digest
    assert len(padded) == 256
    for signature in (padded, padded[1:], digest, b"\x00" * 255 + b"\x01"):
        target.assert_refused(f"{text}.{base64url(signature)}", Reason.TOKEN_INVALID_SIGNATURE)


def test_a_weak_key_among_the_published_verifies_nothing(publish: Publish, keys: RSAKey) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weak: RSAKey = RSAKey.generate_key(1024, private=True)
        target = publish(jwk(weak), jwk(keys, "strong"))
        token = target.sign(target.claims(), key=weak)
        target.assert_refused(token, Reason.JWK_KID_MISMATCH)
    target.assert_signed_in(target.sign(target.claims(), {"kid": "strong"}))
