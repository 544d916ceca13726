"""Signing in on the pages, without JavaScript."""

from __future__ import annotations

import re
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest

from flask_clerk.core.constants import Parameters
from flask_clerk.core.urls import without
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.codes import TEST_CODE
from flask_clerk.local.model import User
from tests.local.form_browser import ORIGIN
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import GRACE
from tests.local.instances import person


def landed(browser: FormBrowser) -> str:
    """Return where the app was told to go on, without the development browser."""
    return without(browser.url, Parameters.DEV_BROWSER)


def sign_in(browser: FormBrowser, identifier: str = ADA, query: str = "") -> None:
    browser.visit(f"/sign-in{query}")
    browser.send("Continue", identifier=identifier)
    browser.send("Sign in", password=DEFAULT_PASSWORD)


def test_password_signs_in_and_returns_to_the_app(browser: FormBrowser, ada: User) -> None:
    browser.visit("/sign-in?redirect_url=/profile%3Ftab%3D1%23top")
    browser.send("Continue", identifier=f" {ADA.upper()} ")
    assert "Ada Lovelace" in browser.text
    assert DEFAULT_PASSWORD in browser.text
    answer = browser.send("Sign in", password=DEFAULT_PASSWORD)
    assert landed(browser) == f"{ORIGIN}/profile?tab=1#top"
    session = browser.clerk.sessions.search(user_id=ada.id)[0]
    assert session.status == "active"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"__client_{browser.clerk.publishable_key.cookie_suffix}=client_")
    assert {"HttpOnly", "Path=/__clerk", "SameSite=Lax"} <= set(cookie.split("; "))


def test_app_learns_of_the_session_by_a_development_browser_of_the_client(
    browser: FormBrowser, ada: User
) -> None:
    sign_in(browser)
    (name,) = parse_qs(urlsplit(browser.url).query)[Parameters.DEV_BROWSER]
    known = browser.clerk.clients.dev_browser(name)
    assert known is not None
    assert known.client_id == browser.clerk.sessions.search(user_id=ada.id)[0].client_id


def test_development_browser_of_the_app_is_used_again(browser: FormBrowser, ada: User) -> None:
    sign_in(browser)
    (first,) = parse_qs(urlsplit(browser.url).query)[Parameters.DEV_BROWSER]
    browser.http.set_cookie(Parameters.DEV_BROWSER, first)
    browser.visit("/continue")
    assert parse_qs(urlsplit(browser.url).query)[Parameters.DEV_BROWSER] == [first]


def test_planted_development_browser_is_not_bound_to_the_client(browser: FormBrowser) -> None:
    """A link with a development browser that its sender knows must not give the session away."""
    planted = browser.clerk.clients.create_dev_browser()
    browser.http.set_cookie(Parameters.DEV_BROWSER, planted.id)
    sign_in(browser, query=f"?{Parameters.DEV_BROWSER}={planted.id}")
    assert planted.id not in browser.url
    assert browser.clerk.clients.dev_browser(planted.id) == planted


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "/"),
        ("?redirect_url=/a", "/a"),
        ("?redirect_url=http://localhost/a", "/a"),
        ("?sign_in_fallback_redirect_url=/fallback", "/fallback"),
        ("?redirect_url=/a&sign_in_fallback_redirect_url=/fallback", "/a"),
        ("?redirect_url=/a&sign_in_force_redirect_url=/forced", "/forced"),
        ("?sign_up_force_redirect_url=/other", "/"),
        ("?redirect_url=//evil.example/", "/"),
        ("?redirect_url=https:evil.example", "/"),
        ("?redirect_url=%2F%5Cevil.example", "/"),
        ("?redirect_url=https://evil.example/&sign_in_fallback_redirect_url=/b", "/b"),
        ("?redirect_url=javascript:alert(1)", "/"),
        ("?redirect_url=http://localhost@evil.example/", "/"),
        ("?redirect_url=http://localhost.evil.example/", "/"),
        ("?redirect_url=http://localhost:5001/a", "http://localhost:5001/a"),
        ("?redirect_url=http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("?redirect_url=http://app.localhost:8000/", "http://app.localhost:8000/"),
    ],
)
def test_way_back_leads_to_this_machine_only(
    browser: FormBrowser, query: str, expected: str
) -> None:
    sign_in(browser, query=query)
    assert landed(browser) == (expected if "://" in expected else ORIGIN + expected)


