"""An expired token: renewed through the Backend API, or not, and why not."""

from __future__ import annotations

import pytest

from flask_clerk.core.constants import RefreshReason
from flask_clerk.core.errors import BackendAPIError
from tests.core.scene import APP
from tests.core.scene import EXPIRED
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import TEMPLATE
from tests.core.scene import Scene
from tests.core.scene import acme
from tests.core.scene import query
from tests.core.scene import set_cookies
from tests.signing import Signer


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_expired_cookie_on_another_method_than_get_is_signed_out(method: str, sign: Signer) -> None:
    scene = Scene(sign)
    state = scene.decide(method=method, **scene.expired_with_refresh_cookie())
    assert (state.status, state.reason) == (SIGNED_OUT, EXPIRED + RefreshReason.NON_GET)
    assert scene.backend.calls == []


def test_expired_token_is_renewed_with_what_clerk_needs_to_know(sign: Signer) -> None:
    scene = Scene(sign)
    renewed = scene.token(sid="sess_1")
    scene.backend.refreshed = [f"__session={renewed}; Path=/", "__client_uat=5; Path=/"]
    expired = scene.expired()
    state = scene.decide(
        cookies={**scene.cookies(expired), **scene.refresh_cookie()},
        headers={"User-Agent": "Firefox", "X-Secret": "no"},
    )
    assert (state.status, state.token) == (SIGNED_IN, renewed)
    assert set_cookies(state) == scene.backend.refreshed
    [(_, session_id, body, suffixed_cookies)] = scene.backend.calls
    assert session_id == "sess_1"
    assert suffixed_cookies is False
    assert body == {
        "format": "cookie",
        "expired_token": expired,
        "refresh_token": "rt_1",
        "request_origin": APP,
        "request_headers": {"accept": ["text/html"], "user-agent": ["Firefox"]},
    }


def test_expired_header_token_renews_the_cookies_session(sign: Signer) -> None:
    scene = Scene(sign)
    renewed = scene.token(sid="sess_of_cookie")
    scene.backend.refreshed = [f"__session={renewed}"]
    in_cookie = scene.token(sid="sess_of_cookie")
    state = scene.decide(
        cookies={**scene.cookies(in_cookie), **scene.refresh_cookie()},
        headers={"Authorization": f"Bearer {scene.expired(sid='sess_of_header')}"},
    )
    assert state.to_auth().session_id == "sess_of_cookie"
    assert scene.backend.calls[0][1] == "sess_of_cookie"
    assert scene.backend.calls[0][2]["expired_token"] == in_cookie


def test_expired_header_token_alone_takes_itself_along(sign: Signer) -> None:
    scene = Scene(sign)
    expired = scene.expired()
    state = scene.decide(headers={"Authorization": f"Bearer {expired}"})
    assert query(state.location)["__session"] == expired


def test_renewed_session_is_judged_as_final(sign: Signer) -> None:
    """Neither the organization nor the referrer sends away a session renewed this moment."""
    scene = Scene(sign, organization_of=acme)
    scene.backend.refreshed = [f"__session={scene.token()}"]
    state = scene.decide(
        f"{APP}/orgs/acme",
        headers={"Referer": "https://elsewhere.example/"},
        **scene.expired_with_refresh_cookie(),
    )
    assert state.status == SIGNED_IN


@pytest.mark.parametrize(
    "header_of_token",
    [TEMPLATE, {"cat": "cl_B7d4PD333AAA"}, {"typ": "at+jwt"}, {"alg": "none"}],
    ids=["template", "machine", "oauth", "unsigned"],
)
def test_renewed_token_of_another_class_is_refused(
    header_of_token: dict[str, str], sign: Signer
) -> None:
    scene = Scene(sign)
    scene.backend.refreshed = [f"__session={scene.token(header=header_of_token)}"]
    state = scene.decide(**scene.expired_with_refresh_cookie())
    assert state.reason == EXPIRED + RefreshReason.INVALID_SESSION_TOKEN
    assert set_cookies(state) == [
        "__clerk_redirect_count=1; SameSite=Lax; HttpOnly; Max-Age=2",
    ]


@pytest.mark.parametrize(
    "code",
    ["a\r\nSet-Cookie: x=1", "a b", "a\x00", "é", "", "x" * 65, "<script>"],
    ids=["newline", "space", "nul", "not ascii", "empty", "long", "markup"],
)
def test_error_code_that_could_forge_a_header_is_not_passed_on(code: str, sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.refreshed = BackendAPIError("no", status=400, codes=(code,))
    state = scene.decide(**scene.expired_with_refresh_cookie())
    assert state.reason == EXPIRED + RefreshReason.UNEXPECTED_BAPI_ERROR
    assert all(name.isprintable() and value.isprintable() for name, value in state.headers)


@pytest.mark.parametrize("session_id", [None, "", 7, ["sess_1"]])
def test_a_token_that_names_no_session_cannot_be_renewed(session_id: object, sign: Signer) -> None:
    scene = Scene(sign)
    expired = scene.expired(sid=session_id)
    state = scene.decide(cookies={**scene.cookies(expired), **scene.refresh_cookie()})
    assert state.reason == EXPIRED + RefreshReason.MISSING_SID
    assert scene.backend.calls == []
