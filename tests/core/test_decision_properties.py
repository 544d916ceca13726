"""Whatever a client sends and however the instance is set: what must never happen, never does."""

from __future__ import annotations

from http.cookies import CookieError
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck
from hypothesis import assume
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from flask_clerk.core.accounts import accounts_url
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import ConfigurationError
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.organizations import Target
from flask_clerk.core.state import RequestState
from flask_clerk.core.urls import origin_of
from tests.core.scene import APP
from tests.core.scene import LIVE
from tests.core.scene import NOW
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.core.scene import set_cookies
from tests.signing import Signer

ALLOWED = "https://satellite.example"
PRIMARY_SIGN_IN = "https://primary.example/sign-in"
FOREIGN = Signer(RSAKey.generate_key(2048, private=True))
MANY = settings(
    max_examples=max(600, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)
HEADER_OF_TOKEN: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {},
        {},
        {"cat": None},
        {"cat": "cl_B7d4PD222AAA"},
        {"cat": "cl_I7d4PD111III"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"typ": "at+jwt"},
        {"kid": 5},
        {"crit": ["b64"]},
    ]
)
INSTANT = st.one_of(
    st.integers(NOW - 700, NOW + 700), st.sampled_from([0, -1, None, 10**400, "x", 1e308])
)
CLAIMS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.sampled_from([{"exp": NOW - 60}, {"iat": NOW + 60}, {"nbf": NOW + 60}]),
    st.fixed_dictionaries(
        {},
        optional={
            "iat": INSTANT,
            "exp": INSTANT,
            "nbf": INSTANT,
            "sub": st.sampled_from(["user_1", "mch_1", None, 5]),
            "sid": st.sampled_from(["sess_1", "../users", None, 5]),
            "sts": st.sampled_from(["active", "pending", 5]),
            "azp": st.sampled_from([APP, "https://evil.example", None]),
            "iss": st.sampled_from(["https://clerk.example.com", "https://x.example", None, 5]),
            "o": st.sampled_from([{"id": "org_1", "slg": "acme"}, {}, "acme", None]),
            "v": st.sampled_from([2, 1, None]),
        },
    ),
)
#: A token: signed with the instance's key or another, spoilt or not; or no token at all.
TOKEN: st.SearchStrategy[Any] = st.one_of(
    st.tuples(CLAIMS, HEADER_OF_TOKEN, st.sampled_from(["own", "own", "own", "foreign", "spoilt"])),
    st.tuples(st.just({}), st.just({}), st.just("own")),
    TEXT,
)
NAMES = ("__session", "__client_uat", "__refresh", "__clerk_db_jwt")
BARE_NAMES = ("__clerk_handshake", "__clerk_handshake_nonce", "__clerk_redirect_count")
NUMBER = st.one_of(st.integers(-5, NOW + 10).map(str), st.sampled_from(["0", "x", "0xfff", "3"]))
TARGET = st.one_of(
    st.sampled_from(
        [
            f"{ALLOWED}/back",
            f"{APP}/back",
            "/back",
            "//evil.example",
            "/\\evil.example",
            "https:evil.example",
            "https://evil.example/",
            "https://satellite.example@evil.example/",
            "javascript:alert(1)",
            "\thttps://evil.example",
        ]
    ),
    TEXT,
)
QUERY = st.lists(
    st.one_of(
        st.tuples(st.just("__clerk_redirect_url"), TARGET),
        st.tuples(st.just("__clerk_synced"), st.sampled_from(["true", "false", ""])),
        st.tuples(st.sampled_from(["__clerk_db_jwt", "__dev_session"]), TEXT),
        st.tuples(st.sampled_from(["__clerk_handshake", "__clerk_handshake_nonce"]), TOKEN),
        st.tuples(TEXT, TEXT),
    ),
    max_size=3,
)
JAR = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["__session", "__clerk_handshake"]), st.booleans(), TOKEN),
        st.tuples(st.sampled_from(["__client_uat"]), st.booleans(), NUMBER),
        st.tuples(st.sampled_from(NAMES + BARE_NAMES), st.booleans(), st.one_of(NUMBER, TEXT)),
        st.tuples(TEXT, st.booleans(), TEXT),
    ),
    max_size=6,
)
#: What a browser of a signed-in person has, with more behind it; the first of a name counts.
COOKIES = st.one_of(
    JAR,
    st.builds(
        lambda token, has_suffix, more: [
            ("__session", has_suffix, token),
            ("__client_uat", has_suffix, "5"),
            ("__clerk_db_jwt", has_suffix, "dvb_1"),
            *more,
        ],
        TOKEN,
        st.booleans(),
        JAR,
    ),
    st.builds(lambda more: [*more, ("__refresh", True, "rt_1")], JAR),
)
HEADERS = st.one_of(
    st.just({"Sec-Fetch-Dest": "document"}),
    st.fixed_dictionaries(
        {},
        optional={
            "Sec-Fetch-Dest": st.sampled_from(["document", "iframe", "empty", ""]),
            "Accept": st.sampled_from(["text/html", "*/*", ""]),
            "Referer": st.one_of(st.sampled_from(["https://evil.example/", f"{APP}/x"]), TEXT),
            "User-Agent": TEXT,
        },
    ),
)
SETTINGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"key": st.sampled_from([LIVE, TEST, None])},
    optional={
        "secret_key": st.none(),
        "authorized_parties": st.just([APP]),
        "proxy_url": st.sampled_from(["/__clerk", f"{APP}/__clerk"]),
        "is_satellite": st.booleans(),
        "domain": st.just("satellite.example"),
        "satellite_auto_sync": st.booleans(),
        "sign_in_url": st.sampled_from([PRIMARY_SIGN_IN, "/sign-in"]),
        "allowed_redirect_origins": st.just([ALLOWED]),
        "organization_of": st.sampled_from(
            [lambda path: Target(), lambda path: Target(organization_slug="acme")]
        ),
        "clock_skew": st.sampled_from([0, 5, 60]),
    },
)
#: What the Backend API answers to a nonce or a refresh.
ANSWER = st.one_of(
    st.lists(
        st.one_of(st.tuples(st.sampled_from(["__session", "__session_x"]), TOKEN), TEXT),
        max_size=3,
    ),
    st.sampled_from(
        [BackendAPIError("no", status=404, codes=("a\r\nb",)), BackendAPIError("down")]
    ),
)
PATH = st.sampled_from(["/", "/a%20b", "//evil.example", "/orgs/acme", "/%5C%5Cevil.example"])


