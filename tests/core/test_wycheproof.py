"""Project Wycheproof's JWS cases (Apache-2.0) against the check of a signature.

The signed bytes of these cases are no JWT claims (mostly ``foo``), so ``read_token`` refuses every
one of them. What is asked here is the check before that: header and signature of each case are
read by ``read_token`` with an empty object in place of the payload, and ``check_header`` and
``check_signature`` then judge the case's own text with its own key.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.tokens import UnverifiedToken
from flask_clerk.core.tokens import read_token
from flask_clerk.core.verify import check_header
from flask_clerk.core.verify import check_signature

VECTORS = Path(__file__).parents[1] / "vectors" / "wycheproof_json_web_signature.json"
EMPTY_OBJECT = "e30"


def cases() -> list[Any]:
    found = []
    for group in json.loads(VECTORS.read_text("utf-8"))["testGroups"]:
        key = group.get("public") or group["private"]
        for case in group["tests"]:
            name = f"{group['comment']}-{case['tcId']}-{case['comment']}".replace(" ", "-")
            is_valid = case["result"] == "valid"
            found.append(pytest.param(key, case["jws"], is_valid, id=name[:70]))
    return found


CASES = cases()
RS256_CASES = [case for case in CASES if case.values[2] and case.values[0].get("alg") == "RS256"]


def refusal(text: str, key: Any) -> str | None:
    """Return the reason why a signature is refused, or ``None`` when it is accepted."""
    try:
        header, _, signature = text.split(".")
        read = read_token(f"{header}.{EMPTY_OBJECT}.{signature}")
        token = UnverifiedToken(text, read.header, read.payload, read.signature)
        check_header(token)
        check_signature(token, key)
    except TokenVerificationError as error:
        return error.reason
    except ValueError:
        return Reason.TOKEN_INVALID  # not three parts, which read_token says as well
    return None


def test_all_401_cases_are_here_and_eight_of_them_are_to_be_accepted() -> None:
    assert len(CASES) == 401
    assert sum(bool(case.values[2]) for case in CASES) == 46
    assert len(RS256_CASES) == 8


@pytest.mark.parametrize(("key", "text", "is_valid"), CASES)
def test_only_valid_rs256_signatures_are_accepted(
    key: dict[str, Any], text: str, is_valid: bool
) -> None:
    reason = refusal(text, jwk.import_key(key))
    if is_valid and key.get("alg") == "RS256":
        assert reason is None
    else:
        assert reason in (
            Reason.TOKEN_INVALID,
            Reason.TOKEN_INVALID_ALGORITHM,
            Reason.TOKEN_INVALID_SIGNATURE,
        )


@pytest.mark.parametrize(("key", "text", "is_valid"), CASES)
def test_no_case_is_a_token_since_none_has_claims(
    key: dict[str, Any], text: str, is_valid: bool
) -> None:
    with pytest.raises(TokenVerificationError) as refused:
        read_token(text)
    assert refused.value.reason == Reason.TOKEN_INVALID


@pytest.mark.parametrize(("key", "text", "is_valid"), RS256_CASES)
def test_a_valid_signature_is_refused_with_another_key(
    key: dict[str, Any], text: str, is_valid: bool, keys: RSAKey
) -> None:
    assert refusal(text, keys) == Reason.TOKEN_INVALID_SIGNATURE


def test_a_key_that_is_no_rsa_key_cannot_be_imported_as_one() -> None:
    others = {json.dumps(case.values[0]) for case in CASES if case.values[0]["kty"] != "RSA"}
    assert others
    for other in others:
        with pytest.raises((JoseError, ValueError, KeyError)):
            RSAKey.import_key(json.loads(other))
