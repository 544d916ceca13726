"""The signed-in user's own account over the Frontend API."""

from __future__ import annotations

import json

import pytest

from flask_clerk.local.codes import TEST_CODE
from tests.local.frontend_caller import Page
from tests.local.instances import ADA
from tests.local.instances import GRACE

NEW_ADDRESS = "countess+clerk_test@example.com"


@pytest.fixture(autouse=True)
def session_id(page: Page) -> str:
    """Sign Ada in, and return her session's id."""
    return page.sign_in()


def test_me_is_the_user_of_the_session_named(page: Page, session_id: str) -> None:
    me = page.ask("GET", "/v1/me", _clerk_session_id=session_id)["response"]
    assert me["first_name"] == "Ada"
    assert "private_metadata" not in me


def test_names_change_and_can_be_taken_away(page: Page) -> None:
    changed = page.ask("PATCH", "/v1/me", {"first_name": "Augusta", "last_name": ""})
    assert (changed["response"]["first_name"], changed["response"]["last_name"]) == (
        "Augusta",
        None,
    )
    assert changed["client"]["sessions"][0]["user"]["first_name"] == "Augusta"


def test_unsafe_metadata_is_replaced_or_merged_and_no_other_metadata_is_touched(page: Page) -> None:
    page.ask("PATCH", "/v1/me", {"unsafe_metadata": json.dumps({"a": 1, "b": 2})})
    merged = page.ask("PATCH", "/v1/me/metadata", {"unsafe_metadata": json.dumps({"a": None})})
    assert merged["response"]["unsafe_metadata"] == {"b": 2}
    page.ask("PATCH", "/v1/me", {"public_metadata": json.dumps({"role": "owner"})})
    assert page.clerk.users.find(ADA).public_metadata == {"role": "admin"}


def test_password_changes_and_signs_other_browsers_out(page: Page, session_id: str) -> None:
    other = Page(page.clerk)
    other.open()
    other_id = other.sign_in()
    path = "/v1/me/change_password"
    new = {"new_password": "a longer password", "sign_out_of_other_sessions": "true"}
    assert page.refused("POST", path, new) == (422, "form_param_missing")
    wrong = {**new, "current_password": "not the password"}
    assert page.refused("POST", path, wrong) == (422, "form_password_incorrect")
    page.ask("POST", path, {**new, "current_password": "analytical-engine"})
    assert page.clerk.sessions.get(other_id).status == "revoked"
    assert page.clerk.sessions.get(session_id).is_live


def test_password_can_be_removed_and_set_again_without_the_old_one(page: Page) -> None:
    removed = page.ask("POST", "/v1/me/remove_password", {"current_password": "analytical-engine"})
    assert removed["response"]["password_enabled"] is False
    again = page.ask("POST", "/v1/me/change_password", {"new_password": "a longer password"})
    assert again["response"]["password_enabled"] is True


def test_sessions_are_bare_lists_and_others_can_be_revoked(page: Page, session_id: str) -> None:
    other = Page(page.clerk)
    other.open()
    other_id = other.sign_in()
    assert {each["id"] for each in page.ask("GET", "/v1/me/sessions/active")} == {
        session_id,
        other_id,
    }
    revoked = page.ask("POST", f"/v1/me/sessions/{other_id}/revoke")
    assert revoked["response"]["status"] == "revoked"
    assert [each["id"] for each in page.ask("GET", "/v1/me/sessions/active")] == [session_id]
    assert len(page.ask("GET", "/v1/me/sessions")) == 2


def test_session_of_somebody_else_cannot_be_revoked(page: Page) -> None:
    grace = page.clerk.sessions.create(page.clerk.users.find(GRACE).id)
    refused = page.refused("POST", f"/v1/me/sessions/{grace.id}/revoke")
    assert refused == (404, "resource_not_found")


def test_user_can_leave_for_good(page: Page) -> None:
    gone = page.ask("DELETE", "/v1/me")
    assert gone["response"]["deleted"] is True
    assert gone["client"]["sessions"] == []
    assert page.clerk.users.find(ADA) is None


def test_address_is_added_verified_and_removed(page: Page) -> None:
    path = "/v1/me/email_addresses"
    added = page.ask("POST", f"{path}/", {"email_address": NEW_ADDRESS})["response"]
    one = f"{path}/{added['id']}"
    missing = page.refused("POST", f"{one}/attempt_verification", {"code": TEST_CODE})
    assert missing == (400, "verification_missing")
    sent = page.ask("POST", f"{one}/prepare_verification", {"strategy": "email_code"})
    assert sent["response"]["verification"]["status"] == "unverified"
    (email,) = page.clerk.outbox.emails(NEW_ADDRESS)
    assert "424242 is your code to add this address to your account at " in email.text
    wrong = page.refused("POST", f"{one}/attempt_verification", {"code": "000000"})
    assert wrong == (422, "form_code_incorrect")
    page.ask("POST", f"{one}/attempt_verification", {"code": TEST_CODE})
    assert page.ask("GET", one)["response"]["verification"]["status"] == "verified"
    again = page.refused("POST", f"{one}/prepare_verification", {"strategy": "email_code"})
    assert again == (400, "verification_already_verified")
    assert len(page.ask("GET", path)["response"]) == 2
    page.ask("PATCH", "/v1/me", {"primary_email_address_id": added["id"]})
    assert page.ask("DELETE", one)["response"]["deleted"] is True


def test_address_refuses_other_strategies_and_unknown_ids(page: Page) -> None:
    path = "/v1/me/email_addresses/idn_unknown"
    assert page.refused("GET", path) == (404, "resource_not_found")
    link = page.refused("POST", f"{path}/prepare_verification", {"strategy": "email_link"})
    assert link == (400, "strategy_for_user_invalid")
    code = page.refused("POST", f"{path}/prepare_verification", {"strategy": "email_code"})
    assert code == (404, "resource_not_found")
