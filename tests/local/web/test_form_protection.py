"""Forms that other sites send here, and what a page says of it."""

from __future__ import annotations

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from tests.local.form_browser import ORIGIN
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.web.test_pages_sign_in import sign_in


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:5001"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
    ],
    ids=str,
)
def test_form_of_another_origin_is_refused(browser: FormBrowser, headers: dict[str, str]) -> None:
    sign_in(browser)
    browser.visit("/account")
    answer = browser.send("Sign out everywhere", headers=headers)
    assert answer.status_code == 403
    assert "That did not come from here" in answer.text
    assert browser.clerk.sessions.search()[0].is_live


def test_origin_is_enough_for_browsers_without_fetch_metadata(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    answer = browser.send("Continue", headers={"Origin": ORIGIN}, identifier=ADA)
    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_form_without_its_token_is_refused(browser: FormBrowser, token: str) -> None:
    browser.visit("/sign-in")
    assert browser.send("Continue", form_token=token, identifier=ADA).status_code == 403


def test_form_without_its_cookie_is_refused(browser: FormBrowser) -> None:
    browser.visit("/sign-in")
    forms = browser.forms
    browser.restart()
    browser.forms = forms
    assert browser.send("Continue", identifier=ADA).status_code == 403


def test_cookie_that_another_app_planted_signs_nothing(browser: FormBrowser, keys: RSAKey) -> None:
    """Apps on localhost share their cookies, and each could set this one."""
    browser.visit("/sign-in")
    name = f"__clerk_local_form_{browser.clerk.publishable_key.cookie_suffix}"
    elsewhere = FormBrowser(LocalClerk(MemoryStore(), key=keys))
    elsewhere.visit("/sign-in")
    suffix = elsewhere.clerk.publishable_key.cookie_suffix
    cookie = elsewhere.http.get_cookie(f"__clerk_local_form_{suffix}", path="/__clerk")
    assert cookie is not None
    browser.http.set_cookie(name, cookie.value, path="/__clerk")
    token = elsewhere.forms[0].fields["form_token"]
    assert browser.send("Continue", form_token=token, identifier=ADA).status_code == 403


def test_cookie_of_a_page_stays_and_is_out_of_reach_of_scripts(browser: FormBrowser) -> None:
    first = browser.visit("/sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/__clerk", "SameSite=Lax"} <= set(first.split("; "))
    assert "Set-Cookie" not in browser.visit("/sign-up").headers


def test_dashboard_is_protected_too(browser: FormBrowser) -> None:
    browser.visit("/dashboard/keys")
    kid = browser.clerk.signing_key.kid
    assert browser.send("Rotate", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.clerk.signing_key.kid == kid


def test_whoever_is_not_of_this_machine_sees_nothing_of_it(browser: FormBrowser) -> None:
    answer = browser.http.get("/__clerk/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.status_code == 404
    assert "Content-Security-Policy" not in answer.headers
    assert "Clerk" not in answer.text
