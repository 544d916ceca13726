"""Signing in and up over the Frontend API, as clerk-js asks."""

from __future__ import annotations

import json

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.codes import TEST_CODE
from flask_clerk.local.web.current import CLIENT_COOKIE
from tests.local.frontend_caller import Page
from tests.local.instances import ADA
from tests.local.instances import ALAN


def cookie_of(page: Page) -> str | None:
    """Return the client cookie that the browser holds."""
    name = f"{CLIENT_COOKIE}_{page.clerk.publishable_key.cookie_suffix}"
    found = page.http.get_cookie(name, path=page.prefix or "/")
    return found.value if found else None


def test_password_signs_in_and_sets_a_cookie_that_scripts_cannot_read(page: Page) -> None:
    answer = page.send(
        "POST",
        "/v1/client/sign_ins",
        {"strategy": "password", "identifier": ADA, "password": DEFAULT_PASSWORD, "locale": "en"},
    )
    body = answer.json
    assert body["response"]["status"] == "complete"
    session = body["client"]["sessions"][0]
    assert session["id"] == body["response"]["created_session_id"]
    claims = read_token(session["last_active_token"]["jwt"]).payload
    assert claims["azp"] == "http://localhost"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"__client_{page.clerk.publishable_key.cookie_suffix}=client_")
    assert {"HttpOnly", "Path=/__clerk", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert answer.headers["Cache-Control"] == "no-store"


def test_cookie_is_secure_over_https(clerk: LocalClerk) -> None:
    page = Page(clerk)
    page.base_url = "https://localhost"
    page.headers = {"Origin": page.base_url}
    assert "Secure" in page.send("PUT", "/v1/client").headers["Set-Cookie"]


def test_sign_in_changes_the_secret_of_a_planted_cookie(page: Page) -> None:
    page.ask("POST", "/v1/client")
    planted = cookie_of(page)
    page.sign_in()
    assert cookie_of(page) != planted


def test_sign_in_signs_the_whole_browser_in_without_its_cookie(page: Page) -> None:
    page.sign_in()
    elsewhere = Page(page.clerk)
    elsewhere.dev_browser = page.dev_browser
    client = elsewhere.ask("GET", "/v1/client")["response"]
    assert client["sessions"][0]["user"]["primary_email_address_id"]


def test_wrong_password_is_told_in_clerks_words_with_the_attempt_to_go_on_with(page: Page) -> None:
    answer = page.send(
        "POST",
        "/v1/client/sign_ins",
        {"strategy": "password", "identifier": ADA, "password": "not the password"},
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {
            "code": "form_password_incorrect",
            "message": "Password is incorrect. Try again, or use another method.",
            "long_message": "Password is incorrect. Try again, or use another method.",
            "meta": {"param_name": "password"},
        }
    ]
    attempt = answer.json["meta"]["client"]["sign_in"]
    assert attempt["identifier"] == ADA
    done = page.ask(
        "POST",
        f"/v1/client/sign_ins/{attempt['id']}/attempt_first_factor",
        {"strategy": "password", "password": DEFAULT_PASSWORD},
    )
    assert done["response"]["status"] == "complete"


def test_failed_sign_in_without_a_development_browser_still_creates_no_client_twice(
    clerk: LocalClerk,
) -> None:
    page = Page(clerk)
    page.ask("POST", "/v1/client")
    page.refused("POST", "/v1/client/sign_ins", {"identifier": "nobody@example.com"})
    assert len(clerk.clients.search()) == 1


def test_guessing_is_answered_with_retry_after(page: Page) -> None:
    page.clerk.update_settings(max_failed_attempts=1)
    wrong = {"strategy": "password", "identifier": ADA, "password": "not the password"}
    page.send("POST", "/v1/client/sign_ins", wrong)
    answer = page.send("POST", "/v1/client/sign_ins", wrong)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_email_code_signs_in_identifier_first(page: Page) -> None:
    first = page.ask("POST", "/v1/client/sign_ins", {"identifier": ADA})["response"]
    assert first["status"] == "needs_first_factor"
    factor = next(
        each for each in first["supported_first_factors"] if each["strategy"] == "email_code"
    )
    path = f"/v1/client/sign_ins/{first['id']}"
    prepared = page.ask(
        "POST",
        f"{path}/prepare_first_factor",
        {"strategy": "email_code", "email_address_id": factor["email_address_id"]},
    )
    assert prepared["response"]["first_factor_verification"]["status"] == "unverified"
    wrong = page.refused(
        "POST", f"{path}/attempt_first_factor", {"strategy": "email_code", "code": "111111"}
    )
    assert wrong == (422, "form_code_incorrect")
    done = page.ask(
        "POST", f"{path}/attempt_first_factor", {"strategy": "email_code", "code": TEST_CODE}
    )
    assert done["response"]["status"] == "complete"
    assert page.ask("GET", path)["response"]["status"] == "complete"


def test_ticket_signs_in(page: Page) -> None:
    ticket = page.clerk.tickets.create(page.clerk.users.find(ADA).id).token
    done = page.ask("POST", "/v1/client/sign_ins", {"strategy": "ticket", "ticket": ticket})
    assert done["response"]["status"] == "complete"


def test_sign_in_of_another_browser_cannot_be_seen(page: Page) -> None:
    attempt = page.ask("POST", "/v1/client/sign_ins", {"identifier": ADA})["response"]["id"]
    stranger = Page(page.clerk)
    stranger.open()
    stranger.ask("POST", "/v1/client")
    assert stranger.refused("GET", f"/v1/client/sign_ins/{attempt}") == (404, "resource_not_found")


def test_somebody_new_signs_up(page: Page) -> None:
    begun = page.ask(
        "POST",
        "/v1/client/sign_ups",
        {
            "email_address": "mary+clerk_test@example.com",
            "first_name": "Mary",
            "unsafe_metadata": json.dumps({"theme": "dark"}),
        },
    )["response"]
    assert begun["missing_fields"] == ["password"]
    path = f"/v1/client/sign_ups/{begun['id']}"
    updated = page.ask("PATCH", path, {"password": "difference engine"})["response"]
    assert updated["unverified_fields"] == ["email_address"]
    assert updated["verifications"]["email_address"]["strategy"] is None, "no code is under way"
    page.ask("POST", f"{path}/prepare_verification", {"strategy": "email_code"})
    wrong = page.refused("POST", f"{path}/attempt_verification", {"code": "000000"})
    assert wrong == (422, "form_code_incorrect")
    done = page.ask("POST", f"{path}/attempt_verification", {"code": TEST_CODE})
    assert done["response"]["status"] == "complete"
    user = done["client"]["sessions"][0]["user"]
    assert user["first_name"] == "Mary"
    assert user["unsafe_metadata"] == {"theme": "dark"}
    assert page.ask("GET", path)["response"]["created_user_id"] == user["id"]


@pytest.mark.parametrize("value", ["{", "[1]", '"text"'])
def test_metadata_that_is_no_object_is_refused(page: Page, value: str) -> None:
    refused = page.refused("POST", "/v1/client/sign_ups", {"unsafe_metadata": value})
    assert refused == (422, "form_param_value_invalid")


def test_taken_address_cannot_sign_up(page: Page) -> None:
    refused = page.refused("POST", "/v1/client/sign_ups", {"email_address": ALAN})
    assert refused == (422, "form_identifier_exists")


def test_unknown_development_browser_is_told_to_ask_for_another(page: Page) -> None:
    page.dev_browser = "dvb_from_before_the_restart"
    expected = (401, "dev_browser_unauthenticated")
    assert page.refused("GET", "/v1/client") == expected
    assert page.refused("POST", "/v1/client/sign_ins", {"identifier": ADA}) == expected
    assert page.refused("GET", "/v1/me") == expected


def test_environment_needs_no_development_browser(page: Page) -> None:
    page.dev_browser = "dvb_from_before_the_restart"
    assert page.ask("PATCH", "/v1/environment")["object"] == "environment"


def test_browser_without_a_client_gets_null(page: Page) -> None:
    assert page.ask("GET", "/v1/client") == {"response": None, "client": None}


def test_cookie_wins_over_an_unknown_development_browser(page: Page) -> None:
    page.sign_in()
    page.dev_browser = "dvb_from_before_the_restart"
    assert page.ask("GET", "/v1/client")["response"]["sessions"]


def test_client_can_be_forgotten(page: Page) -> None:
    page.sign_in()
    answer = page.send("DELETE", "/v1/client")
    assert answer.json["response"]["deleted"] is True
    assert cookie_of(page) is None
    assert page.clerk.sessions.search(status="active") == []
