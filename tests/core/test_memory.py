"""What is remembered is what would be decided anew, and nothing that could be decided otherwise."""

from __future__ import annotations

import gc
import threading
from types import FunctionType
from types import ModuleType
from typing import Any
from typing import cast

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.facts import Facts
from flask_clerk.core.facts import Texts
from flask_clerk.core.organizations import Target
from flask_clerk.core.request import authenticate_request
from tests.core.scene import APP
from tests.core.scene import DEVELOPMENT_SATELLITE
from tests.core.scene import EXPIRED
from tests.core.scene import NOW
from tests.core.scene import SATELLITE
from tests.core.scene import TEST
from tests.core.scene import Headers
from tests.core.scene import Scene
from tests.core.scene import acme
from tests.signing import KID
from tests.signing import Signer

OTHER = RSAKey.generate_key(2048, private=True)
ELSEWHERE = {"Referer": "https://elsewhere.example/"}


def jwks_of(*keys: RSAKey, kid: str = KID) -> dict[str, Any]:
    return {"keys": [{**key.as_dict(private=False), "kid": kid, "alg": "RS256"} for key in keys]}


def with_jwks(sign: Signer, **settings: Any) -> Scene:
    """Return a scene whose keys are fetched."""
    scene = Scene(sign, jwt_key=None, **settings)
    scene.backend.jwks = jwks_of(sign.key)
    return scene


# What is remembered


def test_a_session_in_a_cookie_is_remembered(sign: Signer) -> None:
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    assert scene.recall(**sent) is None
    state = scene.visit(**sent)
    assert state.is_signed_in
    assert scene.recall(**sent) == state


def test_a_token_in_the_header_is_remembered(sign: Signer) -> None:
    scene = Scene(sign, key=None)
    sent: dict[str, Any] = {"headers": {"Authorization": f"Bearer {scene.token()}"}}
    assert scene.recall(**sent) is None
    assert scene.recall(**sent, method="POST") is None
    state = scene.visit(**sent)
    assert state.is_signed_in
    assert scene.recall(**sent) == state


def test_visitors_without_anything_are_remembered_as_one(sign: Signer) -> None:
    scene = Scene(sign)
    state = scene.visit(f"{APP}/a", headers=ELSEWHERE)
    assert state.reason == Reason.SESSION_TOKEN_AND_UAT_MISSING
    assert scene.recall(f"{APP}/b?c=d", cookies="_ga=GA1.1.1") == state


def test_a_pending_session_is_remembered_as_pending(sign: Signer) -> None:
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token(sts="pending"))}
    scene.visit(**sent)
    assert scene.recall(**sent).to_auth().session_status == "pending"
    assert not scene.recall(**sent).to_auth().is_signed_in


def test_two_instances_remember_nothing_of_each_other(sign: Signer) -> None:
    first, second = Scene(sign), Scene(sign)
    sent: dict[str, Any] = {"cookies": first.cookies(first.token())}
    first.visit(**sent)
    assert first.recall(**sent) is not None
    assert second.recall(**sent) is None


@pytest.mark.parametrize("size", [0, 1, 10])
def test_no_more_is_remembered_than_the_setting_says(size: int, sign: Signer) -> None:
    scene = Scene(sign, token_cache_size=size)
    sent: list[dict[str, Any]] = [
        {"cookies": scene.cookies(scene.token(sub=f"user_{n}"))} for n in range(30)
    ]
    for one in sent:
        assert scene.visit(**one).is_signed_in
    remembered = [one for one in sent if scene.recall(**one) is not None]
    assert len(remembered) <= size
    assert bool(remembered) is (size > 1)


# What is not


