"""Taking a token apart: what is refused before anything in it is believed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from flask_clerk.core.claims import freeze
from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.tokens import API_KEY
from flask_clerk.core.tokens import CATEGORY_M2M
from flask_clerk.core.tokens import CATEGORY_NEUTRAL
from flask_clerk.core.tokens import CATEGORY_SESSION
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from flask_clerk.core.tokens import JWT_TEMPLATE
from flask_clerk.core.tokens import M2M_TOKEN
from flask_clerk.core.tokens import MAX_TOKEN_SIZE
from flask_clerk.core.tokens import OAUTH_TOKEN
from flask_clerk.core.tokens import SESSION_TOKEN
from flask_clerk.core.tokens import TOKEN_TYPES
from flask_clerk.core.tokens import UnverifiedToken
from flask_clerk.core.tokens import accepted_types
from flask_clerk.core.tokens import claimed_type
from flask_clerk.core.tokens import has_jwt_form
from flask_clerk.core.tokens import is_finite
from flask_clerk.core.tokens import is_number
from flask_clerk.core.tokens import read_token
from tests.signing import SESSION_HEADER
from tests.signing import Signer
from tests.signing import base64url
from tests.signing import to_json

HEADER = base64url(to_json(SESSION_HEADER))
PAYLOAD = base64url(b'{"sub":"user_1"}')


def compact(payload: bytes = b"{}", header: bytes | None = None, signature: str = "AAAA") -> str:
    first = HEADER if header is None else base64url(header)
    return f"{first}.{base64url(payload)}.{signature}"


UNREADABLE = [
    pytest.param("", id="empty"),
    pytest.param("A" * 1_000_000, id="one-megabyte"),
    pytest.param(f"{HEADER}.{'A' * 1_000_000}.AAAA", id="one-megabyte-payload"),
    pytest.param(f"{HEADER}.{PAYLOAD}", id="two-parts"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AAAA.AAAA", id="four-parts"),
    pytest.param("..", id="only-dots"),
    pytest.param(f".{PAYLOAD}.AAAA", id="no-header"),
    pytest.param(f"{HEADER}..AAAA", id="no-payload"),
    pytest.param(f"Bearer {HEADER}.{PAYLOAD}.AAAA", id="with-scheme"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AAAA\n", id="line-break-behind"),
    pytest.param(f"{HEADER}.{PAYLOAD}.A AA", id="space-inside"),
    pytest.param(f"{HEADER}.{PAYLOAD}.ÄÖÜß", id="latin-1"),
    pytest.param(f"{HEADER}.{PAYLOAD}.日本語🔑", id="non-ascii"),
    pytest.param(f"{HEADER}.{PAYLOAD}.\ud800AAA", id="surrogate-in-the-text"),
    pytest.param(f"{HEADER}.{PAYLOAD}.\uff11\uff12\uff13\uff14", id="unicode-digits-in-the-text"),
    pytest.param(f"{HEADER}.{PAYLOAD}.\x00AAA", id="nul"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AA==", id="padding"),
    pytest.param(f"{HEADER}.{PAYLOAD}.A+/A", id="standard-alphabet"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AAAAA", id="impossible-length"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AAAA!!!!", id="four-strangers-behind-four-characters"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AB", id="four-stray-bits"),
    pytest.param(f"{HEADER}.{PAYLOAD}.AAB", id="two-stray-bits"),
    pytest.param(f"{HEADER}.e31.AAAA", id="stray-bits-in-the-payload"),
    pytest.param(f"e31.{PAYLOAD}.AAAA", id="stray-bits-in-the-header"),
    pytest.param(compact(header=b"null"), id="header-is-null"),
    pytest.param(compact(header=b'["RS256"]'), id="header-is-a-list"),
    pytest.param(compact(header=b"{"), id="header-is-cut-off"),
    pytest.param(compact(header=b'{"alg":"none","alg":"RS256"}'), id="duplicate-name-in-header"),
    pytest.param(compact(b"null"), id="payload-is-null"),
    pytest.param(compact(b"[]"), id="payload-is-a-list"),
    pytest.param(compact(b'"sub"'), id="payload-is-a-string"),
    pytest.param(compact(b"7"), id="payload-is-a-number"),
    pytest.param(compact(b"\xff\xfe{}"), id="payload-is-no-utf-8"),
    pytest.param(compact('{"sub":"user_1"}'.encode("utf-16")), id="utf-16-with-mark"),
    pytest.param(compact('{"sub":"user_1"}'.encode("utf-16-le")), id="utf-16-without-mark"),
    pytest.param(compact('{"sub":"user_1"}'.encode("utf-32-be")), id="utf-32"),
    pytest.param(compact(b'\xef\xbb\xbf{"sub":"user_1"}'), id="byte-order-mark"),
    pytest.param(compact(b'{"sub":"user_1"} x'), id="rest-behind-the-payload"),
    pytest.param(compact(b'{"sub":"a","sub":"b"}'), id="duplicate-name"),
    pytest.param(compact(b'{"sub":"a","su\\u0062":"b"}'), id="duplicate-name-escaped"),
    pytest.param(compact(b'{"o":{"id":"a","id":"b"}}'), id="duplicate-name-inside"),
    pytest.param(compact(b'{"exp":NaN}'), id="nan"),
    pytest.param(compact(b'{"exp":Infinity}'), id="infinity"),
    pytest.param(compact(b'{"exp":-Infinity}'), id="minus-infinity"),
    pytest.param(compact(b'{"exp":' + b"9" * 5_000 + b"}"), id="number-of-5000-digits"),
    pytest.param(compact('{"exp":١٢٣}'.encode()), id="arabic-digits"),
    pytest.param(compact('{"exp":\uff11\uff12\uff13}'.encode()), id="full-width-digits"),
    pytest.param(compact(b'{"exp":0x10}'), id="hexadecimal-number"),
    pytest.param(compact(b'{"sub":"\\ud800"}'), id="lone-high-surrogate"),
    pytest.param(compact(b'{"sub":"\\uDC00"}'), id="lone-low-surrogate"),
    pytest.param(compact(b'{"\\ud800":1}'), id="lone-surrogate-in-a-name"),
    pytest.param(compact(b'{"o":[{"id":"\\udc00\\ud800"}]}'), id="surrogates-swapped-inside"),
    pytest.param(compact(b'{"sub":"\xed\xa0\x80"}'), id="surrogate-in-utf-8"),
    pytest.param(compact(header=b'{"alg":"RS256","kid":"\\ud800"}'), id="surrogate-in-the-header"),
    pytest.param(compact(b'{"sub":"a\nb"}'), id="control-character-in-a-string"),
    pytest.param(compact(b"[" * 100_000), id="100000-levels"),
    pytest.param(compact(b'{"a":' + b"[" * 5_900 + b"]" * 5_900 + b"}"), id="levels-up-to-the-cap"),
    pytest.param(compact(b'{"a":' * 80 + b"1" + b"}" * 80), id="80-levels-of-objects"),
    pytest.param(compact(b'{"a":' + b"[" * 80 + b"]" * 80 + b"}"), id="80-levels-of-lists"),
    pytest.param(compact(header=b'{"a":' * 400 + b"1" + b"}" * 400), id="400-levels-in-the-header"),
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_strict_jwt_is_refused_as_invalid(text: str) -> None:
    with pytest.raises(TokenVerificationError) as refused:
        read_token(text)
    assert refused.value.reason == Reason.TOKEN_INVALID


def test_tokens_up_to_the_size_cap_are_read_and_longer_ones_are_not() -> None:
    start = f"{HEADER}.{PAYLOAD}."
    longest = start + "A" * (MAX_TOKEN_SIZE - len(start) - (MAX_TOKEN_SIZE - len(start)) % 4)
    assert read_token(longest).payload == {"sub": "user_1"}
    with pytest.raises(TokenVerificationError, match="larger"):
        read_token(start + "A" * (MAX_TOKEN_SIZE - len(start) + 1))


def test_header_and_payload_are_read_and_an_empty_signature_is_left_to_verification() -> None:
    token = read_token(f"{HEADER}.{PAYLOAD}.")
    assert token.header == SESSION_HEADER
    assert token.payload == {"sub": "user_1"}
    assert token.kid == "ins_test"


def test_many_values_side_by_side_are_not_deep() -> None:
    payload = to_json({"teams": [{"id": number, "tags": []} for number in range(200)]})
    assert len(read_token(compact(payload)).payload["teams"]) == 200


def test_an_escaped_emoji_is_two_surrogates_that_belong_together() -> None:
    payload = b'{"name":"\\ud83d\\ude00","path":"C:\\\\udders"}'
    assert read_token(compact(payload)).payload == {"name": "😀", "path": "C:\\udders"}


def test_every_last_character_without_stray_bits_is_canonical() -> None:
    for length in (1, 2, 3):
        for byte in range(256):
            text = compact(signature=base64url(b"\x00" * (length - 1) + bytes([byte])))
            assert read_token(text).text == text


def test_padding_and_the_standard_alphabet_are_refused_in_every_part() -> None:
    payload = b'{"sub":"\xc3\xbf\xc3\xbf?>~"}'
    urlsafe, standard = base64url(payload), base64.b64encode(payload).decode()
    assert urlsafe != standard.rstrip("=")
    assert read_token(f"{HEADER}.{urlsafe}.AAAA").payload == {"sub": "ÿÿ?>~"}
    for altered in (standard, standard.rstrip("="), urlsafe + "="):
        with pytest.raises(TokenVerificationError):
            read_token(f"{HEADER}.{altered}.AAAA")


@pytest.mark.parametrize("stray", ["=", "!", "+", "/", "\n", "\0", "\x80", "\xe9", "\ud800"])
def test_a_stray_character_is_refused_wherever_it_stands(stray: str) -> None:
    """Beside a signature of whole groups of four (RSA of 3072 bits) it would make a twin."""
    for text in ("", "A", "AA", "AAA", "AAAA", "AAAAA", "AAAAAA", "AAAAAAA", "A" * 512):
        for place in {0, 1, len(text) // 2, len(text) - 1, len(text)}:
            with pytest.raises(TokenVerificationError):
                read_token(compact(signature=f"{text[:place]}{stray}{text[place:]}"))


@pytest.mark.parametrize("kid", [None, 7, ["ins_test"], {"a": 1}, True])
def test_a_kid_that_is_no_string_is_none(kid: object) -> None:
    assert UnverifiedToken("", freeze({"kid": kid}), freeze({}), b"").kid is None


CLASSES = [
    pytest.param({}, {}, True, None, id="old-token-without-category"),
    pytest.param({"cat": CATEGORY_SESSION}, {}, True, None, id="session"),
    pytest.param({"cat": CATEGORY_NEUTRAL}, {}, True, None, id="neutral"),
    pytest.param({"cat": CATEGORY_TEMPLATE}, {}, False, None, id="template"),
    pytest.param({"cat": CATEGORY_M2M}, {}, False, None, id="machine-category"),
    pytest.param({"cat": None}, {}, False, None, id="category-null"),
    pytest.param({"cat": [CATEGORY_SESSION]}, {}, False, None, id="category-list"),
    pytest.param({"cat": {}}, {}, False, None, id="category-object"),
    pytest.param({"cat": "cl_unheard_of"}, {}, False, None, id="category-unknown"),
    pytest.param({"cat": CATEGORY_SESSION}, {"sub": "mch_1"}, False, M2M_TOKEN, id="machine"),
    pytest.param({"typ": "at+jwt"}, {"sub": "user_1"}, False, OAUTH_TOKEN, id="oauth"),
    pytest.param({"typ": "application/at+jwt"}, {}, False, OAUTH_TOKEN, id="oauth-long"),
    pytest.param({"typ": ["at+jwt"]}, {"sub": ["mch_1"]}, True, None, id="lists-say-nothing"),
]


@pytest.mark.parametrize(("header", "payload", "is_session", "machine"), CLASSES)
def test_the_class_of_a_token_is_read_from_category_type_and_subject(
    header: dict[str, Any], payload: dict[str, Any], is_session: bool, machine: str | None
) -> None:
    token = UnverifiedToken("", freeze(header), freeze(payload), b"")
    assert token.is_session_class is is_session
    assert token.machine_type == machine


def test_a_tokens_type_is_told_by_its_prefix_or_by_what_the_jwt_says(sign: Signer) -> None:
    assert claimed_type("ak_123") == API_KEY
    assert claimed_type("mt_123") == M2M_TOKEN
    assert claimed_type("oat_123") == OAUTH_TOKEN
    assert claimed_type(sign({"sub": "mch_1"})) == M2M_TOKEN
    assert claimed_type(sign({"sub": "user_1"}, {"typ": "at+jwt"})) == OAUTH_TOKEN
    assert claimed_type(sign({"sub": "user_1"}, {"cat": CATEGORY_TEMPLATE})) == JWT_TEMPLATE
    assert claimed_type(sign({"sub": "mch_1"}, {"cat": CATEGORY_TEMPLATE})) == M2M_TOKEN
    for says_nothing in (sign({"sub": "user_1"}), "nonsense", ""):
        assert claimed_type(says_nothing) == SESSION_TOKEN


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("api_key", (API_KEY,)),
        (["oauth_token", "api_key", "api_key"], (API_KEY, OAUTH_TOKEN)),
        ("any", TOKEN_TYPES),
        (("any", "jwt_template"), (*TOKEN_TYPES, JWT_TEMPLATE)),
    ],
)
def test_accepted_types_come_once_and_in_one_order(
    asked: str | list[str], meant: tuple[str, ...]
) -> None:
    assert accepted_types(asked) == meant


@pytest.mark.parametrize("asked", ["", "session", [], ["api_key", "anything"]])
def test_types_that_do_not_exist_are_not_accepted(asked: str | list[str]) -> None:
    with pytest.raises(ValueError, match="one or several of session_token, api_key"):
        accepted_types(asked)


@pytest.mark.parametrize(
    ("token", "is_jwt"),
    [("a.b.c", True), ("ak_a.b.c", True), ("a.b.", False), ("ak_abc", False), ("a.b", False)],
)
def test_a_jwt_has_three_parts_and_a_signature(token: str, is_jwt: bool) -> None:
    assert has_jwt_form(token) is is_jwt


@pytest.mark.parametrize("value", [None, "7", True, [7], {}])
def test_what_is_no_number_counts_as_zero(value: object) -> None:
    assert UnverifiedToken("", freeze({}), freeze({"iat": value}), b"").number("iat") == 0
    assert UnverifiedToken("", freeze({}), freeze({}), b"").number("iat") == 0
    assert not is_number(value)
    assert not is_finite(value)


def test_numbers_are_finite_as_far_as_a_float_reaches() -> None:
    assert UnverifiedToken("", freeze({}), freeze({"iat": 7.5}), b"").number("iat") == 7.5
    assert is_number(10**400)
    assert is_finite(10**300)
    assert is_finite(-1)
    for endless in (10**400, -(10**400), float("inf"), float("-inf"), float("nan")):
        assert not is_finite(endless)


def test_a_repr_shows_nothing_of_the_token(sign: Signer) -> None:
    token = sign({"sub": "user_of_note"})
    shown = repr(read_token(token))
    assert token not in shown
    assert "user_of_note" not in shown
