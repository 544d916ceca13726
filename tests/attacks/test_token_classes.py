"""Genuine tokens of the instance, each presented where another class is asked for.

All tokens of an instance are signed with one key, so a signature says nothing about the class.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk import require_auth
from flask_clerk.core.constants import Reason
from flask_clerk.core.tokens import CATEGORY_M2M
from flask_clerk.core.tokens import CATEGORY_NEUTRAL
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SECRET
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.loopback import Loopback
from tests.loopback import answer_json

Acceptor = Callable[[Target, str, Loopback], str]

#: Header and claims by which a token differs from a session token.
CLASSES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "template": ({"cat": CATEGORY_TEMPLATE}, {}),
    "template-that-copies-all-claims": (
        {"cat": CATEGORY_TEMPLATE},
        {"sid": "sess_1", "v": 2, "sts": "active"},
    ),
    "machine-by-category": ({"cat": CATEGORY_M2M}, {}),
    "machine-by-subject": ({}, {"sub": "mch_1"}),
    "machine-by-subject-alone": ({"cat": None}, {"sub": "mch_1"}),
    "machine-in-disguise": ({"cat": CATEGORY_NEUTRAL}, {"sub": "mch_1"}),
    "oauth": ({"typ": "at+jwt"}, {"client_id": "client_1", "scope": "profile"}),
    "oauth-by-media-type": ({"typ": "application/at+jwt"}, {}),
    "oauth-without-category": ({"typ": "at+jwt", "cat": None}, {}),
    "id-token": ({"typ": "id+jwt"}, {}),
    "logout-token": ({"typ": "logout+jwt"}, {}),
    "category-of-tomorrow": ({"cat": "cl_B7d4PD444AAA"}, {}),
    "category-in-other-case": ({"cat": "CL_B7D4PD111AAA"}, {}),
    "category-null": ({"cat": ""}, {}),
    "handshake": ({}, {"sub": None, "exp": None, "handshake": ["__session=x"]}),
}


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


@pytest.fixture
def target(keys: RSAKey, clerk: Loopback) -> Target:
    return Target(keys, api_url=clerk.url)


def by_bearer(target: Target, token: str, clerk: Loopback) -> str:
    return target.get("/open", {"Authorization": f"Bearer {token}"}).text


def by_cookie(target: Target, token: str, clerk: Loopback) -> str:
    return target.get("/open", session_cookies(token)).text


def by_handshake(target: Target, token: str, clerk: Loopback) -> str:
    carried = target.sign({"handshake": [f"__session={token}; Path=/"]})
    return target.get("/open", {"Cookie": f"__clerk_handshake={carried}"}).text


def by_nonce(target: Target, token: str, clerk: Loopback) -> str:
    clerk.respond = lambda call: answer_json({"directives": [f"__session={token}; Path=/"]})
    return target.get("/open?__clerk_handshake_nonce=nonce_1").text


def by_refresh(target: Target, token: str, clerk: Loopback) -> str:
    clerk.respond = lambda call: answer_json({"cookies": [f"__session={token}; Path=/"]})
    expired = target.token(exp=3, iat=2, nbf=2)
    held = f"{session_cookies(expired)['Cookie']}; __refresh_{SUFFIX}=rt_1"
    answer = target.get("/open", {"Cookie": held, **NAVIGATION})
    assert answer.status_code in {200, 307}
    return answer.text


ACCEPTORS = [by_bearer, by_cookie, by_handshake, by_nonce, by_refresh]


@pytest.mark.parametrize("accept", ACCEPTORS)
@pytest.mark.parametrize(("header", "claims"), CLASSES.values(), ids=CLASSES)
def test_no_other_class_of_token_is_a_session(
    header: dict[str, Any],
    claims: dict[str, Any],
    accept: Acceptor,
    target: Target,
    clerk: Loopback,
) -> None:
    token = target.token(header, **claims)
    assert accept(target, token, clerk) in {"nobody", ""}


@pytest.mark.parametrize("accept", ACCEPTORS)
@pytest.mark.parametrize("category", [None, "cl_B7d4PD111AAA", CATEGORY_NEUTRAL])
def test_every_acceptor_takes_a_session(
    category: str | None, accept: Acceptor, target: Target, clerk: Loopback
) -> None:
    assert accept(target, target.token({"cat": category}), clerk) == "user_1"


@pytest.mark.parametrize("prefix", ["ak_", "mt_", "oat_"])
def test_an_opaque_machine_token_is_no_session(prefix: str, target: Target) -> None:
    for secret in ("0123456789abcdef", target.token(), f"{target.token()}"):
        target.assert_refused(f"{prefix}{secret}")


@pytest.mark.parametrize(("header", "claims"), CLASSES.values(), ids=CLASSES)
def test_no_other_class_of_token_is_a_handshake(
    header: dict[str, Any], claims: dict[str, Any], target: Target
) -> None:
    """A template can be made to say anything, also what cookies to set."""
    if "handshake" in claims:
        claims = {**claims, "sub": "mch_1"}
    lines = [f"__session={target.token(sub='user_2')}; Path=/", "evil=1; Path=/"]
    token = target.token(header, **{**claims, "handshake": lines})
    for path, sent in (
        ("/open", {"Cookie": f"__clerk_handshake={token}"}),
        (f"/open?__clerk_handshake={token}", {}),
    ):
        answer = target.get(path, sent)
        assert answer.text == "nobody"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Clerk-Auth-Reason"] == Reason.SESSION_TOKEN_AND_UAT_MISSING


def test_a_session_token_is_an_empty_handshake(target: Target) -> None:
    """It is of the handshake's own class, and signs nobody in and sets nothing."""
    answer = target.get("/open", {"Cookie": f"__clerk_handshake={target.token()}"})
    assert answer.text == "nobody"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Clerk-Auth-Reason"] == Reason.SESSION_TOKEN_MISSING


#: A genuine token of each class that is a JWT: header and claims besides a session token's.
GENUINE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "session_token": ({}, {}),
    "jwt_template": ({"cat": CATEGORY_TEMPLATE}, {"sid": None, "sts": None, "v": None}),
    "m2m_token": ({"cat": CATEGORY_M2M}, {"sub": "mch_1", "sid": None, "sts": None, "v": None}),
    "oauth_token": ({"typ": "at+jwt", "cat": None}, {"client_id": "client_1", "sid": None}),
}


@pytest.mark.parametrize("accepted", [*GENUINE, "api_key"])
@pytest.mark.parametrize("shown", [*GENUINE, "handshake"])
def test_a_route_takes_its_own_class_of_token_and_no_other(
    shown: str, accepted: str, target: Target, clerk: Loopback
) -> None:
    """In every pair, and in both orders, so that no verdict about one route serves the other."""
    view = require_auth(accepts_token=accepted)(lambda: SECRET)
    target.app.add_url_rule("/own", "own", view)
    if shown == "handshake":
        token = target.sign({"handshake": ["__session=x"]})
    else:
        header, claims = GENUINE[shown]
        token = target.token(header, **claims)
    for path in ("/own", "/open", "/own"):
        answer = target.get(path, {"Authorization": f"Bearer {token}"})
        if path == "/open":
            assert answer.text == ("user_1" if shown == "session_token" else "nobody")
        elif shown == accepted:
            assert (answer.status_code, answer.text) == (200, SECRET)
        else:
            assert answer.status_code == 401
            assert SECRET not in answer.text
    assert clerk.calls == []