def test_a_renewed_session_is_renewed_again(sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.refreshed = [f"__session={scene.token()}; Path=/"]
    sent = scene.expired_with_refresh_cookie()
    assert scene.visit(**sent).is_signed_in
    assert scene.visit(**sent).is_signed_in
    assert [call[0] for call in scene.backend.calls] == ["refresh", "refresh"]


@pytest.mark.parametrize("line", ["__session={}; Path=/", "__session={}; \N{SNOWMAN}"])
def test_a_nonce_counts_once_though_it_brings_the_token_that_is_there(
    line: str, sign: Signer
) -> None:
    scene = Scene(sign)
    token = scene.token()
    scene.backend.handshake = [line.format(token)]
    sent: dict[str, Any] = {"cookies": {**scene.cookies(token), "__clerk_handshake_nonce": "n1"}}
    assert scene.visit(**sent).is_signed_in
    assert scene.recall(**sent) is None


def test_a_session_beside_a_handshake_that_failed_is_decided_about_each_time(sign: Signer) -> None:
    """The key that the handshake lacks today may be there tomorrow."""
    scene = Scene(sign)
    handshake = sign({"handshake": ["__session=; Path=/"]}, key=OTHER)
    sent: dict[str, Any] = {
        "cookies": {**scene.cookies(scene.token()), "__clerk_handshake": handshake}
    }
    assert scene.visit(**sent).is_signed_in
    assert scene.recall(**sent) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda scene: {"cookies": scene.cookies(scene.expired())},
        lambda scene: {"cookies": {"__client_uat": "5"}},
        lambda scene: {"cookies": scene.cookies(scene.token()[:-6] + "AAAAAA")},
        lambda scene: {"cookies": scene.cookies(scene.token(header={"kid": "ins_other"}))},
        lambda scene: {"headers": {"Authorization": "Bearer nonsense"}},
        lambda scene: {"cookies": scene.cookies(scene.token()), "headers": ELSEWHERE},
    ],
    ids=["expired", "half", "forged", "unknown kid", "nonsense", "from elsewhere"],
)
def test_a_refusal_and_a_handshake_are_decided_each_time(make: Any, sign: Signer) -> None:
    scene = with_jwks(sign)
    sent = make(scene)
    assert not scene.visit(**sent).is_signed_in
    assert scene.recall(**sent) is None


def test_facts_without_the_token_never_stand_for_its_session(sign: Signer) -> None:
    """Whatever made the request's headers: nobody else's facts may be answered with a session."""
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    context = scene.context(**sent)
    state = authenticate_request(context, scene.instance)
    for facts in (scene.facts(), scene.facts(cookies=scene.cookies(scene.token(sub="user_2")))):
        assert facts is not None
        scene.instance.memory.remember(facts, context, state)
        assert scene.instance.memory.recall(facts, scene.now) is None


def test_texts_of_one_hash_are_told_apart_by_the_token_in_them(sign: Signer) -> None:
    """The hash is Python's, of 64 bits, and where its seed is fixed anybody can compute it."""
    scene = Scene(sign)
    mine: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**mine)
    scene.visit()
    another = {"cookies": scene.cookies(scene.token(sub="user_2"))}
    own, other, nobodys = (cast(Facts, scene.facts(**sent)) for sent in (mine, another, {}))
    recall, (key, texts) = scene.instance.memory.recall, own
    assert recall((key, texts), scene.now) is not None
    cookies = texts[1] or ""
    forged: list[Texts] = [
        other[1],
        nobodys[1],
        (cookies, None),
        (None, f"x{cookies}"),
        (None, cookies[:100]),
        (None, "x" * len(cookies)),
    ]
    for each in forged:
        assert recall((key, each), scene.now) is None
    assert recall((nobodys[0], texts), scene.now) is None


def test_what_is_remembered_holds_neither_cookies_nor_token(sign: Signer) -> None:
    scene = Scene(sign)
    token = scene.token()
    scene.visit(cookies=scene.cookies(token))
    kept: list[Any] = [scene.instance]
    seen: set[int] = set()
    while kept:
        thing = kept.pop()
        if id(thing) in seen or isinstance(thing, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(thing))
        assert not (isinstance(thing, str) and token in thing)
        kept += gc.get_referents(thing)


# Until when


def test_an_expired_session_is_forgotten_to_the_second(sign: Signer) -> None:
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**sent)
    scene.now = NOW + 59.999
    assert scene.recall(**sent) is not None
    scene.now = NOW + 60
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).is_signed_in  # clocks may differ by five seconds
    scene.now = NOW + 65
    assert scene.visit(**sent).reason == f"{EXPIRED}non-eligible-no-refresh-cookie"
    scene.now = NOW
    assert scene.recall(**sent) is not None


@pytest.mark.parametrize(
    ("claims", "first"), [({"nbf": NOW - 10}, NOW - 5), ({"nbf": NOW + 3}, NOW - 2), ({}, NOW - 5)]
)
def test_a_clock_that_was_set_back_is_heeded(
    claims: dict[str, Any], first: int, sign: Signer
) -> None:
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token(**claims))}
    assert scene.visit(**sent).is_signed_in
    scene.now = first
    assert scene.recall(**sent) is not None
    scene.now = first - 0.5
    assert scene.recall(**sent) is None
    assert not scene.visit(**sent).is_signed_in


def test_the_cookie_to_believe_is_chosen_anew_when_the_other_has_expired(sign: Signer) -> None:
    """In development an expired suffixed token beside a plain sign-out is a left-over."""
    scene = Scene(sign, key=TEST)
    sent: dict[str, Any] = {
        "cookies": {
            scene.suffixed("__session"): scene.token(),
            scene.suffixed("__client_uat"): str(NOW - 600),
            scene.suffixed("__clerk_db_jwt"): "dvb_1",
            "__clerk_db_jwt": "dvb_1",
            "__client_uat": "0",
        }
    }
    assert scene.visit(**sent).is_signed_in
    assert scene.recall(**sent) is not None
    scene.now = NOW + 61
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).reason == Reason.SESSION_TOKEN_AND_UAT_MISSING


