"""RequestState: the three outcomes, their headers, and what they make of a session."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.claims import freeze
from flask_clerk.core.constants import Reason
from flask_clerk.core.state import in_handshake
from flask_clerk.core.state import signed_in
from flask_clerk.core.state import signed_out
from tests.signing import session_claims


def claims_of(**changed: Any) -> Any:
    return freeze(session_claims(1_800_000_000, **changed))


def test_a_signed_in_state_becomes_a_session_and_shows_no_token() -> None:
    state = signed_in(claims_of(), "the-token", treat_pending_as_signed_out=True)
    auth = state.to_auth()
    assert isinstance(auth, SessionAuth)
    assert auth.get_token() == "the-token"
    assert state.is_signed_in
    assert (state.reason, state.message, state.location, state.headers) == (None, None, None, ())
    assert "the-token" not in repr(state)
    assert "user_1" not in repr(state)


@pytest.mark.parametrize(("as_signed_out", "is_signed_in"), [(True, False), (False, True)])
def test_a_pending_session_is_judged_by_the_setting(
    as_signed_out: bool, is_signed_in: bool
) -> None:
    claims = claims_of(sts="pending")
    state = signed_in(claims, "token", treat_pending_as_signed_out=as_signed_out)
    assert state.is_signed_in
    assert state.to_auth().is_signed_in is is_signed_in


def test_a_signed_out_state_says_why_in_headers() -> None:
    state = signed_out(Reason.TOKEN_INVALID, headers=(("Vary", "Cookie"),))
    assert not state.is_signed_in
    assert state.to_auth().reason == Reason.TOKEN_INVALID
    assert state.message is not None
    assert dict(state.headers) == {
        "Vary": "Cookie",
        "X-Clerk-Auth-Status": "signed-out",
        "X-Clerk-Auth-Reason": "token-invalid",
        "X-Clerk-Auth-Message": state.message,
    }


def test_a_reason_that_says_it_all_has_no_message_header() -> None:
    state = signed_out(Reason.SESSION_TOKEN_AND_UAT_MISSING)
    assert "X-Clerk-Auth-Message" not in dict(state.headers)


def test_a_handshake_leads_somewhere_and_signs_nobody_in() -> None:
    state = in_handshake(Reason.DEV_BROWSER_MISSING, headers=(("Location", "https://a.com/"),))
    assert state.location == "https://a.com/"
    assert dict(state.headers)["X-Clerk-Auth-Status"] == "handshake"
    assert not state.to_auth()
