"""Ended sessions and users: refused on every path at once, and forgotten when no token is left."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from flask_clerk.core import revocation
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.revocation import MemoryRevocations
from tests.core.scene import APP
from tests.core.scene import NOW
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.core.scene import set_cookies
from tests.signing import MovableClock
from tests.signing import Signer

DAY = 86_400


@pytest.fixture
def store(public_pem: str, clock: MovableClock) -> MemoryRevocations:
    return store_with(public_pem, clock)


def store_with(public_pem: str, clock: MovableClock, **settings: Any) -> MemoryRevocations:
    return MemoryRevocations(ClerkConfig.load({"jwt_key": public_pem, **settings}, {}, {}), clock)


# --- what an entry refuses -------------------------------------------------------------------


def test_nothing_is_refused_before_anything_has_ended(store: MemoryRevocations) -> None:
    assert not store.ends({"sid": "sess_1", "sub": "user_1", "iat": 5})
    assert not store.ends({})


def test_a_session_is_refused_whenever_its_token_was_issued(
    store: MemoryRevocations, clock: MovableClock
) -> None:
    store.revoke_session("sess_1")
    for issued_at in (clock.now - 60, clock.now, clock.now + 60, None, "soon"):
        assert store.ends({"sid": "sess_1", "sub": "user_1", "iat": issued_at})
    assert not store.ends({"sid": "sess_2", "sub": "user_1", "iat": clock.now})
    assert not store.ends({"sub": "user_1", "iat": clock.now})


@pytest.mark.parametrize(
    ("claims", "is_refused"),
    [
        pytest.param({"iat": NOW - 1}, True, id="issued-before"),
        pytest.param({"iat": NOW}, True, id="issued-in-that-second"),
        pytest.param({"iat": NOW + 1}, False, id="issued-after"),
        pytest.param({"iat": NOW - 1, "sid": "sess_9"}, True, id="of-a-session"),
        pytest.param({"iat": NOW + 1, "sid": "sess_9"}, False, id="of-a-later-session"),
        pytest.param({}, True, id="without-iat"),
        pytest.param({"iat": True}, True, id="iat-is-true"),
        pytest.param({"iat": 10**400}, True, id="iat-that-no-clock-can-hold"),
        pytest.param({"iat": NOW - 1, "sub": "user_2"}, False, id="another-user"),
        pytest.param({"iat": NOW - 1, "sub": ["user_1"]}, False, id="sub-is-a-list"),
        pytest.param({"iat": NOW - 1, "sid": ["sess_1"]}, True, id="sid-is-a-list"),
        pytest.param({"iat": NOW - 1, "sub": None}, False, id="no-sub"),
        pytest.param(
            {"iat": NOW - 1, "sub": "user_2", "act": {"sub": "user_1"}}, True, id="impersonates"
        ),
        pytest.param(
            {"iat": NOW - 1, "sub": "user_2", "act": ["user_1"]}, False, id="act-is-no-object"
        ),
    ],
)
def test_a_user_is_refused_with_what_was_issued_until_then(
    claims: Mapping[str, Any], is_refused: bool, store: MemoryRevocations, clock: MovableClock
) -> None:
    store.revoke_user("user_1")
    assert clock.now == NOW
    assert store.ends({"sub": "user_1", **claims}) is is_refused


def test_a_user_who_is_revoked_again_is_refused_until_the_later_moment(
    store: MemoryRevocations, clock: MovableClock
) -> None:
    store.revoke_user("user_1")
    clock.advance(10)
    again = {"sub": "user_1", "iat": clock.now}
    assert not store.ends(again)
    store.revoke_user("user_1", for_seconds=1)
    assert store.ends(again)
    clock.advance(DAY - 10)
    assert store.ends(again)


@pytest.mark.parametrize("no_id", ["", None, 7])
def test_what_has_no_id_cannot_be_revoked(no_id: Any, store: MemoryRevocations) -> None:
    with pytest.raises(ValueError, match="by its id"):
        store.revoke_session(no_id)
    with pytest.raises(ValueError, match="by its id"):
        store.revoke_user(no_id)


# --- for how long ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "for_seconds", "session", "user"),
    [
        pytest.param({}, None, 65, DAY + 5, id="default"),
        pytest.param({"clock_skew": 0}, None, 60, DAY, id="no-skew"),
        pytest.param({"revocation_lifetime": 600}, None, 605, DAY + 5, id="longer-tokens"),
        pytest.param({"revocation_lifetime": 9 * DAY}, None, 9 * DAY + 5, 9 * DAY + 5, id="days"),
        pytest.param({}, 300, 300, 300, id="for-this-call"),
    ],
)
def test_an_entry_lives_as_long_as_the_longest_token_that_it_must_outlive(
    settings: dict[str, Any],
    for_seconds: float | None,
    session: float,
    user: float,
    public_pem: str,
    clock: MovableClock,
) -> None:
    store = store_with(public_pem, clock, **settings)
    began = clock.now
    store.revoke_session("sess_1", for_seconds=for_seconds)
    store.revoke_user("user_1", for_seconds=for_seconds)
    for claims, lifetime in (({"sid": "sess_1"}, session), ({"sub": "user_1"}, user)):
        clock.now = began + lifetime - 0.5
        assert store.ends(claims)
        clock.now = began + lifetime
        assert not store.ends(claims)


def test_entries_that_are_over_are_forgotten(store: MemoryRevocations, clock: MovableClock) -> None:
    for number in range(100):
        store.revoke_session(f"sess_{number}")
    assert repr(store) == "<MemoryRevocations of 100>"
    assert "100 ended" in store.status
    clock.advance(65)
    assert "0 ended" in store.status
    store.revoke_session("sess_new")
    assert repr(store) == "<MemoryRevocations of 1>"
    assert [entry.id for entry in store.live()] == ["sess_new"]


def test_the_store_is_bounded_and_forgets_what_would_end_soonest(
    store: MemoryRevocations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(revocation, "MAX_ENTRIES", 50)
    store.revoke_user("user_1")
    with caplog.at_level(logging.ERROR):
        for number in range(60):
            store.revoke_session(f"sess_{number}", for_seconds=100 + number)
    assert len(store.live()) <= 50
    assert store.ends({"sub": "user_1"})
    assert store.ends({"sid": "sess_59"})
    assert not store.ends({"sid": "sess_0"})
    assert "forgotten" in caplog.text
    assert "sess_" not in caplog.text


def test_many_threads_lose_nothing_and_see_it_at_once(store: MemoryRevocations) -> None:
    missed: list[str] = []

    def revoke(thread: int) -> None:
        for number in range(300):
            session_id = f"sess_{thread}_{number}"
            store.revoke_session(session_id)
            if not store.ends({"sid": session_id}):
                missed.append(session_id)

    threads = [threading.Thread(target=revoke, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []
    assert len(store.live()) == 2400


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_lock_that_the_parent_held_stops_no_child(store: MemoryRevocations) -> None:
    with store._lock:
        child = os.fork()
        if child == 0:
            store.revoke_session("sess_1")
            os._exit(0 if store.ends({"sid": "sess_1"}) else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# --- on every path ---------------------------------------------------------------------------


@pytest.fixture
def scene(sign: Signer) -> Scene:
    return Scene(sign)


def test_verification_refuses_an_ended_session_and_not_another(scene: Scene) -> None:
    token, other = scene.token(), scene.token(sid="sess_2", sub="user_2")
    scene.instance.verify_token(token)
    scene.instance.revocations.revoke_session("sess_1")
    with pytest.raises(TokenVerificationError) as refused:
        scene.instance.verify_token(token)
    assert refused.value.reason == Reason.SESSION_REVOKED
    assert scene.instance.verify_token(other)["sid"] == "sess_2"


def test_an_ended_session_is_signed_out_by_cookie_and_by_header(scene: Scene) -> None:
    token = scene.token()
    requests: list[dict[str, Any]] = [
        {"cookies": scene.cookies(token)},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"cookies": scene.cookies(token), "method": "POST"},
    ]
    assert {scene.decide(**request).status for request in requests} == {SIGNED_IN}
    scene.instance.revocations.revoke_session("sess_1")
    for request in requests:
        state = scene.decide(**request)
        assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_REVOKED)
        assert state.location is None
        assert state.message == "The session was ended."
        assert state.to_auth().user_id is None


def test_a_handshake_that_brings_an_ended_session_is_signed_out_without_another(
    scene: Scene,
) -> None:
    line = f"__session={scene.token()}; Path=/"
    scene.backend.handshake = [line]
    scene.instance.revocations.revoke_user("user_1")
    cookies = {**scene.cookies(scene.expired()), "__clerk_handshake_nonce": "nonce_1"}
    state = scene.decide(cookies=cookies)
    assert (state.status, state.reason) == (SIGNED_OUT, Reason.SESSION_REVOKED)
    assert state.location is None
    assert line in set_cookies(state)


def test_in_development_such_a_handshake_ends_at_the_clean_url(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    scene.backend.handshake = [f"__session={scene.token()}; Path=/"]
    scene.instance.revocations.revoke_session("sess_1")
    state = scene.decide(f"{APP}/path?__clerk_handshake_nonce=nonce_1")
    assert (state.status, state.location) == (SIGNED_OUT, f"{APP}/path")


def test_a_refresh_that_brings_an_ended_session_signs_nobody_in(scene: Scene) -> None:
    scene.backend.refreshed = [f"__session={scene.token()}; Path=/"]
    request = scene.expired_with_refresh_cookie()
    assert scene.decide(**request).status == SIGNED_IN
    scene.instance.revocations.revoke_session("sess_1")
    state = scene.decide(**request)
    assert state.status != SIGNED_IN
    assert state.claims is None


# --- at Clerk as well ------------------------------------------------------------------------


def test_a_session_ends_here_first_and_then_at_clerk(scene: Scene) -> None:
    scene.instance.revoke_session("sess_1")
    assert scene.backend.calls == [("revoke session", "sess_1")]
    assert scene.instance.revocations.ends({"sid": "sess_1"})


def test_a_token_minted_while_clerk_is_told_is_refused_too(
    sign: Signer, monkeypatch: pytest.MonkeyPatch, clock: MovableClock
) -> None:
    scene = Scene(sign)
    scene.instance.clock = clock
    monkeypatch.setattr(scene.backend, "revoke_user", lambda user_id: clock.advance(3))
    began = clock.now
    scene.instance.revoke_user("user_1")
    assert scene.instance.revocations.ends({"sub": "user_1", "iat": began + 2})
    assert not scene.instance.revocations.ends({"sub": "user_1", "iat": began + 4})


@pytest.mark.parametrize("kind", ["session", "user"])
def test_what_clerk_could_not_be_told_of_has_ended_here_all_the_same(
    kind: str, scene: Scene
) -> None:
    scene.backend.revoked = BackendAPIError("The Backend API answered 500.", status=500)
    revoke = getattr(scene.instance, f"revoke_{kind}")
    with pytest.raises(BackendAPIError):
        revoke("thing_1")
    assert scene.instance.revocations.ends({"sid": "thing_1", "sub": "thing_1", "iat": NOW})


def test_without_a_secret_key_only_this_app_is_told(sign: Signer) -> None:
    scene = Scene(sign, secret_key=None)
    scene.instance.revoke_session("sess_1", for_seconds=5)
    scene.instance.revoke_user("user_2")
    assert scene.backend.calls == []
    assert scene.instance.revocations.ends({"sid": "sess_1"})
    assert scene.instance.revocations.ends({"sub": "user_2", "iat": NOW})
