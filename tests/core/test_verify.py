"""Token to claims: whatever arrives, the answer is claims or a reason, and never another error."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.claims import FrozenDict
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.instance import Backend
from flask_clerk.core.instance import Instance
from flask_clerk.core.tokens import CATEGORY_NEUTRAL
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from tests.signing import KID
from tests.signing import SESSION_HEADER
from tests.signing import MovableClock
from tests.signing import Signer
from tests.signing import base64url
from tests.signing import session_claims
from tests.signing import to_json

ISSUED = json.loads(
    (Path(__file__).parents[1] / "vectors" / "clerk_issued_token.json").read_text("utf-8")
)
ASTRONOMICAL = 10**400


def no_backend(config: ClerkConfig) -> Backend:
    raise AssertionError("a fixed key never costs a call")


def instance_of(pem: str, clock: MovableClock, **settings: Any) -> Instance:
    return Instance(ClerkConfig.load({"jwt_key": pem, **settings}, {}, {}), no_backend, clock=clock)


@pytest.fixture
def instance(public_pem: str, clock: MovableClock) -> Instance:
    return instance_of(public_pem, clock)


def reason_of(instance: Instance, token: str, **options: Any) -> str:
    with pytest.raises(TokenVerificationError) as refused:
        instance.verify_token(token, **options)
    assert refused.value.message
    assert token not in str(refused.value) or not token
    return refused.value.reason


def test_a_session_token_gives_its_claims_read_only(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    claims = session_claims(clock.now, o={"id": "org_1"})
    found = instance.verify_token(sign(claims))
    assert found == claims
    assert isinstance(found, FrozenDict)
    assert isinstance(found["o"], FrozenDict)


def test_a_remembered_token_is_still_refused_when_time_or_settings_say_so(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now))
    assert instance.verify_token(token) is instance.verify_token(token)
    clock.advance(64.9)
    instance.verify_token(token)
    clock.advance(0.1)
    assert reason_of(instance, token) == Reason.TOKEN_EXPIRED
    clock.advance(-75.1)
    instance.verify_token(token, clock_skew=11)
    assert reason_of(instance, token) == Reason.TOKEN_IAT_IN_THE_FUTURE


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_cache_of_any_size_changes_no_answer(
    size: int, public_pem: str, sign: Signer, clock: MovableClock
) -> None:
    instance = instance_of(public_pem, clock, token_cache_size=size)
    tokens = [sign(session_claims(clock.now, sub=f"user_{number}")) for number in range(3)]
    for _ in range(2):
        for number, token in enumerate(tokens):
            assert instance.verify_token(token)["sub"] == f"user_{number}"
            assert reason_of(instance, token[:-8] + "AAAAAAAA") == Reason.TOKEN_INVALID_SIGNATURE


def test_many_threads_get_their_own_answers(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    tokens = [sign(session_claims(clock.now, sub=f"user_{number}")) for number in range(8)]
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(50):
            if instance.verify_token(tokens[number])["sub"] != f"user_{number}":
                wrong.append(tokens[number])

    threads = [threading.Thread(target=work, args=(number % 8,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def forge_hs256(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    signed = f"{base64url(to_json(header))}.{base64url(to_json(claims))}"
    return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


@pytest.mark.parametrize("alg", ["HS256", "hs256", "HS512", "RS256"])
def test_the_public_key_is_no_shared_secret(
    alg: str, instance: Instance, public_pem: str, clock: MovableClock
) -> None:
    header = {**SESSION_HEADER, "alg": alg}
    for secret in (public_pem, public_pem.strip(), public_pem.replace("\n", "")):
        token = forge_hs256(header, session_claims(clock.now), secret.encode())
        expected = (
            Reason.TOKEN_INVALID_SIGNATURE if alg == "RS256" else Reason.TOKEN_INVALID_ALGORITHM
        )
        assert reason_of(instance, token) == expected


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "RS384", "PS256", "ES256", "EdDSA"])
def test_another_algorithm_is_refused_though_the_signature_be_right(
    alg: str, instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now), {"alg": alg})
    assert reason_of(instance, token) == Reason.TOKEN_INVALID_ALGORITHM
    unsigned = token.rpartition(".")[0] + "."
    assert reason_of(instance, unsigned) == Reason.TOKEN_INVALID_ALGORITHM


HEADERS = [
    pytest.param({"alg": None}, Reason.TOKEN_INVALID_ALGORITHM, id="alg-missing"),
    pytest.param(b'{"alg":null}', Reason.TOKEN_INVALID_ALGORITHM, id="alg-null"),
    pytest.param({"alg": ["RS256"]}, Reason.TOKEN_INVALID_ALGORITHM, id="alg-list"),
    pytest.param({"alg": {"RS256": 1}}, Reason.TOKEN_INVALID_ALGORITHM, id="alg-object"),
    pytest.param({"alg": 256}, Reason.TOKEN_INVALID_ALGORITHM, id="alg-number"),
    pytest.param({"alg": "RS256 "}, Reason.TOKEN_INVALID_ALGORITHM, id="alg-with-space"),
    pytest.param(
        {"alg": "\uff32\uff33\uff12\uff15\uff16"},
        Reason.TOKEN_INVALID_ALGORITHM,
        id="alg-full-width",
    ),
    pytest.param({"typ": "JOSE"}, Reason.TOKEN_INVALID, id="typ-other"),
    pytest.param({"typ": "jwt"}, Reason.TOKEN_INVALID, id="typ-lower-case"),
    pytest.param({"typ": ["JWT"]}, Reason.TOKEN_INVALID, id="typ-list"),
    pytest.param(b'{"alg":"RS256","typ":null}', Reason.TOKEN_INVALID, id="typ-null"),
    pytest.param({"typ": "at+jwt"}, Reason.TOKEN_INVALID, id="oauth-token"),
    pytest.param({"cat": CATEGORY_TEMPLATE}, Reason.TOKEN_INVALID, id="template-token"),
    pytest.param({"cat": "cl_B7d4PD333AAA"}, Reason.TOKEN_INVALID, id="machine-token"),
    pytest.param({"cat": ["cl_B7d4PD111AAA"]}, Reason.TOKEN_INVALID, id="category-list"),
    pytest.param({"crit": ["b64"], "b64": False}, Reason.TOKEN_INVALID, id="crit-b64"),
    pytest.param({"crit": ["exp"], "exp": 1}, Reason.TOKEN_INVALID, id="crit-unknown"),
    pytest.param({"crit": []}, Reason.TOKEN_INVALID, id="crit-empty"),
    pytest.param({"crit": 5}, Reason.TOKEN_INVALID, id="crit-number"),
    pytest.param({"crit": [[]]}, Reason.TOKEN_INVALID, id="crit-list-of-lists"),
    pytest.param({"crit": [{}]}, Reason.TOKEN_INVALID, id="crit-list-of-objects"),
    pytest.param({"crit": True}, Reason.TOKEN_INVALID, id="crit-boolean"),
    pytest.param({"crit": "alg"}, Reason.TOKEN_INVALID, id="crit-string"),
    pytest.param(b'{"alg":"RS256","crit":null}', Reason.TOKEN_INVALID, id="crit-null"),
    pytest.param({"jwk": "x"}, Reason.TOKEN_INVALID_SIGNATURE, id="jwk-string"),
    pytest.param({"jku": 7}, Reason.TOKEN_INVALID_SIGNATURE, id="jku-number"),
    pytest.param({"x5u": ["https://evil"]}, Reason.TOKEN_INVALID_SIGNATURE, id="x5u-list"),
    pytest.param({"x5c": [[1]]}, Reason.TOKEN_INVALID_SIGNATURE, id="x5c-list-of-lists"),
    pytest.param({"kid": ["ins_test"]}, Reason.TOKEN_INVALID_SIGNATURE, id="kid-list"),
    pytest.param({"kid": {"a": 1}}, Reason.TOKEN_INVALID_SIGNATURE, id="kid-object"),
    pytest.param({"b64": "no"}, Reason.TOKEN_INVALID_SIGNATURE, id="b64-string"),
]


@pytest.mark.parametrize(("header", "reason"), HEADERS)
def test_a_malformed_header_is_refused_though_the_signature_be_right(
    header: dict[str, Any] | bytes,
    reason: str,
    instance: Instance,
    sign: Signer,
    clock: MovableClock,
) -> None:
    assert reason_of(instance, sign(session_claims(clock.now), header)) == reason


@pytest.fixture(scope="module")
def forger() -> RSAKey:
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    return key


@pytest.mark.parametrize("parameter", ["jwk", "jku", "x5u", "x5c", "kid"])
def test_a_key_that_the_token_brings_along_is_never_used(
    parameter: str, instance: Instance, sign: Signer, forger: RSAKey, clock: MovableClock
) -> None:
    der = base64.b64encode(forger.as_der(private=False)).decode()
    brought: dict[str, Any] = {
        "jwk": {**forger.as_dict(private=False), "kid": KID},
        "jku": "http://127.0.0.1:9/jwks.json",
        "x5u": "http://127.0.0.1:9/chain.pem",
        "x5c": [der],
        "kid": "../../../../dev/null",
    }
    header = {parameter: brought[parameter]}
    forged = sign(session_claims(clock.now), header, forger)
    assert reason_of(instance, forged) == Reason.TOKEN_INVALID_SIGNATURE
    own = sign(session_claims(clock.now), header)
    assert instance.verify_token(own)["sub"] == "user_1"


def test_headers_that_are_clerks_own_are_no_error(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    header = {"oiat": 1, "cat": CATEGORY_NEUTRAL, "x-unheard-of": [1, {"a": None}]}
    assert instance.verify_token(sign(session_claims(clock.now), header))["sub"] == "user_1"
    old = {"cat": None, "typ": None, "kid": None}
    assert instance.verify_token(sign(session_claims(clock.now), old))["sub"] == "user_1"


def test_any_change_to_a_signed_token_is_refused(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now))
    header, payload, signature = token.split(".")
    other = sign(session_claims(clock.now, sub="user_2"))
    changed = {
        f"{header}.{other.split('.')[1]}.{signature}",
        f"{header}.{payload}.{other.split('.')[2]}",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{payload}.{signature}AAAA",
        f"{header}.{payload}.{'A' * len(signature)}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[::-1]}",
    }
    for token in changed:
        assert reason_of(instance, token) in (Reason.TOKEN_INVALID_SIGNATURE, Reason.TOKEN_INVALID)


FAILED = Reason.TOKEN_VERIFICATION_FAILED
NO_TIME = [
    pytest.param(b"null", id="null"),
    pytest.param(b'"9999999999"', id="string"),
    pytest.param(b"true", id="true"),
    pytest.param(b"[9999999999]", id="list"),
    pytest.param(b'{"$date":9999999999}', id="object"),
    pytest.param(b"1e999", id="overflowing-to-infinity"),
    pytest.param(b"-1e999", id="overflowing-to-minus-infinity"),
    pytest.param(str(ASTRONOMICAL).encode(), id="400-digits"),
    pytest.param(str(-ASTRONOMICAL).encode(), id="minus-400-digits"),
]


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", NO_TIME)
def test_a_time_that_is_no_finite_number_is_refused(
    claim: str, value: bytes, instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    claims = session_claims(clock.now, **{claim: None})
    payload = to_json(claims)[:-1] + b',"' + claim.encode() + b'":' + value + b"}"
    assert reason_of(instance, sign(payload)) == FAILED


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", [b"NaN", b"Infinity", b"-Infinity", b"9" * 5_000, "١٢٣".encode(), b"+1", b"01"]
)
def test_a_time_that_is_not_json_makes_the_token_invalid(
    claim: str, value: bytes, instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    payload = b'{"sub":"user_1","' + claim.encode() + b'":' + value + b"}"
    assert reason_of(instance, sign(payload)) == Reason.TOKEN_INVALID


TIMES = [
    pytest.param({"exp": None}, FAILED, id="exp-missing"),
    pytest.param({"exp": -1}, Reason.TOKEN_EXPIRED, id="exp-negative"),
    pytest.param({"exp": 0}, Reason.TOKEN_EXPIRED, id="exp-zero"),
    pytest.param({"exp": -1e300}, Reason.TOKEN_EXPIRED, id="exp-far-in-the-past"),
    pytest.param({"nbf": 1e300}, Reason.TOKEN_NOT_ACTIVE_YET, id="nbf-astronomical"),
    pytest.param({"nbf": 10**300}, Reason.TOKEN_NOT_ACTIVE_YET, id="nbf-300-digits"),
    pytest.param({"iat": 1e300}, Reason.TOKEN_IAT_IN_THE_FUTURE, id="iat-astronomical"),
    pytest.param({"exp": 1e300, "nbf": -1e300, "iat": -1}, None, id="for-ever"),
    pytest.param({"nbf": None, "iat": None}, None, id="nbf-and-iat-missing"),
]


@pytest.mark.parametrize(("changed", "reason"), TIMES)
def test_times_are_compared_whatever_their_size(
    changed: dict[str, Any],
    reason: str | None,
    instance: Instance,
    sign: Signer,
    clock: MovableClock,
) -> None:
    token = sign(session_claims(clock.now, **changed))
    if reason is None:
        assert instance.verify_token(token)["sub"] == "user_1"
    else:
        assert reason_of(instance, token) == reason


def test_clocks_may_differ_by_the_skew_and_no_more(
    public_pem: str, sign: Signer, clock: MovableClock
) -> None:
    instance = instance_of(public_pem, clock, clock_skew=5)
    now = int(clock.now)
    table = [
        ({"exp": now - 5}, Reason.TOKEN_EXPIRED),
        ({"exp": now - 4}, None),
        ({"nbf": now + 5}, None),
        ({"nbf": now + 6}, Reason.TOKEN_NOT_ACTIVE_YET),
        ({"iat": now + 5}, None),
        ({"iat": now + 6}, Reason.TOKEN_IAT_IN_THE_FUTURE),
    ]
    for changed, reason in table:
        token = sign(session_claims(clock.now, **changed))
        if reason is None:
            instance.verify_token(token)
            strict = reason_of(instance, token, clock_skew=0)
            assert strict in (
                Reason.TOKEN_EXPIRED,
                Reason.TOKEN_NOT_ACTIVE_YET,
                Reason.TOKEN_IAT_IN_THE_FUTURE,
            )
        else:
            assert reason_of(instance, token) == reason


@pytest.mark.parametrize("sub", [None, 7, True, ["user_1"], {"id": "user_1"}])
def test_a_subject_that_is_no_string_is_refused(
    sub: object, instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    assert reason_of(instance, sign(session_claims(clock.now, sub=sub))) == FAILED


def test_a_machine_subject_is_no_session(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now, sub="mch_1"))
    assert reason_of(instance, token) == Reason.TOKEN_INVALID


AUDIENCES = [
    pytest.param(None, True, id="missing"),
    pytest.param("", True, id="empty"),
    pytest.param([], True, id="empty-list"),
    pytest.param("api", True, id="listed"),
    pytest.param("web", True, id="listed-second"),
    pytest.param(["other", "api"], True, id="one-of-list-listed"),
    pytest.param([["x"], {}, None, "api"], True, id="listed-among-nonsense"),
    pytest.param("other", False, id="other"),
    pytest.param("API", False, id="other-case"),
    pytest.param("ap", False, id="part-of-a-listed-one"),
    pytest.param(["other"], False, id="list-of-others"),
    pytest.param(["ap", "i"], False, id="list-of-parts"),
    pytest.param([["api"]], False, id="list-in-list"),
    pytest.param({"api": 1}, False, id="object"),
    pytest.param({}, False, id="empty-object"),
    pytest.param(7, False, id="number"),
    pytest.param(True, False, id="true"),
    pytest.param([None, 0, False], False, id="list-of-nothings"),
]


@pytest.mark.parametrize(("aud", "fits"), AUDIENCES)
def test_audiences_are_compared_where_both_sides_have_one(
    aud: object, fits: bool, public_pem: str, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now, aud=aud))
    instance = instance_of(public_pem, clock, audience=["api", "web"])
    if fits:
        assert instance.verify_token(token).get("aud") == aud
    else:
        assert reason_of(instance, token) == FAILED
    assert instance_of(public_pem, clock).verify_token(token).get("aud") == aud


PARTIES = [
    pytest.param("https://app.example.com", True, id="listed"),
    pytest.param(None, False, id="missing"),
    pytest.param("", False, id="empty"),
    pytest.param("https://app.example.com.evil.com", False, id="longer"),
    pytest.param("https://app.example.co", False, id="shorter"),
    pytest.param("http://app.example.com", False, id="other-scheme"),
    pytest.param(["https://app.example.com"], False, id="list"),
    pytest.param({"https://app.example.com": 1}, False, id="object"),
    pytest.param(True, False, id="true"),
]


@pytest.mark.parametrize(("azp", "fits"), PARTIES)
def test_the_party_must_be_present_and_listed_once_parties_are_configured(
    azp: object, fits: bool, public_pem: str, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now, azp=azp))
    parties = "https://www.example.com, https://app.example.com"
    instance = instance_of(public_pem, clock, authorized_parties=parties)
    if fits:
        assert instance.verify_token(token)["azp"] == azp
    else:
        assert reason_of(instance, token) == Reason.TOKEN_INVALID_AUTHORIZED_PARTIES
    assert instance_of(public_pem, clock).verify_token(token).get("azp") == azp


@pytest.mark.parametrize("iss", [None, "https://evil", ["https://clerk.example.com"], 7])
def test_the_issuer_is_compared_only_when_issuers_are_configured(
    iss: object, public_pem: str, sign: Signer, clock: MovableClock
) -> None:
    token = sign(session_claims(clock.now, iss=iss))
    assert instance_of(public_pem, clock).verify_token(token).get("iss") == iss
    strict = instance_of(public_pem, clock, issuers=["https://clerk.example.com"])
    assert reason_of(strict, token) == Reason.TOKEN_INVALID_ISSUER
    assert strict.verify_token(sign(session_claims(clock.now)))["sub"] == "user_1"


def test_claims_are_checked_in_clerks_order_and_after_the_signature(
    public_pem: str, sign: Signer, forger: RSAKey, clock: MovableClock
) -> None:
    instance = instance_of(
        public_pem,
        clock,
        audience="api",
        authorized_parties="https://app.example.com",
        issuers="https://clerk.example.com",
    )
    late, early = clock.now - 3600, clock.now + 3600
    wrong: dict[str, Any] = {
        "sub": 7, "aud": "other", "azp": "https://evil", "iss": "https://evil",
        "exp": late, "nbf": early, "iat": early,
    }  # fmt: skip
    steps: list[tuple[str, dict[str, Any]]] = [
        (FAILED, {"sub": "user_1"}),
        (FAILED, {"aud": "api"}),
        (Reason.TOKEN_INVALID_AUTHORIZED_PARTIES, {"azp": "https://app.example.com"}),
        (Reason.TOKEN_INVALID_ISSUER, {"iss": "https://clerk.example.com"}),
        (Reason.TOKEN_EXPIRED, {"exp": early}),
        (Reason.TOKEN_NOT_ACTIVE_YET, {"nbf": late}),
        (Reason.TOKEN_IAT_IN_THE_FUTURE, {"iat": late}),
    ]
    for reason, repair in steps:
        assert reason_of(instance, sign(wrong)) == reason
        assert reason_of(instance, sign(wrong, key=forger)) == Reason.TOKEN_INVALID_SIGNATURE
        wrong |= repair
    assert instance.verify_token(sign(wrong)) == wrong


STRANGE_CLAIMS = [
    {"sid": 7, "o": "org_1", "v": 2},
    {"sid": ["a"], "o": [1], "fva": "x", "sts": 5, "act": "me"},
    {"v": "2", "org_id": {}, "org_role": [], "org_permissions": "all"},
    {"fea": 7, "pla": [], "o": {"id": 1, "rol": [], "per": 5, "fpm": {}}},
]


@pytest.mark.parametrize("strange", STRANGE_CLAIMS)
def test_claims_of_other_types_are_handed_on_as_they_are(
    strange: dict[str, Any], instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    claims = session_claims(clock.now, **strange)
    assert instance.verify_token(sign(claims)) == claims


def test_the_deepest_claims_that_are_read_can_be_frozen_and_encoded(
    instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    deep: Any = "bottom"
    for _ in range(62):
        deep = {"a": deep}
    claims = session_claims(clock.now, deep=deep, wide=[[]] * 100)
    found = instance.verify_token(sign(claims))
    assert json.loads(json.dumps(found)) == claims
    too_deep = session_claims(clock.now, deep={"a": {"a": deep}}, wide=[[]] * 100)
    assert reason_of(instance, sign(too_deep)) == Reason.TOKEN_INVALID


@pytest.mark.parametrize("levels", [40, 300, 450, 480, 490, 500, 900, 980, 2_000, 5_000])
def test_a_nested_header_meets_no_recursion_limit(
    levels: int, instance: Instance, sign: Signer, clock: MovableClock
) -> None:
    nested = b"[" * levels + b"]" * levels
    header = to_json(SESSION_HEADER)[:-1] + b',"x":' + nested + b"}"
    token = sign(session_claims(clock.now), header)
    if levels < 60:
        assert instance.verify_token(token)["sub"] == "user_1"
    else:
        assert reason_of(instance, token) == Reason.TOKEN_INVALID


def test_a_handshake_token_gives_its_cookies_and_needs_no_times(
    instance: Instance, sign: Signer
) -> None:
    lines = ["__session=a; Path=/", "__client_uat=1; Path=/"]
    assert instance.verify_handshake_token(sign({"handshake": lines})) == lines
    assert instance.verify_handshake_token(sign({"handshake": [*lines, 7, None, [""]]})) == lines
    for nonsense in ("x=y", {"a": "b"}, 7, True):
        assert instance.verify_handshake_token(sign({"handshake": nonsense})) == []
    assert instance.verify_handshake_token(sign({})) == []


def test_a_template_token_cannot_pose_as_a_handshake(
    instance: Instance, sign: Signer, forger: RSAKey
) -> None:
    evil = {"handshake": ["__session=evil"]}
    for token, reason in (
        (sign(evil, {"cat": CATEGORY_TEMPLATE}), Reason.TOKEN_INVALID),
        (sign({**evil, "sub": "mch_1"}), Reason.TOKEN_INVALID),
        (sign(evil, key=forger), Reason.TOKEN_INVALID_SIGNATURE),
        (sign(evil, {"alg": "none"}), Reason.TOKEN_INVALID_ALGORITHM),
        ("nonsense", Reason.TOKEN_INVALID),
    ):
        with pytest.raises(TokenVerificationError) as refused:
            instance.verify_handshake_token(token)
        assert refused.value.reason == reason


class ClerksOwnBackend:
    """Answers with the JWKS of the vectors; the other calls are not made."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)

    def fetch_jwks(self) -> Mapping[str, Any]:
        return {"keys": [ISSUED["jwk"]]}