def scene_of(sign: Signer, wanted: dict[str, Any], answer: Any) -> Scene:
    """Return the scene; contradicting settings are refused at the start, and so never decide."""
    try:
        scene = Scene(sign, **wanted)
    except ConfigurationError:
        assume(False)
    if isinstance(answer, list):
        lines = [made if isinstance(made, str) else line_of(scene, *made) for made in answer]
        scene.backend.handshake = scene.backend.refreshed = lines
    else:
        scene.backend.handshake = scene.backend.refreshed = answer
    return scene


def line_of(scene: Scene, name: str, token: Any) -> str:
    return f"{name}={token_of(scene, token)}; Path=/"


def token_of(scene: Scene, made: Any) -> str:
    if isinstance(made, str):
        return made
    claims, header, how = made
    payload = {**claims, "handshake": ["__session=x; Path=/", "a=b\nc"]}
    usual = {"azp": APP, "exp": NOW + 30, "iat": NOW - 30, "sub": "user_1", "sid": "sess_1"}
    token = (FOREIGN if how == "foreign" else scene.sign)({**usual, **payload}, header)
    return token[:-6] + "AAAAAA" if how == "spoilt" else token


def request_of(
    scene: Scene, method: str, path: str, query: Any, cookies: Any, headers: Any, bearer: Any
) -> dict[str, Any]:
    pairs = [f"{quote(n)}={quote(token_of(scene, v), safe='')}" for n, v in query]
    parts = [
        f"{scene.suffixed(name) if has_suffix and scene.key else name}={token_of(scene, value)}"
        for name, has_suffix, value in cookies
    ]
    sent = {"Sec-Fetch-Dest": "", "Accept": "", **headers}
    if bearer is not None:
        sent["Authorization"] = f"Bearer {token_of(scene, bearer)}"
    return {
        "url": f"{APP}{path}" + ("?" + "&".join(pairs) if pairs else ""),
        "method": method,
        "cookies": "; ".join(parts),
        "headers": sent,
    }


