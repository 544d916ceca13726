"""The account page, without JavaScript: names, sessions, accounts, signing out."""

from __future__ import annotations

import pytest

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Activity
from flask_clerk.local.model import User
from tests.local.form_browser import ORIGIN
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.instances import GRACE
from tests.local.instances import person
from tests.local.web.test_pages_sign_in import landed
from tests.local.web.test_pages_sign_in import sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


def statuses(clerk: LocalClerk) -> list[str]:
    """Return the statuses of all sessions, newest first."""
    return [session.status for session in clerk.sessions.search()]


def test_stranger_signs_in_and_comes_back(browser: FormBrowser) -> None:
    browser.visit("/account")
    assert browser.path.startswith("/sign-in?redirect_url=")
    browser.send("Ada Lovelace")
    assert browser.path == "/account"
    assert "Ada Lovelace" in browser.text


def test_root_leads_to_the_account(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/")
    assert browser.path == "/account"


def test_names_are_changed(browser: FormBrowser, ada: User) -> None:
    sign_in(browser)
    browser.visit("/account?redirect_url=/a")
    browser.send("Save", first_name="Augusta", last_name=" ")
    assert browser.path == "/account?redirect_url=/a&done=saved"
    assert "Saved." in browser.text
    assert browser.clerk.users.get(ada.id).full_name == "Augusta"


def test_required_names_stay(browser: FormBrowser, ada: User) -> None:
    browser.clerk.update_settings(names_required=True)
    sign_in(browser)
    browser.visit("/account")
    assert browser.send("Save", first_name="").status_code == 422
    assert "Enter your first name." in browser.text
    assert browser.clerk.users.get(ada.id).first_name == "Ada"


def test_devices_are_listed_with_this_one_first(
    clerk: LocalClerk, browser: FormBrowser, ada: User
) -> None:
    sign_in(browser)
    phone = Activity(id="a", browser_name="Safari", device_type="iPhone", is_mobile=True)
    clerk.sessions.create(ada.id, activity=phone)
    clerk.clock.advance(120)
    clerk.sessions.create(ada.id)
    browser.visit("/account", **{"User-Agent": FIREFOX})
    devices = ("Firefox 131 on Linux", "this one", "127.0.0.1", "Unknown device", "Safari")
    places = [browser.text.index(device) for device in devices]
    assert places == sorted(places)
    assert "2 minutes ago" in browser.text


def test_looking_at_the_account_keeps_a_session_alive(browser: FormBrowser) -> None:
    browser.clerk.update_settings(inactivity_timeout=100)
    sign_in(browser)
    for _ in range(3):
        browser.clerk.clock.advance(60)
        browser.visit("/account")
        assert browser.path == "/account"
    browser.clerk.clock.advance(101)
    browser.visit("/account")
    assert browser.path.startswith("/sign-in")


def test_signing_out_here_ends_this_session_only(
    clerk: LocalClerk, browser: FormBrowser, ada: User
) -> None:
    sign_in(browser)
    clerk.sessions.create(ada.id)
    browser.visit("/account?redirect_url=/bye")
    browser.send("Sign out here")
    assert landed(browser) == f"{ORIGIN}/bye"
    assert statuses(clerk) == ["active", "removed"]


def test_signing_out_everywhere(clerk: LocalClerk, browser: FormBrowser, ada: User) -> None:
    sign_in(browser)
    clerk.sessions.create(ada.id)
    browser.visit("/account")
    browser.send("Sign out everywhere")
    assert landed(browser) == f"{ORIGIN}/"
    assert statuses(clerk) == ["revoked", "revoked"]


def test_signing_out_another_device(clerk: LocalClerk, browser: FormBrowser, ada: User) -> None:
    sign_in(browser)
    other = clerk.sessions.create(ada.id)
    browser.visit("/account")
    form = next(form for form in browser.forms if other.id in form.action)
    browser.forms = [form]
    browser.send("Sign out")
    assert "Signed out there." in browser.text
    assert statuses(clerk) == ["revoked", "active"]


def test_session_of_somebody_else_is_none_of_ours(clerk: LocalClerk, browser: FormBrowser) -> None:
    sign_in(browser)
    other = clerk.sessions.create(person(clerk, GRACE).id)
    clerk.sessions.create(person(clerk, ADA).id)
    browser.visit("/account")
    form = next(form for form in browser.forms if "/sessions/" in form.action)
    form.action = form.action.replace(form.action.split("/")[-2], other.id)
    browser.forms = [form]
    assert browser.send("Sign out").status_code == 404
    assert "Session not found" in browser.text
    assert clerk.sessions.get(other.id).is_live


def test_several_accounts_are_switched_between(clerk: LocalClerk, browser: FormBrowser) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(browser)
    browser.visit("/account")
    assert "Add an account" in browser.text
    sign_in(browser, GRACE)
    browser.visit("/account?redirect_url=/a")
    browser.send("Switch")
    assert landed(browser) == f"{ORIGIN}/a"
    browser.visit("/account")
    assert browser.text.index("Ada Lovelace") < browser.text.index("Grace Hopper")
    assert statuses(clerk) == ["active", "active"]


def test_second_account_is_chosen_on_the_sign_in_page(
    clerk: LocalClerk, browser: FormBrowser, ada: User
) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(browser)
    sign_in(browser, GRACE)
    browser.visit("/sign-in")
    browser.send("Ada Lovelace")
    browser.visit("/account")
    assert f"<h1>{ada.full_name}</h1>" in browser.text
    browser.visit("/sign-in")
    browser.send("Sign out of all accounts")
    assert statuses(clerk) == ["removed", "removed"]


def test_switch_to_a_pending_session_goes_to_its_tasks(
    clerk: LocalClerk, browser: FormBrowser
) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(browser)
    clerk.update_settings(force_organization_selection=True)
    sign_in(browser, GRACE)
    browser.send("Analytical Engines")
    clerk.sessions.set_organization(clerk.sessions.search()[1].id, None)
    browser.visit("/account")
    browser.forms = [form for form in browser.forms if "switch" in form.action]
    browser.send("Switch")
    assert browser.path == "/sign-in/tasks"


def test_session_of_another_browser_cannot_be_shown(
    clerk: LocalClerk, browser: FormBrowser
) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(browser)
    sign_in(browser, GRACE)
    browser.visit("/sign-in")
    stolen = clerk.sessions.create(person(clerk, ADA).id)
    form = next(form for form in browser.forms if "switch" in form.action)
    browser.forms = [form]
    form.buttons = [("Theirs", "session_id", stolen.id)]
    assert browser.send("Theirs").status_code == 404


def test_form_of_a_session_that_ended_asks_to_sign_in(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/account")
    browser.clerk.clock.advance(8 * 86_400)
    browser.send("Save")
    assert browser.path == "/sign-in"


def test_organization_that_is_active_is_shown(browser: FormBrowser) -> None:
    sign_in(browser)
    browser.visit("/sign-in/tasks?redirect_url=/__clerk/account")
    browser.send("Analytical Engines")
    assert browser.path == "/account"
    assert "analytical-engines" in browser.text


def test_impersonation_is_told(clerk: LocalClerk, browser: FormBrowser, ada: User) -> None:
    grace = person(clerk, GRACE)
    token = clerk.tickets.create_actor_token(ada.id, {"sub": grace.id}).token
    browser.visit(f"/sign-in?__clerk_ticket={token}")
    browser.send("Sign in")
    browser.visit("/account")
    assert "impersonation" in browser.text
    assert grace.id in browser.text


def test_stranger_who_goes_on_goes_on(browser: FormBrowser) -> None:
    browser.visit("/continue?redirect_url=/a")
    assert browser.url == f"{ORIGIN}/a"


def test_standalone_pages_lead_to_the_account(clerk: LocalClerk) -> None:
    browser = FormBrowser(clerk, prefix="")
    answer = browser.visit("/sign-in")
    assert "Path=/;" in answer.headers["Set-Cookie"] + ";"
    browser.send("Ada Lovelace")
    assert browser.path == "/account"
    browser.visit("/sign-in?redirect_url=http://localhost:5000/app")
    browser.visit("/continue?redirect_url=http://localhost:5000/app")
    assert landed(browser) == "http://localhost:5000/app"
    assert "__clerk_db_jwt=" in browser.url


@pytest.mark.parametrize("path", ["/account", "/sign-in", "/sign-up", "/dashboard/"])
def test_pages_are_strict_about_what_they_load(browser: FormBrowser, path: str) -> None:
    answer = browser.visit(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