def instances_of_clerks_token(now: float) -> list[Instance]:
    clock = MovableClock(now)
    config = ClerkConfig.load({"secret_key": "sk_test_1"}, {}, {})
    remote = Instance(config, lambda config: ClerksOwnBackend(), clock=clock)
    return [instance_of(ISSUED["public_key_pem"], clock), remote]


def test_a_token_that_clerk_issued_verifies_with_its_pem_and_with_its_jwk() -> None:
    for instance in instances_of_clerks_token(ISSUED["frozen_at"]):
        claims = instance.verify_token(ISSUED["session_token"])
        assert claims["sub"] == "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr"
        assert claims["azp"] == "https://accounts.inspired.puma-74.lcl.dev"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", Reason.TOKEN_EXPIRED),
        ("invalid_signature", Reason.TOKEN_INVALID_SIGNATURE),
        # It has no subject either, but nobody learns that without the right signature.
        ("malformed", Reason.TOKEN_INVALID_SIGNATURE),
    ],
)
def test_the_other_tokens_of_clerks_fixtures_are_refused(name: str, reason: str) -> None:
    for instance in instances_of_clerks_token(ISSUED["frozen_at"]):
        assert reason_of(instance, ISSUED[name]) == reason


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-60, Reason.TOKEN_NOT_ACTIVE_YET),
        (-6, Reason.TOKEN_IAT_IN_THE_FUTURE),
        (64, None),
        (65, Reason.TOKEN_EXPIRED),
    ],
)
def test_clerks_own_token_lives_its_minute(seconds: float, reason: str | None) -> None:
    for instance in instances_of_clerks_token(ISSUED["frozen_at"] + seconds):
        if reason is None:
            assert instance.verify_token(ISSUED["session_token"])
        else:
            assert reason_of(instance, ISSUED["session_token"]) == reason


def test_a_repr_names_the_instance_and_no_key(public_pem: str, clock: MovableClock) -> None:
    assert repr(instance_of(public_pem, clock)) == "<Instance without publishable key>"
    key = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"
    known = instance_of(public_pem, clock, publishable_key=key)
    assert repr(known) == "<Instance clerk.example.com>"
