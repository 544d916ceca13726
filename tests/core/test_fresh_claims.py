"""Which token a browser gets when its claims have changed, and in which cookies."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.fresh_claims import fresh_cookies
from tests.core.scene import APP
from tests.core.scene import NOW
from tests.core.scene import TEST
from tests.core.scene import Scene
from tests.signing import Signer

KEPT = "Path=/; Max-Age=31536000; SameSite=Lax"
DROPPED = "Path=/; Max-Age=0; SameSite=Lax"


def fresh(scene: Scene, cookies: dict[str, str], **request: Any) -> list[str]:
    """Return the ``Set-Cookie`` lines for a browser that holds these cookies."""
    context = scene.context(cookies=cookies, **request)
    auth = scene.decide(cookies=cookies, **request).to_auth()
    headers = fresh_cookies(context, scene.instance, auth)
    assert {name for name, _ in headers} <= {"Set-Cookie"}
    return [line for _, line in headers]


def both(scene: Scene, token: str) -> dict[str, str]:
    """Return plain and suffixed cookies of a signed-in browser."""
    plain = scene.cookies(token)
    return {**plain, **{scene.suffixed(name): value for name, value in plain.items()}}


def test_a_token_is_minted_for_the_cookie_that_holds_the_session(sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.minted = scene.token(role="admin")
    lines = fresh(scene, scene.cookies(scene.token(age=30)), method="POST")
    assert lines == [f"__session={scene.backend.minted}; {KEPT}; Secure"]
    assert scene.backend.calls == [("mint", "sess_1", None, None)]


def test_both_cookies_of_the_session_get_it(sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.minted = scene.token()
    names = [line.partition("=")[0] for line in fresh(scene, both(scene, scene.token(age=30)))]
    assert names == ["__session", scene.suffixed("__session")]


@pytest.mark.parametrize(
    "other",
    [{"iss": "https://clerk.another.example", "sid": "sess_2"}, {"sid": "sess_2"}],
    ids=["another instance's", "another session's"],
)
def test_a_plain_cookie_of_somebody_else_stays(other: dict[str, Any], sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.minted = scene.token()
    cookies = both(scene, scene.token(age=30))
    cookies["__session"] = scene.token(age=40, **other)
    [line] = fresh(scene, cookies)
    assert line.startswith(f"{scene.suffixed('__session')}=")


def test_on_plain_http_the_cookie_is_not_secure(sign: Signer) -> None:
    scene = Scene(sign, key=TEST)
    scene.backend.minted = scene.token()
    [line] = fresh(scene, scene.cookies(scene.token(age=30)), url="http://localhost:5000/")
    assert line == f"__session={scene.backend.minted}; {KEPT}"


def test_a_refresh_cookie_goes_first_since_it_keeps_the_azp(sign: Signer) -> None:
    scene = Scene(sign, authorized_parties=[APP])
    renewed = [f"__session={scene.token(azp=APP, role='admin')}; Path=/; SameSite=Lax"]
    scene.backend.refreshed = renewed
    old = scene.token(age=30, azp=APP)
    cookies = {**scene.cookies(old), **scene.refresh_cookie()}
    assert fresh(scene, cookies, method="POST") == renewed
    [(_, session_id, body, _)] = scene.backend.calls
    assert (session_id, body["expired_token"], body["request_origin"]) == ("sess_1", old, APP)


@pytest.mark.parametrize(
    "answer",
    [[], BackendAPIError("no", status=401, codes=("expired_token_not_expired",)), ["other=1"]],
    ids=["nothing", "refused", "without a token"],
)
def test_a_refusal_to_refresh_leads_to_a_minted_token(answer: Any, sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.refreshed = answer
    scene.backend.minted = scene.token()
    cookies = {**scene.cookies(scene.token(age=30)), **scene.refresh_cookie()}
    assert fresh(scene, cookies) == [f"__session={scene.backend.minted}; {KEPT}; Secure"]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("without azp, where parties are configured", {"azp": None}),
    ("of another session", {"sid": "sess_2"}),
    ("of another user", {"sub": "user_2"}),
    ("expired", {"exp": NOW - 60, "iat": NOW - 120}),
]


@pytest.mark.parametrize("changed", [claims for _, claims in REFUSED], ids=[n for n, _ in REFUSED])
def test_a_token_that_the_app_would_refuse_is_not_set(
    changed: dict[str, Any], sign: Signer
) -> None:
    """The cookie goes, so that the next page goes through a handshake."""
    scene = Scene(sign, authorized_parties=[APP])
    scene.backend.minted = scene.token(**{"azp": APP, **changed})
    cookies = both(scene, scene.token(age=30, azp=APP))
    assert fresh(scene, cookies) == [
        f"__session=; {DROPPED}; Secure",
        f"{scene.suffixed('__session')}=; {DROPPED}; Secure",
    ]
    left = {name: value for name, value in cookies.items() if not name.startswith("__session")}
    assert scene.decide(cookies=left).reason == "client-uat-but-no-session-token"


def test_a_twin_that_is_no_token_is_left_alone(sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.minted = scene.token()
    cookies = {**scene.cookies(scene.token(age=30)), scene.suffixed("__session"): "x"}
    [line] = fresh(scene, cookies)
    assert line.startswith("__session=")


def test_no_minted_token_means_a_handshake(sign: Signer) -> None:
    scene = Scene(sign)
    scene.backend.minted = BackendAPIError("down")
    lines = fresh(scene, scene.cookies(scene.token(age=30)))
    assert lines == [f"__session=; {DROPPED}; Secure"]


def test_without_a_frontend_api_the_session_stays_as_it_is(
    sign: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no handshake that could bring another token: dropping it would sign out."""
    scene = Scene(sign, key=None)
    scene.backend.minted = BackendAPIError("down")
    assert fresh(scene, {"__session": scene.token(age=30)}) == []
    assert "when the token is renewed" in caplog.text
    scene.backend.minted = scene.token()
    [line] = fresh(scene, {"__session": scene.token(age=30)})
    assert line.startswith(f"__session={scene.backend.minted};")


@pytest.mark.parametrize("how", ["signed out", "bearer"])
def test_without_a_session_in_a_cookie_nothing_is_set(how: str, sign: Signer) -> None:
    scene = Scene(sign)
    headers = {"Authorization": f"Bearer {scene.token()}"} if how == "bearer" else {}
    assert fresh(scene, {}, headers=headers) == []
    assert scene.backend.calls == []