REQUEST = st.tuples(
    st.sampled_from(["GET", "GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "DELETE"]),
    PATH,
    QUERY,
    COOKIES,
    HEADERS,
    st.one_of(st.none(), st.none(), st.none(), TOKEN),
)


@MANY
@given(wanted=SETTINGS, request=REQUEST, answer=ANSWER)
@example(
    wanted={"key": LIVE},
    request=("GET", "/", [], [("__client_uat", False, "0x" + "f" * 300)], {}, None),
    answer=[],
)
@example(
    wanted={"key": TEST},
    request=("GET", "/", [("__clerk_redirect_url", "https://[evil")], [], {}, None),
    answer=[],
)
def test_every_request_gets_a_safe_decision(
    sign: Signer, wanted: dict[str, Any], request: Any, answer: Any
) -> None:
    scene = scene_of(sign, wanted, answer)
    sent = request_of(scene, *request)
    try:
        state = scene.decide(**sent)
    except HandshakeError:
        assert scene.config.is_development
        assert scene.context(**sent).handshake_token
        return
    assert_only_a_valid_token_signs_in(scene, state)
    assert_redirect_leads_nowhere_else(scene, state, sent["method"])
    assert_headers_can_be_sent(state)
    assert len(scene.backend.calls) <= 2
    state.to_auth()


def assert_only_a_valid_token_signs_in(scene: Scene, state: RequestState) -> None:
    assert state.is_signed_in is (state.token is not None) is (state.claims is not None)
    if state.token is None:
        assert state.to_auth().user_id is None
        return
    skew = None
    if scene.config.is_development and state.location is not None:
        skew = 86_400.0  # a development clock is forgiven once, right after a handshake
    try:
        claims = scene.instance.verify_token(state.token, clock_skew=skew)
    except TokenVerificationError as error:
        pytest.fail(f"signed in with a token that is refused: {error.reason}")
    assert claims["sub"] == "user_1"
    assert claims == state.claims


def assert_redirect_leads_nowhere_else(scene: Scene, state: RequestState, method: str) -> None:
    if state.status == "handshake":
        assert method == "GET"
    if state.location is None:
        assert state.status != "handshake"
        return
    assert origin_of(state.location) in allowed_origins(scene.config)
    if urlsplit(state.location).hostname == "satellite.example":
        assert scene.config.is_satellite or scene.config.allowed_redirect_origins


def allowed_origins(config: ClerkConfig) -> set[str | None]:
    urls: list[str | None] = [APP, *config.allowed_redirect_origins, config.instance_frontend_api]
    if config.instance_frontend_api:
        urls.append(accounts_url(config.instance_frontend_api))
    if config.sign_in_url and not config.sign_in_url.startswith("/"):
        urls.append(config.sign_in_url)
    return {origin_of(url) for url in urls if url}


def assert_headers_can_be_sent(state: RequestState) -> None:
    for name, value in state.headers:
        assert name.isascii()
        assert name.isprintable()
        assert value.isascii(), (name, value)
        assert value.isprintable(), (name, value)


# --- a browser that follows -------------------------------------------------------------------


class Browser:
    """Follows redirects as browsers do, with a cookie jar for the one host it visits."""

    def __init__(self, cookies: dict[str, str]) -> None:
        self.jar = dict(cookies)

    def take(self, lines: list[str]) -> None:
        for line in lines:
            try:
                parsed = SimpleCookie(line)
            except CookieError:
                continue
            self.jar.update({name: morsel.value for name, morsel in parsed.items()})

    def navigate(self, scene: Scene, url: str, answers: list[Any]) -> int:
        """Return after how many redirects a page was shown.

        :param answers: What the Frontend API does at each handshake: it hands back a nonce, or
            nothing at all.
        """
        for redirects in range(12):
            state = scene.decide(url, cookies=self.jar)
            self.take(set_cookies(state))
            if state.location is None:
                return redirects
            if origin_of(state.location) == APP:
                url = state.location
                continue
            answer = answers[redirects % len(answers)]
            back = f"{APP}/path"
            if answer is None:
                url = back
            else:
                scene.backend.handshake = answer
                self.jar.pop("__clerk_handshake_nonce", None)
                if scene.config.is_development:
                    url = f"{back}?__clerk_handshake_nonce=n{redirects}"
                else:
                    self.jar["__clerk_handshake_nonce"] = f"n{redirects}"
                    url = back
        pytest.fail("the browser was sent around without end")


@MANY
@given(
    key=st.sampled_from([LIVE, TEST]),
    uat=st.sampled_from([None, "0", "5", str(NOW + 5)]),
    token=st.one_of(st.none(), TOKEN),
    dev_browser=st.booleans(),
    handed=st.lists(
        st.one_of(st.none(), st.lists(st.tuples(st.just("__session"), TOKEN), max_size=2)),
        min_size=1,
        max_size=3,
    ),
)
def test_no_browser_is_sent_through_more_than_three_handshakes(
    sign: Signer,
    key: PublishableKey,
    uat: str | None,
    token: Any,
    dev_browser: bool,
    handed: list[Any],
) -> None:
    """Whatever the Frontend API hands back, or does not, and whatever the cookies are."""
    scene = Scene(sign, key=key, organization_of=lambda path: Target(organization_slug="acme"))
    cookies = {"__client_uat": uat, "__clerk_db_jwt": "dvb_1" if dev_browser else None}
    jar = {name: value for name, value in cookies.items() if value is not None}
    if token is not None:
        value = token_of(scene, token)
        assume(";" not in value)
        jar["__session"] = value
    answers = [
        None if lines is None else [line_of(scene, *made) for made in lines] for lines in handed
    ]
    redirects = Browser(jar).navigate(scene, f"{APP}/path", answers)
    # Development adds a step after each handshake, which takes its parameters out of the URL.
    assert redirects <= (6 if scene.config.is_development else 3)
