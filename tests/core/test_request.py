"""The decision about a request: every reason, in Clerk's order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from flask_clerk.core.constants import RefreshReason
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.organizations import Target
from flask_clerk.core.request import authenticate_request
from tests.core.scene import APP
from tests.core.scene import DEVELOPMENT_SATELLITE
from tests.core.scene import EXPIRED
from tests.core.scene import HANDSHAKE
from tests.core.scene import NOW
from tests.core.scene import SATELLITE
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import TEMPLATE
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.core.scene import acme
from tests.core.scene import header
from tests.signing import Signer

Build = Callable[[Scene], dict[str, Any]]


@dataclass
class Row:
    """A request, the outcome for a navigating GET, and what the instance is like."""

    name: str
    status: str
    reason: str | None
    request: Build
    settings: dict[str, Any] = field(default_factory=dict)
    #: Changes the instance or its Backend API before the request.
    given: Callable[[Scene], object] = lambda scene: None


def cookies(token: Callable[[Scene], str | None], uat: Any = NOW - 600) -> Build:
    return lambda scene: {"cookies": scene.cookies(token(scene), uat)}


def bearer(token: Callable[[Scene], str]) -> Build:
    return lambda scene: {"headers": {"Authorization": f"Bearer {token(scene)}"}}


def refreshing(answer: Any) -> Callable[[Scene], object]:
    return lambda scene: setattr(scene.backend, "refreshed", answer)


def fetching_keys(answer: Any) -> Callable[[Scene], object]:
    return lambda scene: setattr(scene.backend, "jwks", answer)


OTHER_JWKS = {"keys": [{**RSAKey.generate_key(2048).as_dict(private=False), "kid": "ins_other"}]}

TABLE = [
    Row("valid header token", SIGNED_IN, None, bearer(lambda s: s.token())),
    Row("bare header token", SIGNED_IN, None, lambda s: {"headers": {"Authorization": s.token()}}),
    Row(
        "another scheme leaves the cookies in charge",
        SIGNED_IN,
        None,
        lambda s: {"cookies": s.cookies(s.token()), "headers": {"Authorization": "Basic dTpw"}},
    ),
    Row("garbage in the header", SIGNED_OUT, "token-invalid", bearer(lambda s: "garbage")),
    Row(
        "template token in the header",
        SIGNED_OUT,
        "token-type-mismatch",
        bearer(lambda s: s.token(header=TEMPLATE)),
    ),
    Row(
        "expired header token",
        HANDSHAKE,
        EXPIRED + "non-eligible-no-refresh-cookie",
        bearer(lambda s: s.expired()),
    ),
    Row(
        "early header token",
        HANDSHAKE,
        "session-token-nbf",
        bearer(lambda s: s.token(nbf=NOW + 60)),
    ),
    Row(
        "header token of the future",
        HANDSHAKE,
        "session-token-iat-in-the-future",
        bearer(lambda s: s.token(iat=NOW + 60)),
    ),
    Row(
        "ended session",
        SIGNED_OUT,
        "session-revoked",
        cookies(lambda s: s.token()),
        given=lambda s: s.instance.revocations.revoke_session("sess_1"),
    ),
    Row(
        "handshake without a session",
        SIGNED_OUT,
        "session-token-missing",
        lambda s: {"cookies": {"__clerk_handshake_nonce": "nonce_1"}},
    ),
    Row(
        "satellite asked to sync",
        HANDSHAKE,
        "satellite-needs-syncing",
        lambda s: {"url": "https://satellite.example/?__clerk_synced=false"},
        settings=SATELLITE,
    ),
    Row(
        "satellite syncs by itself",
        HANDSHAKE,
        "satellite-needs-syncing",
        lambda s: {"url": "https://satellite.example/"},
        settings={**SATELLITE, "satellite_auto_sync": True},
    ),
    Row(
        "satellite without cookies",
        SIGNED_OUT,
        "session-token-and-uat-missing",
        lambda s: {"url": "https://satellite.example/"},
        settings=SATELLITE,
    ),
    Row(
        "satellite that has synced",
        SIGNED_OUT,
        "session-token-and-uat-missing",
        lambda s: {"url": "https://satellite.example/?__clerk_synced=true"},
        settings={**SATELLITE, "satellite_auto_sync": True},
    ),
    Row(
        "development satellite",
        HANDSHAKE,
        "satellite-needs-syncing",
        lambda s: {"url": "https://satellite.example/?__clerk_synced=false"},
        settings=DEVELOPMENT_SATELLITE,
    ),
    Row(
        "primary answers a satellite",
        HANDSHAKE,
        "primary-responds-to-syncing",
        lambda s: {"url": f"{APP}/?__clerk_redirect_url=https%3A%2F%2Fsatellite.example%2F"},
        settings={"key": TEST, "allowed_redirect_origins": ["https://satellite.example"]},
    ),
    Row(
        "development browser in the query",
        HANDSHAKE,
        "dev-browser-sync",
        lambda s: {"url": f"{APP}/?__clerk_db_jwt=dvb_2", "cookies": s.cookies(s.token())},
        settings={"key": TEST},
    ),
    Row(
        "no development browser",
        HANDSHAKE,
        "dev-browser-missing",
        lambda s: {"cookies": {"__session": s.token(), "__client_uat": "1"}},
        settings={"key": TEST},
    ),
    Row("no cookies", SIGNED_OUT, "session-token-and-uat-missing", lambda s: {}),
    Row(
        "signed out elsewhere",
        SIGNED_OUT,
        "session-token-and-uat-missing",
        cookies(lambda s: None, uat=0),
    ),
    Row(
        "session without client_uat",
        HANDSHAKE,
        "session-token-but-no-client-uat",
        cookies(lambda s: s.token(), uat=None),
    ),
    Row(
        "client_uat without session",
        HANDSHAKE,
        "client-uat-but-no-session-token",
        cookies(lambda s: None),
    ),
    Row(
        "template token in the cookie",
        SIGNED_OUT,
        "token-type-mismatch",
        cookies(lambda s: s.token(header=TEMPLATE)),
    ),
    Row(
        "machine token in the cookie",
        SIGNED_OUT,
        "token-type-mismatch",
        cookies(lambda s: s.token(sub="mch_1")),
    ),
    Row(
        "token of a former sign-in",
        HANDSHAKE,
        "session-token-iat-before-client-uat",
        cookies(lambda s: s.token(), uat=NOW + 1),
    ),
    Row("no JWT in the cookie", SIGNED_OUT, "token-invalid", cookies(lambda s: "not-a-jwt")),
    Row(
        "another algorithm",
        SIGNED_OUT,
        "token-invalid-algorithm",
        cookies(lambda s: s.token(header={"alg": "HS256"})),
    ),
    Row(
        "forged signature",
        SIGNED_OUT,
        "token-invalid-signature",
        cookies(lambda s: s.token()[:-8] + "AAAAAAAA"),
    ),
    Row(
        "no subject",
        SIGNED_OUT,
        "token-verification-failed",
        cookies(lambda s: s.token(sub=None)),
    ),
    Row(
        "another origin's token",
        SIGNED_OUT,
        "token-invalid-authorized-parties",
        cookies(lambda s: s.token(azp="https://evil.example")),
        settings={"authorized_parties": [APP]},
    ),
    Row(
        "another issuer's token",
        SIGNED_OUT,
        "token-invalid-issuer",
        cookies(lambda s: s.token()),
        settings={"issuers": ["https://other.example"]},
    ),
    Row(
        "keys cannot be loaded",
        SIGNED_OUT,
        "jwk-remote-failed-to-load",
        cookies(lambda s: s.token()),
        settings={"jwt_key": None},
        given=fetching_keys(BackendAPIError("down")),
    ),
    Row(
        "secret key refused",
        SIGNED_OUT,
        "secret-key-invalid",
        cookies(lambda s: s.token()),
        settings={"jwt_key": None},
        given=fetching_keys(BackendAPIError("no", status=401, codes=("clerk_key_invalid",))),
    ),
    Row(
        "no such key",
        SIGNED_OUT,
        "jwk-kid-mismatch",
        cookies(lambda s: s.token()),
        settings={"jwt_key": None},
        given=fetching_keys(OTHER_JWKS),
    ),
    Row(
        "early token",
        HANDSHAKE,
        "session-token-nbf",
        cookies(lambda s: s.token(nbf=NOW + 60)),
    ),
    Row(
        "token of the future",
        HANDSHAKE,
        "session-token-iat-in-the-future",
        cookies(lambda s: s.token(iat=NOW + 60)),
    ),
    Row(
        "expired, no refresh cookie",
        HANDSHAKE,
        EXPIRED + RefreshReason.NO_COOKIE,
        cookies(lambda s: s.expired()),
    ),
    Row(
        "expired, no secret key",
        HANDSHAKE,
        EXPIRED + RefreshReason.MISSING_API_CLIENT,
        Scene.expired_with_refresh_cookie,
        settings={"secret_key": None},
    ),
    Row(
        "expired, no sid",
        HANDSHAKE,
        EXPIRED + RefreshReason.MISSING_SID,
        lambda s: {"cookies": {**s.cookies(s.expired(sid=None)), **s.refresh_cookie()}},
    ),
    Row(
        "expired in the header, unreadable in the cookie",
        HANDSHAKE,
        EXPIRED + RefreshReason.DECODE_FAILED,
        lambda s: {
            "cookies": {**s.cookies("unreadable"), **s.refresh_cookie()},
            "headers": {"Authorization": f"Bearer {s.expired()}"},
        },
    ),
    Row(
        "expired, nothing renewed",
        HANDSHAKE,
        EXPIRED + RefreshReason.UNEXPECTED_SDK_ERROR,
        Scene.expired_with_refresh_cookie,
        given=refreshing([]),
    ),
    Row(
        "expired, renewed without a token",
        HANDSHAKE,
        EXPIRED + RefreshReason.INVALID_SESSION_TOKEN,
        Scene.expired_with_refresh_cookie,
        given=refreshing(["__client_uat=1; Path=/"]),
    ),
    Row(
        "expired, Clerk cannot be reached",
        HANDSHAKE,
        EXPIRED + RefreshReason.FETCH_ERROR,
        Scene.expired_with_refresh_cookie,
        given=refreshing(BackendAPIError("down")),
    ),
    Row(
        "expired, Clerk refuses",
        HANDSHAKE,
        EXPIRED + "session_not_found",
        Scene.expired_with_refresh_cookie,
        given=refreshing(BackendAPIError("no", status=404, codes=("session_not_found", "b"))),
    ),
    Row(
        "expired, Clerk fails",
        HANDSHAKE,
        EXPIRED + RefreshReason.UNEXPECTED_BAPI_ERROR,
        Scene.expired_with_refresh_cookie,
        given=refreshing(BackendAPIError("no", status=500)),
    ),
    Row(
        "document from another origin",
        HANDSHAKE,
        "primary-domain-cross-origin-sync",
        lambda s: {
            "cookies": s.cookies(s.token()),
            "headers": {"Referer": "https://elsewhere.example/"},
        },
    ),
    Row(
        "another organization in the URL",
        HANDSHAKE,
        "active-organization-mismatch",
        lambda s: {"url": f"{APP}/orgs/acme", "cookies": s.cookies(s.token())},
        settings={"organization_of": acme},
    ),
    Row("valid session", SIGNED_IN, None, cookies(lambda s: s.token())),
]

#: Reasons that a satellite, a primary or the organizations give to documents only.
_ONLY_FOR_DOCUMENTS = {
    "satellite asked to sync": "session-token-and-uat-missing",
    "satellite syncs by itself": "session-token-and-uat-missing",
    "development satellite": "dev-browser-missing",
    "document from another origin": None,
    "another organization in the URL": None,
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.name} - {row.reason}")
def test_every_reason_of_a_navigation(row: Row, sign: Signer) -> None:
    scene = Scene(sign, **row.settings)
    row.given(scene)
    state = scene.decide(**row.request(scene))
    assert (state.status, state.reason) == (row.status, row.reason)
    assert (state.location is not None) is (row.status == HANDSHAKE)
    assert state.is_signed_in is (state.token is not None) is (row.status == SIGNED_IN)
    assert state.to_auth().user_id == ("user_1" if row.status == SIGNED_IN else None)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.name} - {row.reason}")
def test_no_other_request_than_a_navigation_is_sent_away(row: Row, sign: Signer) -> None:
    scene = Scene(sign, **row.settings)
    row.given(scene)
    request = row.request(scene)
    request["headers"] = {**request.get("headers", {}), "Sec-Fetch-Dest": "empty"}
    state = scene.decide(**request)
    reason = _ONLY_FOR_DOCUMENTS.get(row.name, row.reason)
    assert (state.status, state.reason) == (SIGNED_OUT if reason else SIGNED_IN, reason)
    assert state.location is None


def test_the_table_has_every_reason_that_this_room_gives(sign: Signer) -> None:
    given_elsewhere = {
        Reason.TOKEN_EXPIRED,  # becomes session-token-expired-refresh-…
        Reason.TOKEN_NOT_ACTIVE_YET,  # becomes session-token-nbf
        Reason.TOKEN_IAT_IN_THE_FUTURE,  # becomes session-token-iat-in-the-future
        Reason.SESSION_TOKEN_EXPIRED,  # the prefix of the reasons of refresh
        Reason.SESSION_PENDING,  # the auth object's word, not the state's
        Reason.NO_TOKEN_IN_HEADER,  # of routes for other tokens
        Reason.JWK_FAILED_TO_RESOLVE,
        Reason.JWK_LOCAL_MISSING,
        Reason.UNEXPECTED_ERROR,
    }
    reasons = {value for name, value in vars(Reason).items() if name.isupper()}
    assert reasons - given_elsewhere <= {row.reason for row in TABLE}
    refresh = {EXPIRED + value for name, value in vars(RefreshReason).items() if name.isupper()}
    missing = refresh - {row.reason for row in TABLE}
    # A POST's has its own test; a token is always there when one has expired.
    assert missing == {
        EXPIRED + RefreshReason.NON_GET,
        EXPIRED + RefreshReason.MISSING_SESSION_TOKEN,
    }


def test_pending_session_is_signed_out_unless_asked_otherwise(sign: Signer) -> None:
    scene = Scene(sign)
    state = scene.decide(cookies=scene.cookies(scene.token(sts="pending")))
    auth = state.to_auth()
    assert (state.status, auth.is_signed_in) == (SIGNED_IN, False)
    assert (auth.reason, auth.session_status) == (Reason.SESSION_PENDING, "pending")
    tolerant = Scene(sign, treat_pending_as_signed_out=False)
    state = tolerant.decide(cookies=tolerant.cookies(tolerant.token(sts="pending")))
    assert state.to_auth().user_id == "user_1"


def test_message_is_one_sentence_and_names_nothing_of_the_token(sign: Signer) -> None:
    """Difference 7: details of a refused token stay in the log."""
    scene = Scene(sign, authorized_parties=[APP])
    state = scene.decide(cookies=scene.cookies(scene.token(azp="https://evil.example")))
    assert state.message == header(state, "X-Clerk-Auth-Message")
    assert state.message == "The token was made for another origin."


def test_no_repr_shows_a_token(sign: Signer) -> None:
    scene = Scene(sign)
    token = scene.token()
    context = scene.context(cookies=scene.cookies(token))
    state = authenticate_request(context, scene.instance)
    assert state.is_signed_in
    for shown in (repr(state), repr(context), repr(state.to_auth()), repr(scene.instance)):
        assert token not in shown
        assert "sk_live" not in shown


def test_no_log_line_shows_a_token(sign: Signer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(sign)
    tokens = [scene.expired(), scene.token(header=TEMPLATE), scene.token(sub=None), "a.b.c"]
    for token in tokens:
        scene.backend.handshake = [f"__session={token}"]
        scene.decide(cookies=scene.cookies(token))
        scene.decide(cookies={"__clerk_handshake": token})
        scene.decide(cookies={"__clerk_handshake_nonce": "n"})
    assert caplog.text
    assert not [token for token in tokens if token in caplog.text]


def test_decision_needs_no_more_than_method_url_and_headers(sign: Signer) -> None:
    scene = Scene(sign)
    context = AuthenticateContext("GET", "not a url", {}, scene.config, NOW)
    state = authenticate_request(context, scene.instance)
    assert (state.status, urlsplit(context.url).netloc) == (SIGNED_OUT, "")


@pytest.mark.parametrize("url", ["https://[::1/", "https://[/x", "http://]/", "//", ""])
def test_url_that_is_none_raises_nothing(url: str, sign: Signer) -> None:
    scene = Scene(sign, organization_of=lambda path: Target(organization_slug="acme"))
    assert scene.decide(url, cookies=scene.cookies(scene.token())).status in (SIGNED_IN, HANDSHAKE)
