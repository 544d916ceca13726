"""Signing up and choosing an organization on the pages, without JavaScript."""

from __future__ import annotations

import pytest

from flask_clerk.local.codes import TEST_CODE
from tests.local.form_browser import ORIGIN
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import organization
from tests.local.instances import person
from tests.local.web.test_pages_sign_in import landed
from tests.local.web.test_pages_sign_in import sign_in

MARY = "mary+clerk_test@example.com"


def begin(browser: FormBrowser, query: str = "") -> None:
    browser.visit(f"/sign-up{query}")
    browser.send(
        "Continue", email_address=MARY, password="difference", first_name="Mary", last_name=""
    )


def test_sign_up_makes_a_user_and_signs_in(browser: FormBrowser) -> None:
    begin(browser, "?redirect_url=/welcome")
    assert browser.path.startswith("/sign-up/verify")
    browser.send("Send another code")
    assert browser.send("Continue", code="000000").status_code == 422
    assert browser.send("Continue", code="").status_code == 422
    browser.send("Continue", code=TEST_CODE)
    assert landed(browser) == f"{ORIGIN}/welcome"
    mary = person(browser.clerk, MARY)
    assert mary.first_name == "Mary"
    assert all(email.is_verified for email in mary.email_addresses)
    assert browser.clerk.sessions.search(user_id=mary.id, status="active")


def test_forced_way_back_of_signing_up_wins(browser: FormBrowser) -> None:
    forced = "sign_up_force_redirect_url=/tour&sign_in_force_redirect_url=/b"
    begin(browser, f"?redirect_url=/a&{forced}")
    browser.send("Continue", code=TEST_CODE)
    assert landed(browser) == f"{ORIGIN}/tour"


def test_every_empty_field_is_told_at_once(browser: FormBrowser) -> None:
    browser.visit("/sign-up")
    answer = browser.send("Continue", first_name="Mary")
    assert answer.status_code == 422
    assert "Enter your email address." in browser.text
    assert "Choose a password." in browser.text
    assert 'value="Mary"' in browser.text


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        (ADA, "difference", "That email address is taken."),
        ("mary@nowhere", "difference", "must be a valid email address."),
        (MARY, "short", "Passwords must be 8 characters or more."),
    ],
)
def test_refused_details_stay_typed(
    browser: FormBrowser, email: str, password: str, message: str
) -> None:
    browser.visit("/sign-up")
    answer = browser.send("Continue", email_address=email, password=password, last_name="S.")
    assert answer.status_code == 422
    assert message in browser.text
    assert f'value="{email}"' in browser.text
    assert password not in browser.text


def test_address_can_be_changed_while_the_code_is_awaited(browser: FormBrowser) -> None:
    begin(browser)
    browser.visit("/sign-up")
    assert f'value="{MARY}"' in browser.text
    browser.send("Continue", email_address="m+clerk_test@example.com", password="difference")
    browser.send("Continue", code=TEST_CODE)
    assert browser.clerk.users.find(MARY) is None
    assert browser.clerk.users.find("m+clerk_test@example.com") is not None


def test_settings_say_what_is_asked_for(browser: FormBrowser) -> None:
    browser.clerk.update_settings(
        username_enabled=True, names_required=True, password_enabled=False
    )
    browser.visit("/sign-up?email_address=mary%2Bclerk_test@example.com")
    fields = browser.forms[0].fields
    assert {"username", "first_name", "last_name"} < fields.keys()
    assert "password" not in fields
    browser.send("Continue", username="mary", first_name="Mary", last_name="S.")
    browser.send("Continue", code=TEST_CODE)
    assert person(browser.clerk, "mary").full_name == "Mary S."


def test_settings_that_ask_for_more_meanwhile_lead_back_to_the_form(browser: FormBrowser) -> None:
    begin(browser)
    browser.clerk.update_settings(names_required=True)
    browser.send("Continue", code=TEST_CODE)
    assert browser.path == "/sign-up"
    assert browser.clerk.users.find(MARY) is None