def test_a_withdrawn_key_is_believed_no_longer_than_without_memory(sign: Signer) -> None:
    scene = with_jwks(sign, jwks_ttl=20)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**sent)
    scene.backend.jwks = jwks_of(OTHER, kid="ins_next")
    scene.now = NOW + 15
    assert scene.recall(**sent) is not None
    scene.now = NOW + 21
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).reason == Reason.JWK_KID_MISMATCH


def test_another_key_of_the_same_id_has_not_signed_what_is_remembered(sign: Signer) -> None:
    scene = with_jwks(sign, jwks_ttl=20)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**sent)
    scene.backend.jwks = jwks_of(OTHER)
    scene.now = NOW + 21
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).reason == Reason.TOKEN_INVALID_SIGNATURE


def test_keys_are_renewed_behind_the_scenes_while_everything_is_remembered(sign: Signer) -> None:
    scene = with_jwks(sign, jwks_ttl=20)
    renewed = threading.Event()
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**sent)
    fetch = scene.backend.fetch_jwks

    def fetch_and_tell() -> Any:
        renewed.set()
        return fetch()

    scene.backend.fetch_jwks = fetch_and_tell  # type: ignore[method-assign]
    scene.now = NOW + 17
    assert scene.recall(**sent) is not None
    assert renewed.wait(10)


def test_where_no_keys_can_be_had_the_decision_gives_the_reason(sign: Signer) -> None:
    scene = with_jwks(sign, jwks_ttl=20)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token(exp=NOW + 9000))}
    scene.visit(**sent)
    scene.backend.jwks = BackendAPIError("down")
    scene.now = NOW + 5000
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).reason == Reason.JWK_FAILED_TO_LOAD


def test_an_ended_session_is_not_remembered(sign: Signer) -> None:
    scene = Scene(sign)
    sent: dict[str, Any] = {"cookies": scene.cookies(scene.token())}
    scene.visit(**sent)
    scene.instance.revocations.revoke_session("sess_1")
    assert scene.recall(**sent) is None
    assert scene.visit(**sent).reason == Reason.SESSION_REVOKED


# Whatever is asked


