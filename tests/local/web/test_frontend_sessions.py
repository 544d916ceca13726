"""Sessions and their tokens over the Frontend API."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.tokens import read_token
from tests.local.frontend_caller import Page
from tests.local.instances import GRACE

SLUG = "analytical-engines"


def claims_of(answer: dict[str, Any]) -> Any:
    """Return the claims of a token that was answered."""
    return read_token(answer["jwt"]).payload


@pytest.fixture
def session_id(page: Page) -> str:
    """Return the session that the page is signed in to."""
    return page.sign_in()


def test_touch_switches_the_organization_and_the_personal_account(
    page: Page, session_id: str
) -> None:
    path = f"/v1/client/sessions/{session_id}/touch"
    switched = page.ask("POST", path, {"active_organization_id": SLUG, "intent": "select_org"})
    organization = page.clerk.organizations.get(SLUG)
    assert switched["response"]["last_active_organization_id"] == organization.id
    token = read_token(switched["response"]["last_active_token"]["jwt"])
    assert token.payload["o"]["slg"] == SLUG
    kept = page.ask("POST", path, {"intent": "focus"})
    assert kept["response"]["last_active_organization_id"] == organization.id
    personal = page.ask("POST", path, {"active_organization_id": ""})
    assert personal["response"]["last_active_organization_id"] is None


def test_touch_does_not_leave_an_organization_where_one_is_required(
    page: Page, session_id: str
) -> None:
    path = f"/v1/client/sessions/{session_id}"
    page.ask("POST", f"{path}/touch", {"active_organization_id": SLUG})
    page.clerk.update_settings(force_organization_selection=True)
    touched = page.ask("POST", f"{path}/touch", {"active_organization_id": ""})
    assert touched["response"]["last_active_organization_id"] is not None
    assert claims_of(page.ask("POST", f"{path}/tokens", {"organization_id": ""}))["o"]


def test_touch_of_a_foreign_organization_is_refused(page: Page, session_id: str) -> None:
    page.clerk.organizations.create("Elsewhere", slug="elsewhere")
    refused = page.refused(
        "POST",
        f"/v1/client/sessions/{session_id}/touch",
        {"active_organization_id": "elsewhere"},
    )
    assert refused == (404, "organization_not_found_or_unauthorized")


def test_touch_notes_the_browser(page: Page, session_id: str) -> None:
    page.headers["User-Agent"] = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
    )
    page.ask("POST", f"/v1/client/sessions/{session_id}/touch")
    activity = page.ask("GET", "/v1/me/sessions/active")[0]["latest_activity"]
    assert activity["browser_name"] == "Edge"
    assert activity["browser_version"] == "140"
    assert activity["device_type"] == "Windows"
    assert activity["ip_address"] == "127.0.0.1"
    assert not activity["is_mobile"]


def test_token_is_bare_and_for_the_organization_asked_for(page: Page, session_id: str) -> None:
    path = f"/v1/client/sessions/{session_id}/tokens"
    token = claims_of(page.ask("POST", path, {"organization_id": SLUG}))
    assert token["o"]["slg"] == SLUG
    assert token["azp"] == "http://localhost"
    assert "o" not in claims_of(page.ask("POST", path)), "another tab's organization stays its own"
    assert "o" not in claims_of(page.ask("POST", path, {"organization_id": ""}))


def test_asking_for_a_token_keeps_a_session_from_timing_out(page: Page, session_id: str) -> None:
    page.clerk.update_settings(inactivity_timeout=100)
    path = f"/v1/client/sessions/{session_id}/tokens"
    for _ in range(3):
        page.clerk.clock.advance(80)
        page.ask("POST", path)
    page.clerk.clock.advance(101)
    assert page.refused("POST", path) == (401, "authentication_invalid")


def test_template_token_and_unknown_template(page: Page, session_id: str) -> None:
    page.clerk.templates.create({"name": "api", "claims": {"role": "{{user.first_name}}"}})
    path = f"/v1/client/sessions/{session_id}/tokens"
    token = claims_of(page.ask("POST", f"{path}/api"))
    assert token["role"] == "Ada"
    assert "sid" not in token
    assert page.refused("POST", f"{path}/other") == (404, "resource_not_found")


@pytest.mark.parametrize(
    ("headers", "azp"),
    [
        ({"Origin": "http://localhost"}, "http://localhost"),
        ({"Referer": "http://localhost/somewhere?else"}, "http://localhost"),
        ({"Referer": "https://evil.example/"}, None),
        ({"Sec-Fetch-Site": "same-origin"}, "http://localhost"),
        ({}, None),
    ],
    ids=["origin", "referrer", "foreign-referrer", "same-origin-without-referrer", "neither"],
)
def test_azp_is_the_page(
    page: Page, session_id: str, headers: dict[str, str], azp: str | None
) -> None:
    page.headers = headers
    client = page.ask("GET", "/v1/client")["response"]
    token = read_token(client["sessions"][0]["last_active_token"]["jwt"])
    assert token.payload.get("azp") == azp


@pytest.mark.parametrize(("action", "status"), [("end", "ended"), ("remove", "removed")])
def test_session_can_be_ended(page: Page, session_id: str, action: str, status: str) -> None:
    done = page.ask("POST", f"/v1/client/sessions/{session_id}/{action}")
    assert done["response"]["status"] == status
    assert done["client"]["sessions"] == []
    assert page.ask("GET", f"/v1/client/sessions/{session_id}")["response"]["status"] == status


def test_sign_out_removes_every_session_and_keeps_the_client(page: Page, session_id: str) -> None:
    signed_out = page.ask("DELETE", "/v1/client/sessions")
    assert signed_out["client"]["sessions"] == []
    assert page.clerk.sessions.get(session_id).status == "removed"
    assert page.ask("GET", "/v1/client")["response"]["id"] == signed_out["client"]["id"]
    assert page.refused("GET", "/v1/me") == (401, "authentication_invalid")


def test_sessions_of_another_browser_are_out_of_reach(page: Page, session_id: str) -> None:
    stranger = Page(page.clerk)
    stranger.open()
    stranger.sign_in(GRACE)
    path = f"/v1/client/sessions/{session_id}"
    not_found = (404, "resource_not_found")
    assert stranger.refused("GET", path) == not_found
    for action in ("touch", "end", "remove", "tokens", "tokens/api", "verify"):
        assert stranger.refused("POST", f"{path}/{action}") == not_found
    assert stranger.refused("GET", "/v1/me", _clerk_session_id=session_id) == not_found


def test_revoked_session_gets_no_token_and_the_client_is_empty(page: Page, session_id: str) -> None:
    page.clerk.sessions.revoke(session_id)
    refused = page.refused("POST", f"/v1/client/sessions/{session_id}/tokens")
    assert refused == (401, "authentication_invalid")
    assert page.ask("GET", "/v1/client")["response"]["sessions"] == []


def test_call_without_any_client_is_signed_out(page: Page) -> None:
    assert page.refused("POST", "/v1/client/sessions/sess_x/tokens") == (401, "signed_out")


def test_reverification_by_password(page: Page, session_id: str) -> None:
    page.clerk.clock.advance(1200)
    path = f"/v1/client/sessions/{session_id}/verify"
    begun = page.ask("POST", path, {"level": "multi_factor"})["response"]
    assert (begun["status"], begun["level"]) == ("needs_first_factor", "first_factor")
    assert {"strategy": "password"} in begun["supported_first_factors"]
    wrong = page.refused(
        "POST", f"{path}/attempt_first_factor", {"strategy": "password", "password": "no such"}
    )
    assert wrong == (422, "form_password_incorrect")
    done = page.ask(
        "POST",
        f"{path}/attempt_first_factor",
        {"strategy": "password", "password": "analytical-engine"},
    )
    assert done["response"]["status"] == "complete"
    token = claims_of(page.ask("POST", f"/v1/client/sessions/{session_id}/tokens"))
    assert token["fva"] == [0, -1]


def test_reverification_by_code(page: Page, session_id: str) -> None:
    path = f"/v1/client/sessions/{session_id}/verify"
    page.ask("POST", path, {"level": "first_factor"})
    prepared = page.ask("POST", f"{path}/prepare_first_factor", {"strategy": "email_code"})
    assert prepared["response"]["first_factor_verification"]["strategy"] == "email_code"
    assert "is your code to confirm that it is you at " in page.clerk.outbox.emails()[0].text
    attempt = f"{path}/attempt_first_factor"
    wrong = page.refused("POST", attempt, {"strategy": "email_code", "code": "000000"})
    assert wrong == (422, "form_code_incorrect")
    done = page.ask("POST", attempt, {"strategy": "email_code", "code": "424242"})
    assert done["response"]["status"] == "complete"


@pytest.mark.parametrize(
    ("action", "data", "expected"),
    [
        ("", {"level": "zeroth_factor"}, (422, "form_param_value_invalid")),
        ("", {}, (422, "form_param_missing")),
        ("/prepare_first_factor", {"strategy": "sms"}, (400, "strategy_for_user_invalid")),
        (
            "/prepare_first_factor",
            {"strategy": "email_code", "email_address_id": "idn_x"},
            (404, "resource_not_found"),
        ),
        ("/attempt_first_factor", {"strategy": "sms"}, (400, "strategy_for_user_invalid")),
        ("/attempt_first_factor", {"strategy": "password"}, (422, "form_param_missing")),
        (
            "/attempt_first_factor",
            {"strategy": "email_code", "code": "424242"},
            (400, "verification_missing"),
        ),
    ],
)
def test_reverification_refuses(
    page: Page, session_id: str, action: str, data: dict[str, str], expected: tuple[int, str]
) -> None:
    path = f"/v1/client/sessions/{session_id}/verify{action}"
    assert page.refused("POST", path, data) == expected