def test_pages_themselves_get_no_development_browser(browser: FormBrowser) -> None:
    sign_in(browser, query="?redirect_url=/__clerk/account")
    assert browser.path == "/account"


def test_wrong_password_is_told_next_to_the_field(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    answer = browser.send("Sign in", password="wrong")
    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="password-password-error"' in browser.text
    assert "Password is incorrect" in browser.text
    assert 'value="wrong"' not in browser.text


@pytest.mark.parametrize(
    ("typed", "message"),
    [("", "Enter your email address."), ("nobody@example.com", "find your account")],
)
def test_identifier_that_fits_nobody_stays_in_its_field(
    browser: FormBrowser, typed: str, message: str
) -> None:
    browser.visit("/sign-in")
    answer = browser.send("Continue", identifier=typed)
    assert answer.status_code == 422
    assert message in browser.text
    assert f'value="{typed}"' in browser.text


def test_failures_of_one_browser_make_one_client(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    for _ in range(3):
        browser.send("Continue", identifier="nobody@example.com")
    assert len(browser.clerk.clients.search()) == 1


def test_empty_password_is_no_attempt(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    assert browser.send("Sign in", password="").status_code == 422
    assert "Enter your password." in browser.text


def test_seeded_people_are_one_click_away(browser: FormBrowser, ada: User) -> None:
    browser.visit("/sign-in?redirect_url=/a")
    assert DEFAULT_PASSWORD in browser.text
    browser.send("Ada Lovelace")
    assert landed(browser) == f"{ORIGIN}/a"
    assert browser.clerk.sessions.search(user_id=ada.id, status="active")


def test_seeded_person_with_another_password_is_asked_for_it(
    browser: FormBrowser, ada: User
) -> None:
    browser.clerk.users.update(ada.id, password="difference-engine")
    browser.visit("/sign-in")
    browser.send("Ada Lovelace")
    assert browser.path == "/sign-in/password"
    assert DEFAULT_PASSWORD not in browser.text


def test_banned_people_are_not_offered(browser: FormBrowser, ada: User) -> None:
    browser.clerk.users.set_banned(ada.id, True)
    browser.visit("/sign-in")
    assert "Ada Lovelace" not in browser.text
    assert browser.send("Continue", identifier=ADA).status_code == 403
    assert "banned" in browser.text


def test_code_signs_in(browser: FormBrowser) -> None:
    browser.visit("/sign-in?redirect_url=/a")
    browser.send("Continue", identifier=ADA)
    browser.send("Email me a code instead")
    assert TEST_CODE in browser.text
    assert "/dashboard/outbox?to=ada" in browser.text
    assert browser.send("Continue", code="000000").status_code == 422
    assert "Incorrect code" in browser.text
    assert browser.send("Continue", code="").status_code == 422
    browser.send("Send another code")
    assert "A new code is in the outbox" in browser.text
    browser.send("Continue", code=" 424 242 ")
    assert landed(browser) == f"{ORIGIN}/a"


def test_code_of_another_address_lies_in_the_outbox(browser: FormBrowser) -> None:
    browser.clerk.users.create(email_addresses=["mary@example.com"])
    browser.visit("/sign-in")
    browser.send("Continue", identifier="mary@example.com")
    assert browser.path == "/sign-in/code", "there is no password to ask for"
    assert TEST_CODE not in browser.text
    browser.send("Continue", code=browser.clerk.outbox.emails("mary@example.com")[0].code)
    assert landed(browser) == f"{ORIGIN}/"


def test_code_goes_to_the_address_that_was_typed(browser: FormBrowser, ada: User) -> None:
    browser.clerk.users.add_email(ada.id, "countess@example.com", is_verified=True)
    browser.visit("/sign-in")
    browser.send("Continue", identifier="countess@example.com")
    browser.send("Email me a code instead")
    assert browser.clerk.outbox.emails("countess@example.com")


def test_too_many_wrong_codes_ask_for_a_new_one(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    browser.send("Email me a code instead")
    for _ in range(4):
        answer = browser.send("Continue", code="000000")
    assert answer.status_code == 400
    assert "Too many wrong codes" in browser.text


def test_too_many_attempts_are_told_to_wait(browser: FormBrowser) -> None:
    browser.clerk.update_settings(max_failed_attempts=2)
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    for _ in range(3):
        answer = browser.send("Sign in", password="wrong")
    assert answer.status_code == 429
    assert re.search(r"Try again in \d+ seconds", browser.text)


def test_way_without_codes_says_so(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    browser.clerk.update_settings(email_code_enabled=False)
    assert browser.send("Email me a code instead").status_code == 400
    assert "not valid for this account" in browser.text


def test_account_without_any_way_in_says_so(browser: FormBrowser) -> None:
    browser.clerk.users.create(email_addresses=["mary@example.com"])
    browser.clerk.update_settings(email_code_enabled=False)
    browser.visit("/sign-in")
    browser.send("Continue", identifier="mary@example.com")
    assert "cannot sign in by password" in browser.text


@pytest.mark.parametrize("path", ["/sign-in/password", "/sign-in/code"])
def test_step_without_an_attempt_leads_to_the_beginning(browser: FormBrowser, path: str) -> None:
    browser.visit(f"{path}?redirect_url=/a")
    assert browser.path == "/sign-in?redirect_url=/a"


@pytest.mark.parametrize("button", ["Sign in", "Email me a code instead"])
def test_attempt_that_grew_old_begins_anew(browser: FormBrowser, button: str) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    browser.clerk.clock.advance(2 * 86_400)
    browser.send(button)
    assert browser.path == "/sign-in"


def test_code_page_of_an_old_attempt_begins_anew(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    browser.send("Email me a code instead")
    browser.clerk.clock.advance(2 * 86_400)
    browser.send("Continue", code=TEST_CODE)
    assert browser.path == "/sign-in"


def test_two_tabs_each_sign_in_whom_they_show(browser: FormBrowser, ada: User) -> None:
    browser.visit("/sign-in")
    browser.send("Continue", identifier=ADA)
    first = browser.forms
    browser.visit("/sign-in")
    browser.send("Continue", identifier=GRACE)
    browser.forms = first
    browser.send("Sign in", password=DEFAULT_PASSWORD)
    assert [each.user_id for each in browser.clerk.sessions.search()] == [ada.id]


def test_whoever_is_signed_in_may_go_on_or_out(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/sign-in?redirect_url=/a")
    assert "Ada Lovelace" in browser.text
    assert "Continue" in browser.text
    browser.visit("/continue?redirect_url=/a")
    assert landed(browser) == f"{ORIGIN}/a"
    browser.visit("/sign-in?redirect_url=/a")
    browser.send("Sign out, to use another account")
    browser.visit("/sign-in")
    assert "You are signed in" not in browser.text


def test_second_session_is_refused_where_there_can_be_one(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    form = browser.forms
    sign_in(browser)
    browser.visit("/sign-in")
    browser.forms = form
    assert browser.send("Continue", identifier=GRACE).status_code == 400
    assert "already signed in" in browser.text.replace("&#39;", "'")


def test_username_is_an_identifier_where_they_are_on(browser: FormBrowser) -> None:
    browser.clerk.update_settings(username_enabled=True)
    browser.clerk.users.create(username="countess", password="analytical-engine")
    browser.visit("/sign-in")
    assert "Email address or username" in browser.text
    browser.send("Continue", identifier="countess")
    browser.send("Sign in", password="analytical-engine")
    assert landed(browser) == f"{ORIGIN}/"


def test_ticket_signs_in_by_a_button_only(clerk: LocalClerk, browser: FormBrowser) -> None:
    alan = person(clerk, ALAN)
    token = clerk.tickets.create(alan.id).token
    sign_in(browser)
    browser.visit(f"/sign-in?__clerk_ticket={token}&redirect_url=/a")
    assert "takes the place of Ada Lovelace" in browser.text
    assert not clerk.sessions.search(user_id=alan.id), "a link alone signs nobody in"
    browser.send("Sign in")
    assert landed(browser) == f"{ORIGIN}/a"
    assert [each.user_id for each in clerk.sessions.search() if each.is_live] == [alan.id]


def test_refused_ticket_signs_nobody_out(clerk: LocalClerk, browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/sign-in?__clerk_ticket=forged")
    assert browser.send("Sign in").status_code == 400
    assert "ticket is invalid" in browser.text
    assert [each.status for each in clerk.sessions.search()] == ["active"]


def test_ticket_adds_an_account_where_there_can_be_several(
    clerk: LocalClerk, browser: FormBrowser
) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(browser)
    browser.visit(f"/sign-in?__clerk_ticket={clerk.tickets.create(person(clerk, ALAN).id).token}")
    browser.send("Sign in")
    assert len([each for each in clerk.sessions.search() if each.is_live]) == 2