#: Settings, and the few choices of which requests are made, so that the same facts come up often.
WANTED: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"key": TEST},
        {"key": None},
        {"proxy_url": "/__clerk"},
        {"authorized_parties": [APP]},
        {"organization_of": acme},
        {"key": TEST, "organization_of": lambda path: Target()},
        {**SATELLITE, "satellite_auto_sync": True},
        DEVELOPMENT_SATELLITE,
        {"allowed_redirect_origins": ["https://satellite.example"], "key": TEST},
    ]
)
TOKENS: tuple[dict[str, Any], ...] = (
    {},
    {"exp": NOW + 30, "iat": NOW - 30, "nbf": NOW - 40},
    {"exp": NOW + 900.5, "nbf": NOW + 3},
    {"sub": "user_2", "o": {"id": "org_1", "slg": "acme"}},
    {"sts": "pending"},
    {"iss": "https://other.example"},
    {"azp": "https://evil.example"},
    {"exp": NOW - 60},
)
COOKIE = st.tuples(
    st.sampled_from(
        ["__session", "__client_uat", "__clerk_db_jwt", "__refresh", "__clerk_handshake_nonce"]
    ),
    st.booleans(),
    st.sampled_from(
        [
            "token 0",
            "token 0",
            "token 1",
            "token 2",
            "token 3",
            "token 4",
            "token 5",
            "token 6",
            "token 7",
            "0",
            "5",
            str(NOW - 10),
            "n1",
        ]
    ),
)
BROWSER: st.SearchStrategy[list[tuple[str, bool, str]]] = st.one_of(
    st.just([]),
    st.lists(COOKIE, max_size=5),
    st.builds(
        lambda token, has_suffix, more: [
            ("__session", has_suffix, f"token {token}"),
            ("__client_uat", has_suffix, "5"),
            ("__clerk_db_jwt", has_suffix, "dvb_1"),
            *more,
        ],
        st.integers(0, len(TOKENS) - 1),
        st.booleans(),
        st.lists(COOKIE, max_size=1),
    ),
)
URLS = (
    f"{APP}/path",
    f"{APP}/orgs/acme",
    f"{APP}/path?q=a%20b",
    f"{APP}/path?%5F_clerk_synced=false",
    f"{APP}/path?__clerk_redirect_url=https://satellite.example/",
    "http://other.example/path",
)
#: One thing that changes from one request to the next.
CHANGE: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"method": st.sampled_from(["GET", "GET", "POST", "HEAD"])}),
    st.fixed_dictionaries({"url": st.sampled_from(URLS)}),
    st.fixed_dictionaries({"Sec-Fetch-Dest": st.sampled_from(["document", "iframe", "empty"])}),
    st.fixed_dictionaries({"Accept": st.sampled_from(["text/html", "*/*"])}),
    st.fixed_dictionaries(
        {
            "Referer": st.sampled_from(
                ["https://elsewhere.example/", f"{APP}/x", "https://evil.example/\\", "x"]
            )
        }
    ),
    st.fixed_dictionaries(
        {"Authorization": st.sampled_from(["Bearer token 0", "token 3", "Basic eA==", ""])}
    ),
    st.fixed_dictionaries({"browser": st.sampled_from(["first", "second"])}),
)
#: What happens between two requests: seconds pass, either way, or something else.
MEANWHILE: st.SearchStrategy[Any] = st.one_of(
    st.just(0),
    st.sampled_from([0.5, 11, 31, 61, 64.9, 400, -3, -5.5, -30, -400]),
    st.sampled_from(["rotate", "restore", "down", "revoke"]),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    wanted=WANTED,
    fetches=st.booleans(),
    first=BROWSER,
    second=BROWSER,
    course=st.lists(st.tuples(CHANGE, MEANWHILE), min_size=2, max_size=16),
)
def test_what_is_remembered_is_what_would_be_decided_anew(
    sign: Signer,
    wanted: dict[str, Any],
    fetches: bool,
    first: list[tuple[str, bool, str]],
    second: list[tuple[str, bool, str]],
    course: list[tuple[dict[str, str], Any]],
) -> None:
    """Over headers, settings, rotations of the key and a clock that moves both ways."""
    scene = with_jwks(sign, jwks_ttl=10, **wanted) if fetches else Scene(sign, **wanted)
    tokens = {f"token {n}": scene.token(**claims) for n, claims in enumerate(TOKENS)}
    browsers = {"first": first, "second": second}
    request = {"method": "GET", "url": URLS[0], "browser": "first", "Sec-Fetch-Dest": "document"}
    for change, meanwhile in course:
        request.update(change)
        sent = request_of(scene, tokens, browsers, request)
        remembered = scene.recall(**sent)
        try:
            fresh = scene.decide(**sent)
        except HandshakeError:
            assert remembered is None
            continue
        assert remembered in (None, fresh)
        scene.visit(**sent)
        let_happen(meanwhile, scene)


def request_of(
    scene: Scene,
    tokens: dict[str, str],
    browsers: dict[str, list[tuple[str, bool, str]]],
    request: dict[str, str],
) -> dict[str, Any]:
    cookies = [
        f"{scene.suffixed(name) if has_suffix and scene.key else name}={tokens.get(value, value)}"
        for name, has_suffix, value in browsers[request["browser"]]
    ]
    headers = {name: value for name, value in request.items() if name.istitle()}
    for name, token in tokens.items():
        if "Authorization" in headers:
            headers["Authorization"] = headers["Authorization"].replace(name, token)
    return {
        "url": request["url"],
        "method": request["method"],
        "cookies": "; ".join(cookies),
        "headers": {"Accept": "", **headers},
    }


def let_happen(event: Any, scene: Scene) -> None:
    if event == "rotate":
        scene.backend.jwks = jwks_of(OTHER)
    elif event == "restore":
        scene.backend.jwks = jwks_of(scene.sign.key)
    elif event == "down":
        scene.backend.jwks = BackendAPIError("down")
    elif event == "revoke":
        scene.instance.revocations.revoke_user("user_1")
    else:
        scene.now += event


def test_a_remembered_decision_has_read_nothing_beyond_its_facts(sign: Signer) -> None:
    """A header that a decision comes to read one day belongs into the facts."""
    scene = Scene(sign)
    read: set[str] = set()

    class Spy(Headers):
        def get(self, key: str, default: Any = None, /) -> Any:
            read.add(key)
            return super().get(key, default)

    requests: list[dict[str, Any]] = [
        {"cookies": scene.cookies(scene.token())},
        {"headers": {"Authorization": f"Bearer {scene.token()}"}},
        {},
    ]
    for sent in requests:
        context = scene.context(**sent)
        context.headers = Spy(cast(Headers, context.headers))
        authenticate_request(context, scene.instance)
    assert read == {"Authorization", "Cookie", "Sec-Fetch-Dest", "Referer"}
