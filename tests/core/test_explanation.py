"""An explanation and the verifier agree, and an explanation says more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.explanation import Explanation
from flask_clerk.core.explanation import explain
from flask_clerk.core.instance import Instance
from flask_clerk.core.tokens import CATEGORY_M2M
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from tests.core.scene import StubBackend
from tests.signing import KID
from tests.signing import MovableClock
from tests.signing import Signer
from tests.signing import session_claims

ORDER = [
    "size", "shape", "class", "key", "typ", "alg", "crit", "signature",
    "sub", "aud", "azp", "iss", "exp", "nbf", "iat", "revoked",
]  # fmt: skip
VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors/wycheproof_json_web_signature.json").read_text("utf-8")
)


@pytest.fixture
def backend(keys: RSAKey) -> StubBackend:
    backend = StubBackend()
    backend.jwks = {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    return backend


@pytest.fixture
def instance(backend: StubBackend, clock: MovableClock) -> Instance:
    settings = {
        "secret_key": "sk_test_secret",
        "authorized_parties": "https://app.example.com",
        "audience": "shop",
        "issuers": "https://clerk.example.com",
    }
    return Instance(ClerkConfig.load(settings, {}, {}), lambda _: backend, clock=clock)


def wrong(explanation: Explanation) -> list[str]:
    return [check.name for check in explanation.checks if not check.is_right]


def test_a_good_token_passes_every_check_in_the_order_of_verification(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    found = explain(sign(session_claims(clock.now)), instance)

    assert [check.name for check in found.checks] == ORDER
    assert all(check.is_right and not check.sentence for check in found.checks)
    assert found.is_genuine
    assert found.failed is None
    assert found.token.payload["sub"] == "user_1"


BAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "class": ({}, {"cat": "cl_unheard_of"}),
    "key": ({}, {"kid": "ins_other"}),
    "typ": ({}, {"typ": "JOSE"}),
    "alg": ({}, {"alg": "HS256"}),
    "crit": ({}, {"crit": ["b64"]}),
    "sub": ({"sub": ""}, {}),
    "aud": ({"aud": "elsewhere"}, {}),
    "azp": ({"azp": "https://evil.example"}, {}),
    "iss": ({"iss": "https://clerk.evil.example"}, {}),
    "exp": ({"exp": 1}, {}),
    "nbf": ({"nbf": 9_000_000_000}, {}),
    "iat": ({"iat": 9_000_000_000}, {}),
}


def refusal(instance: Instance, text: str) -> str | None:
    try:
        instance.verify_token(text)
    except TokenVerificationError as error:
        return error.reason
    return None


def verdict(explanation: Explanation) -> str | None:
    return None if explanation.failed is None else explanation.failed.reason


@pytest.mark.parametrize("name", BAD)
def test_one_fault_is_one_wrong_check_and_the_verifiers_reason(
    instance: Instance, sign: Signer, clock: MovableClock, name: str
) -> None:
    claims, header = BAD[name]
    text = sign(session_claims(clock.now, **claims), header)

    found = explain(text, instance)

    # A library that is given a foreign header may refuse to look at the signature.
    assert [each for each in wrong(found) if each != "signature"] == [name]
    assert found.failed.name == name
    assert found.is_genuine is (name not in ("key", "typ", "alg", "crit"))
    assert found.failed.sentence
    assert verdict(found) == refusal(instance, text)
    assert text not in repr(found)


OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "template": ({}, {"cat": CATEGORY_TEMPLATE}, []),
    "template for another origin": ({"azp": "x"}, {"cat": CATEGORY_TEMPLATE}, ["azp"]),
    "machine": ({"sub": "mch_1", "azp": None, "aud": "shop"}, {"cat": CATEGORY_M2M}, []),
    "machine of a session's class": ({"sub": "mch_1"}, {}, ["class"]),
    "oauth": ({"azp": None, "aud": ["shop"]}, {"typ": "at+jwt"}, []),
    "oauth for nobody": ({"azp": None}, {"typ": "at+jwt"}, ["audience"]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_tokens_are_judged_as_what_they_claim_to_be(
    instance: Instance, sign: Signer, clock: MovableClock, name: str
) -> None:
    claims, header, faults = OTHERS[name]
    text = sign(session_claims(clock.now, **claims), header)

    found = explain(text, instance)

    assert wrong(found) == faults
    if not faults:
        instance.verify_machine_token(text, found.token.token_type)
        return
    with pytest.raises(TokenVerificationError) as refused:
        instance.verify_machine_token(text, found.token.token_type)
    assert refused.value.message == found.failed.sentence


def test_faults_behind_the_first_are_told_too(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    stranger = RSAKey.generate_key(2048, private=True)
    claims = session_claims(clock.now - 3600, azp="https://evil.example")

    found = explain(sign(claims, key=stranger), instance)

    assert wrong(found) == ["signature", "azp", "exp"]
    assert not found.is_genuine


def test_a_session_that_was_ended_is_told(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    text = sign(session_claims(clock.now))
    instance.revocations.revoke_session("sess_1")

    found = explain(text, instance)

    assert wrong(found) == ["revoked"]
    assert verdict(found) == refusal(instance, text) == "session-revoked"


def test_without_keys_there_is_no_verdict_on_the_signature(
    instance: Instance, backend: StubBackend, sign: Signer, clock: MovableClock
) -> None:
    backend.jwks = BackendAPIError("The Backend API could not be reached.")
    text = sign(session_claims(clock.now))

    found = explain(text, instance)

    judged = {check.name: check.is_right for check in found.checks}
    assert judged.pop("key") is None
    assert judged.pop("signature") is None
    assert all(judged.values())
    assert verdict(found) == refusal(instance, text) == "jwk-remote-failed-to-load"
    assert not found.is_genuine


@pytest.mark.parametrize(
    ("text", "names"), [("a" * 20_000, ["size"]), ("ak_key", ["size", "shape"]), ("", None)]
)
def test_what_is_no_jwt_has_no_further_checks(
    instance: Instance, text: str, names: list[str] | None
) -> None:
    found = explain(text, instance)

    assert found.token is None
    assert [check.name for check in found.checks] == (names or ["size", "shape"])
    assert found.failed is found.checks[-1]
    assert verdict(found) == refusal(instance, text) == "token-invalid"


def test_wycheproofs_forgeries_are_explained_as_they_are_refused(instance: Instance) -> None:
    texts = [
        case["jws"]
        for group in VECTORS["testGroups"]
        for case in group["tests"]
        if isinstance(case["jws"], str)
    ]
    assert len(texts) > 300
    for text in texts:
        assert verdict(explain(text, instance)) == refusal(instance, text)