def test_nobody_signs_up_where_it_is_off(browser: FormBrowser) -> None:
    browser.visit("/sign-up")
    form = browser.forms
    browser.clerk.update_settings(sign_up_enabled=False)
    browser.visit("/sign-up")
    assert "Nobody can sign up here" in browser.text
    browser.forms = form
    answer = browser.send("Continue", email_address=MARY, password="difference")
    assert answer.status_code == 403


def test_whoever_is_signed_in_signs_out_first(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/sign-up?redirect_url=/__clerk/sign-up")
    browser.send("Sign out first")
    assert browser.path == "/sign-up"
    assert "Create your account" in browser.text


@pytest.mark.parametrize("button", ["Continue", "Send another code"])
def test_attempt_that_grew_old_begins_anew(browser: FormBrowser, button: str) -> None:
    begin(browser)
    browser.clerk.clock.advance(2 * 86_400)
    browser.send(button)
    assert browser.path == "/sign-up"


def test_code_without_an_attempt_leads_to_the_beginning(browser: FormBrowser) -> None:
    browser.visit("/sign-up/verify")
    assert browser.path == "/sign-up"


def test_page_below_sign_in_leads_to_sign_up(browser: FormBrowser) -> None:
    browser.visit("/sign-in/create?redirect_url=/a")
    assert browser.path == "/sign-up?redirect_url=/a"


def test_pending_session_chooses_an_organization(browser: FormBrowser) -> None:
    browser.clerk.update_settings(force_organization_selection=True)
    sign_in(browser, query="?redirect_url=/a")
    assert browser.path == "/sign-in/tasks?redirect_url=/a"
    assert "Personal account" not in browser.text
    assert [each.status for each in browser.clerk.sessions.search()] == ["pending"]
    browser.visit("/account")
    assert browser.path == "/sign-in/tasks", "there is no account before that"
    browser.visit("/sign-in/tasks?redirect_url=/a")
    browser.send("Analytical Engines")
    assert landed(browser) == f"{ORIGIN}/a"
    assert [each.status for each in browser.clerk.sessions.search()] == ["active"]


def test_person_of_no_organization_founds_one(browser: FormBrowser) -> None:
    browser.clerk.update_settings(force_organization_selection=True)
    sign_in(browser, ALAN)
    assert browser.send("Create organization", name=" ").status_code == 422
    browser.send("Create organization", name="Bombes")
    assert landed(browser) == f"{ORIGIN}/"
    (session,) = browser.clerk.sessions.search()
    assert session.last_active_organization_id == organization(browser.clerk, "bombes").id


def test_personal_account_settles_no_task(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/sign-in/tasks")
    browser.clerk.update_settings(force_organization_selection=True)
    browser.clerk.sessions.set_organization(browser.clerk.sessions.search()[0].id, None)
    browser.send("Personal account")
    assert browser.path == "/sign-in/tasks"


def test_strange_organization_is_refused(browser: FormBrowser) -> None:
    other = browser.clerk.organizations.create("Others")
    sign_in(browser)
    browser.visit("/sign-in/tasks")
    browser.forms[0].buttons.append(("Others", "organization_id", other.id))
    assert browser.send("Others").status_code == 404
    assert "not found" in browser.text


def test_pending_sign_up_goes_to_its_tasks(browser: FormBrowser) -> None:
    browser.clerk.update_settings(force_organization_selection=True)
    begin(browser, "?redirect_url=/a")
    browser.send("Continue", code=TEST_CODE)
    assert browser.path == "/sign-in/tasks?redirect_url=/a"


@pytest.mark.parametrize(
    "path",
    ["/sign-up/tasks", "/sign-up/tasks/choose-organization", "/sign-in/tasks/choose-organization"],
)
def test_tasks_are_found_where_the_sdks_look(browser: FormBrowser, path: str) -> None:
    sign_in(browser)
    browser.visit(f"{path}?redirect_url=/a")
    assert browser.path == "/sign-in/tasks?redirect_url=/a"


def test_tasks_ask_strangers_to_sign_in(browser: FormBrowser) -> None:
    browser.visit("/sign-in/tasks")
    assert browser.path.startswith("/sign-in?redirect_url=")
