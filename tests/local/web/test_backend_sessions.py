"""Sessions, clients and handshakes over the Backend API."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.backend_caller import Caller

ORIGIN = "http://localhost:5000"


def refresh_body(clerk: LocalClerk, session: Session, **changes: Any) -> dict[str, Any]:
    """Return what a server library sends with an expired token, after a handshake."""
    client = clerk.clients.get(session.client_id)
    policy = clerk.handshakes.policy()
    lines = clerk.handshakes.lines(policy, client, session, ORIGIN)
    cookies = dict(line.partition(";")[0].split("=", 1) for line in lines)
    refresh = next(value for name, value in cookies.items() if name.startswith("__refresh"))
    return {
        "expired_token": cookies["__session"],
        "refresh_token": refresh,
        "request_origin": ORIGIN,
        "request_headers": {"user-agent": ["node"]},
        **changes,
    }


def test_a_created_session_is_found(backend: Caller, clerk: LocalClerk, ada: User) -> None:
    session = backend("POST", "/sessions", {"user_id": ada.id})
    assert session["status"] == "active"
    assert backend("GET", f"/sessions/{session['id']}") == session
    for query in (f"user_id={ada.id}", f"client_id={session['client_id']}", "status=active"):
        assert backend("GET", f"/sessions?{query}") == [session]
    assert backend("GET", "/sessions", paginated="true") == {"data": [session], "total_count": 1}
    assert backend("GET", "/sessions", user_id="user_nobody") == []
    assert backend("GET", "/sessions?status=revoked") == []
    refused = backend.refused("GET", "/sessions", status=422, paginated="perhaps")
    assert refused == ("form_param_value_invalid", "paginated")


def test_a_created_session_has_the_organization_asked_for(
    backend: Caller, clerk: LocalClerk, ada: User
) -> None:
    organization = clerk.organizations.get("analytical-engines")
    body = {"user_id": ada.id, "active_organization_id": organization.id}
    session = backend("POST", "/sessions", body)
    assert session["last_active_organization_id"] == organization.id
    assert backend.refused("POST", "/sessions", {}, status=422) == (
        "form_param_missing", "user_id",
    )  # fmt: skip
    backend("POST", "/sessions", {"user_id": "user_nobody"}, status=404)


def test_sessions_end_by_the_clock_and_by_revocation(
    backend: Caller, clerk: LocalClerk, session: Session, ada: User
) -> None:
    path = f"/sessions/{session.id}"
    assert backend("POST", f"{path}/revoke")["status"] == "revoked"
    assert backend("GET", path)["status"] == "revoked"
    later = clerk.sessions.create(ada.id)
    clerk.clock.advance(8 * 86_400)
    assert backend("GET", f"/sessions/{later.id}")["status"] == "expired"
    backend("GET", "/sessions/sess_nobody", status=404)
    backend("POST", "/sessions/sess_nobody/revoke", status=404)


def test_a_status_that_is_none_is_refused(backend: Caller) -> None:
    response = backend.open("GET", "/sessions?status=asleep")
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["meta"] == {"param_name": "status"}


def test_tokens_are_minted_from_a_session(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    clerk.templates.create({"name": "api", "claims": {"aud": "api"}, "lifetime": 600})
    path = f"/sessions/{session.id}/tokens"
    for suffix, body, lifetime in (
        ("", None, 60),
        ("", {"expires_in_seconds": 900}, 900),
        ("", {"expires_in_seconds": None}, 60),
        ("/api", None, 600),
        ("/api", {"expires_in_seconds": 30.0}, 30),
    ):
        token = backend("POST", path + suffix, body)
        assert token["object"] == "token"
        claims = read_token(token["jwt"]).payload
        assert claims["exp"] - claims["iat"] == lifetime
        assert claims["sub"] == session.user_id
        assert claims.get("sid") == (None if suffix else session.id)
        assert claims.get("aud") == ("api" if suffix else None)


@pytest.mark.parametrize("seconds", [29, 315_360_001, -1, 0])
def test_a_lifetime_out_of_range_is_refused(
    backend: Caller, session: Session, seconds: int
) -> None:
    body = {"expires_in_seconds": seconds}
    refused = backend.refused("POST", f"/sessions/{session.id}/tokens", body, status=422)
    assert refused == ("form_param_value_invalid", "expires_in_seconds")


@pytest.mark.parametrize("seconds", ["60", True, [60]])
def test_a_lifetime_that_is_no_number_is_refused(
    backend: Caller, session: Session, seconds: object
) -> None:
    body = {"expires_in_seconds": seconds}
    refused = backend.refused("POST", f"/sessions/{session.id}/tokens", body, status=422)
    assert refused == ("form_param_type_invalid", "expires_in_seconds")


def test_no_token_of_an_unknown_template_or_a_session_that_is_over(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    path = f"/sessions/{session.id}/tokens"
    assert backend.refused("POST", f"{path}/unknown", status=404)[0] == "resource_not_found"
    clerk.sessions.revoke(session.id)
    assert backend.refused("POST", path, status=401)[0] == "authentication_invalid"
    assert backend.refused("POST", f"{path}/unknown", status=401)[0] == "authentication_invalid"
    backend("POST", "/sessions/sess_nobody/tokens", status=404)


def test_an_expired_token_is_refreshed_as_a_token(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    body = refresh_body(clerk, session)
    clerk.clock.advance(seconds=61)
    answer = backend("POST", f"/sessions/{session.id}/refresh", body)
    assert answer["object"] == "token"
    claims = read_token(answer["jwt"]).payload
    assert (claims["sid"], claims["azp"]) == (session.id, ORIGIN)
    assert claims["exp"] > clerk.now / 1000


@pytest.mark.parametrize(
    ("suffixed", "names"),
    [("true", ["__session", "__session_{suffix}"]), ("false", ["__session"]), ("", ["__session"])],
)
def test_an_expired_token_is_refreshed_as_cookies(
    backend: Caller, clerk: LocalClerk, session: Session, suffixed: str, names: list[str]
) -> None:
    body = refresh_body(clerk, session, format="cookie")
    clerk.clock.advance(seconds=61)
    path = f"/sessions/{session.id}/refresh?suffixed_cookies={suffixed}"
    answer = backend("POST", path, body)
    assert answer["object"] == "cookies"
    suffix = clerk.publishable_key.cookie_suffix
    found = [line.partition("=")[0] for line in answer["cookies"]]
    assert found == [name.format(suffix=suffix) for name in names]
    assert not any("Secure" in line for line in answer["cookies"])


def test_refreshed_cookies_are_secure_on_https(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    body = refresh_body(clerk, session, format="cookie", request_origin="https://localhost")
    body["expired_token"] = clerk.minting.session_token(session, origin="https://localhost")
    answer = backend("POST", f"/sessions/{session.id}/refresh", body)
    assert all("; Secure" in line for line in answer["cookies"])


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"refresh_token": "other"}, 401, "refresh_token_not_found"),
        ({"request_origin": "http://elsewhere"}, 401, "refresh_request_origin_azp_mismatch"),
        ({"expired_token": "x.y.z"}, 401, "expired_session_token_invalid"),
        ({"format": "xml"}, 422, "form_param_value_invalid"),
        ({"expired_token": ""}, 422, "form_param_missing"),
        ({"refresh_token": None}, 422, "form_param_missing"),
        ({"request_origin": None}, 422, "form_param_missing"),
    ],
)
def test_a_refresh_that_proves_nothing_is_refused(
    backend: Caller,
    clerk: LocalClerk,
    session: Session,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    body = refresh_body(clerk, session, **changes)
    refused = backend.refused("POST", f"/sessions/{session.id}/refresh", body, status=status)
    assert refused[0] == code


def test_clients_are_listed_and_verified(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    newest = clerk.clients.create()
    client = backend("GET", f"/clients/{session.client_id}")
    assert client["session_ids"] == [session.id]
    assert client["sessions"] == [backend("GET", f"/sessions/{session.id}")]
    assert [each["id"] for each in backend("GET", "/clients")] == [newest.id, session.client_id]
    assert backend("GET", "/clients", paginated="1", limit=1)["total_count"] == 2
    cookie = clerk.clients.cookie(newest)
    assert backend("POST", "/clients/verify", {"token": cookie})["id"] == newest.id
    assert cookie.partition(".")[2] not in str(backend("GET", f"/clients/{newest.id}"))
    forged = {"token": f"{newest.id}.secret"}
    assert backend.refused("POST", "/clients/verify", forged, status=404)[0] == "resource_not_found"
    backend("GET", "/clients/client_nobody", status=404)


def test_a_nonce_is_redeemed_once(backend: Caller, clerk: LocalClerk, session: Session) -> None:
    client = clerk.clients.get(session.client_id)
    assert client is not None
    handshake = clerk.handshakes.begin(
        clerk.handshakes.policy(), cookie=clerk.clients.cookie(client)
    )
    nonce = handshake.parameter[1]
    answer = backend("GET", "/clients/handshake_payload", nonce=nonce)
    assert answer == {"directives": list(handshake.lines)}
    for used in (nonce, "unknown"):
        refused = backend.refused("GET", "/clients/handshake_payload", status=404, nonce=used)
        assert refused[0] == "resource_not_found"
    refused = backend.refused("GET", "/clients/handshake_payload", status=400)
    assert refused[0] == "missing_query_parameter"
