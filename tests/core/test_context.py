"""The facts of a request: read exactly as Clerk reads them, whatever a client sends."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flask_clerk.core.context import parse_cookies
from tests.core.scene import APP
from tests.core.scene import LIVE
from tests.core.scene import NOW
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.signing import Signer

OWN = "https://clerk.example.com"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param("a=1; b=2", {"a": "1", "b": "2"}, id="two"),
        pytest.param("a=1; a=2", {"a": "1"}, id="first of a name"),
        pytest.param("a=; a=2", {"a": ""}, id="first of a name though empty"),
        pytest.param('a="1"', {"a": '"1"'}, id="quotes kept"),
        pytest.param('a="1; b=2"', {"a": '"1', "b": '2"'}, id="quotes hide no semicolon"),
        pytest.param("a=1%3B%20b=2", {"a": "1; b=2"}, id="escaped semicolon forges nothing"),
        pytest.param("a%3Db=1", {"a%3Db": "1"}, id="names are not decoded"),
        pytest.param("\ta \t=\t 1 \t;b=2", {"a": "1", "b": "2"}, id="tabs and spaces trimmed"),
        pytest.param("a=\x0b1\x0b", {"a": "\x0b1\x0b"}, id="other white space kept"),
        pytest.param("a=1=2==", {"a": "1=2=="}, id="only the first equals sign counts"),
        pytest.param("a; b=2; ;", {"b": "2"}, id="no equals sign, no cookie"),
        pytest.param("=1; b=2", {"": "1", "b": "2"}, id="no name"),
        pytest.param("a=100%", {"a": "100%"}, id="lone percent sign kept"),
        pytest.param("a=%41%4", {"a": "%41%4"}, id="one bad escape leaves all"),
        pytest.param("a=%FF", {"a": "%FF"}, id="no UTF-8 leaves all"),
        pytest.param("a=%C3%A9", {"a": "é"}, id="UTF-8"),
        pytest.param("a=%2525", {"a": "%25"}, id="decoded once"),
        pytest.param("a=1+2", {"a": "1+2"}, id="plus is no space"),
        pytest.param("a=1,b=2", {"a": "1,b=2"}, id="comma separates nothing"),
        pytest.param("A=1; a=2", {"A": "1", "a": "2"}, id="case counts"),
        pytest.param("a=é%41", {"a": "é%41"}, id="raw bytes beside an escape"),
        pytest.param("a=€%41", {"a": "€%41"}, id="beyond a header's bytes"),
    ],
)
def test_cookies_are_read_as_npms_cookie_reads_them(header: str, expected: dict[str, str]) -> None:
    assert parse_cookies(header) == expected


def test_cookie_that_only_begins_like_the_sessions_is_none(sign: Signer) -> None:
    scene = Scene(sign)
    context = scene.context(cookies="__session_x=a; __sessionx=b; __client_uat_x=5")
    assert context.session_token_in_cookie is None
    assert context.client_uat == 0


def test_escaped_semicolon_forges_no_session(sign: Signer) -> None:
    scene = Scene(sign)
    context = scene.context(cookies=f"theme=x%3B%20__session={scene.token()}")
    assert context.session_token_in_cookie is None


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("Bearer abc def", "abc"),
        ("  Bearer abc \t", "abc"),
        ("abc", "abc"),
        ("Bearer", "Bearer"),
        ("Bearer  abc", "Bearer"),
        ("bearer abc", None),
        ("BEARER abc", None),
        ("Bearer\tabc", "Bearer\tabc"),
        ("Basic dTpw", None),
        ("Digest Bearer abc", None),
        ("XBearer abc", None),
        ("", None),
        (" ", None),
    ],
)
def test_authorization_is_bearer_or_bare_or_not_ours(
    value: str, token: str | None, sign: Signer
) -> None:
    context = Scene(sign).context(headers={"Authorization": value})
    assert context.token_in_header == token


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("", 0),
        ("5", 5),
        ("  5", 5),
        ("5abc", 5),
        ("5.9", 5),
        ("-5", -5),
        ("+5", 5),
        ("- 5", 0),
        ("abc", 0),
        ("0x1F", 31),
        ("0xg", 0),
        ("010", 10),
        ("1e3", 1),
        ("Infinity", 0),
        ("NaN", 0),
        ("true", 0),
        ("9" * 400, math.inf),
        ("9" * 6000, math.inf),
        ("-" + "9" * 400, -math.inf),
        ("0x" + "f" * 300, math.inf),
        ("\N{ARABIC-INDIC DIGIT FIVE}", 0),
    ],
    ids=lambda value: str(value)[:10],
)
def test_client_uat_is_read_as_parse_int_reads_it(value: str, number: float, sign: Signer) -> None:
    assert Scene(sign).context(cookies=f"__client_uat={value}").client_uat == number


def test_first_parameter_of_a_name_counts(sign: Signer) -> None:
    context = Scene(sign).context(f"{APP}/?a=1&a=2&b=&c=x+y%26&%5F=d#a=3")
    assert context.query == {"a": "1", "b": "", "c": "x y&", "_": "d"}


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://app.example.com/a%2Fb?x#y", "https://app.example.com", "/a%2Fb"),
        ("https://app.example.com", "https://app.example.com", "/"),
        ("https://App.Example.com:443//x", "https://app.example.com", "//x"),
        ("http://localhost:3000/", "http://localhost:3000", "/"),
        ("https://user@app.example.com/", "", "/"),
        ("https://[::1/x", "", "/"),
        ("/only/a/path", "", "/only/a/path"),
        ("https://app.example.com/x?path=C:\\", "https://app.example.com", "/x"),
        ("https://app.example.com?@evil.example/", "https://app.example.com", "/"),
        ("https://app.example.com\\?@evil.example/", "", "/"),
        ("https://app.example.com/x\\y", "", "/x\\y"),
    ],
)
def test_url_is_taken_apart(url: str, origin: str, path: str, sign: Signer) -> None:
    context = Scene(sign).context(url)
    assert (context.origin, context.path) == (origin, path)


def test_development_browser_of_the_query_counts_before_the_cookie(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    cookies = {"__clerk_db_jwt": "of_cookie"}
    assert scene.context(cookies=cookies).dev_browser_token == "of_cookie"
    url = f"{APP}/?__clerk_db_jwt=of_query"
    assert scene.context(url, cookies=cookies).dev_browser_token == "of_query"
    assert scene.context(f"{APP}/?__clerk_db_jwt=", cookies=cookies).dev_browser_token == (
        "of_cookie"
    )


def test_handshake_is_read_from_the_query_before_the_cookie(sign: Signer) -> None:
    scene = Scene(sign)
    cookies = {"__clerk_handshake": "c1", "__clerk_handshake_nonce": "c2"}
    context = scene.context(cookies=cookies)
    assert (context.handshake_token, context.handshake_nonce) == ("c1", "c2")
    url = f"{APP}/?__clerk_handshake=q1&__clerk_handshake_nonce=q2"
    context = scene.context(url, cookies=cookies)
    assert (context.handshake_token, context.handshake_nonce) == ("q1", "q2")


def test_refresh_token_comes_with_this_instances_suffix_only(sign: Signer) -> None:
    scene = Scene(sign)
    assert scene.context(cookies={"__refresh": "rt"}).refresh_token is None
    assert scene.context(cookies={"__refresh_other123": "rt"}).refresh_token is None
    assert scene.context(cookies={scene.suffixed("__refresh"): "rt"}).refresh_token == "rt"
    keyless = Scene(sign, key=None, secret_key=None)
    assert keyless.context(cookies={scene.suffixed("__refresh"): "rt"}).refresh_token is None


#: Plain token, plain uat, suffixed token, suffixed uat -> believe the suffixed ones?
#: A token is (issuer, seconds since it was issued), or text that is no token.
SUFFIX_RULES: list[Any] = [
    pytest.param(None, None, None, None, False, id="nothing"),
    pytest.param(None, "5", None, None, False, id="only plain"),
    pytest.param((OWN, 0), "5", None, None, False, id="only plain, signed in"),
    pytest.param(None, None, (OWN, 0), "5", True, id="only suffixed"),
    pytest.param(None, None, (OWN, 0), None, False, id="suffixed session without its uat"),
    pytest.param(None, None, None, "0", False, id="suffixed says signed out"),
    pytest.param((OWN, 30), "5", (OWN, 0), "5", True, id="both, suffixed newer"),
    pytest.param((OWN, 0), "5", (OWN, 30), "5", False, id="both, plain newer"),
    pytest.param((OWN, 0), "0", (OWN, 30), "5", True, id="plain newer but signed out"),
    pytest.param((OWN, 30), "5", (OWN, 0), "0", False, id="suffixed signed out, plain in"),
    pytest.param((OWN, 0), "0", (OWN, 30), "0", True, id="both signed out"),
    pytest.param(("https://clerk.other.example", 0), "5", (OWN, 30), "5", True, id="foreign plain"),
    pytest.param(("https://clerk.other.example", 0), "5", None, None, True, id="foreign alone"),
    pytest.param(("http://clerk.example.com", 30), "5", (OWN, 0), "5", True, id="scheme no matter"),
    pytest.param((None, 30), "5", (OWN, 0), "5", False, id="plain without issuer"),
    pytest.param((5, 30), "5", (OWN, 0), "5", True, id="issuer no text"),
    pytest.param("garbage", "5", (OWN, 0), "5", False, id="plain garbage"),
    pytest.param((OWN, 30), "5", "garbage", "5", False, id="suffixed garbage"),
    pytest.param((OWN, 300), "0", (OWN, 300), "5", True, id="expired, production"),
]


@pytest.mark.parametrize(("plain", "plain_uat", "own", "own_uat", "expected"), SUFFIX_RULES)
def test_which_generation_of_cookies_is_believed(
    plain: Any,
    plain_uat: str | None,
    own: Any,
    own_uat: str | None,
    expected: bool,
    sign: Signer,
) -> None:
    scene = Scene(sign)
    context = scene.context(cookies=both_generations(scene, plain, plain_uat, own, own_uat))
    assert context.uses_suffixed_cookies is expected


@pytest.mark.parametrize(
    ("age", "plain_uat", "suffixed_uat", "expected"),
    [
        pytest.param(300, "0", "5", False, id="left-over beside a sign-out"),
        pytest.param(59, "0", "5", True, id="not expired yet"),
        pytest.param(60, "0", "5", False, id="expires now"),
        pytest.param(300, "0", "0", True, id="both signed out"),
        pytest.param(300, None, "5", True, id="no plain uat"),
    ],
)
def test_in_development_an_expired_suffixed_session_is_a_left_over(
    age: int, plain_uat: str | None, suffixed_uat: str, expected: bool, sign: Signer
) -> None:
    scene = Scene(sign, key=TEST)
    own = (f"https://{TEST.frontend_api}", age)
    cookies = both_generations(scene, None, plain_uat, own, suffixed_uat)
    assert scene.context(cookies=cookies).uses_suffixed_cookies is expected


def test_suffixed_session_without_exp_is_no_left_over(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    cookies = {
        scene.suffixed("__session"): scene.token(exp=None),
        scene.suffixed("__client_uat"): "5",
        "__client_uat": "0",
    }
    assert scene.context(cookies=cookies).uses_suffixed_cookies is True


def test_satellites_own_issuer_is_its_domains(sign: Signer) -> None:
    scene = Scene(sign, key=LIVE, is_satellite=True, domain="satellite.example")
    own = ("https://clerk.satellite.example", 30)
    cookies = both_generations(scene, own, "5", own, "5")
    assert scene.context(cookies=cookies).uses_suffixed_cookies is True


def test_without_a_publishable_key_there_are_only_plain_cookies(sign: Signer) -> None:
    scene = Scene(sign, key=None, secret_key=None)
    token = scene.token(iss=OWN)
    context = scene.context(cookies={"__session": token, "__client_uat": "5"})
    assert (context.session_token_in_cookie, context.client_uat) == (token, 5)


def both_generations(
    scene: Scene, plain: Any, plain_uat: str | None, own: Any, own_uat: str | None
) -> dict[str, str]:
    found = {
        "__session": token_of(scene, plain),
        "__client_uat": plain_uat,
        scene.suffixed("__session"): token_of(scene, own),
        scene.suffixed("__client_uat"): own_uat,
    }
    return {name: value for name, value in found.items() if value is not None}


def token_of(scene: Scene, described: Any) -> str | None:
    if described is None or isinstance(described, str):
        return described
    issuer, age = described
    return scene.sign({"iss": issuer, "iat": NOW - age, "exp": NOW - age + 60})
