"""The local Clerk's own pages with clerk-js installed: Clerk's components stand there instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.web.frontend.scripts import FOLDER
from tests.local.instances import ADA
from tests.local.instances import person
from tests.local.live import serving
from tests.peers_needed import need_peers


@pytest.fixture
def url(clerk: LocalClerk) -> Iterator[str]:
    """Return the address of an app whose local Clerk has clerk-js to serve."""
    scripts = need_peers("@clerk/clerk-js", "@clerk/ui")
    app = Flask("visited", static_folder=None)
    app.debug = True
    app.extensions[FOLDER] = scripts
    Clerk(app, local=clerk, redirect_to_sign_in=True)

    @app.get("/profile")
    @require_auth
    def profile() -> str:
        return f"<!doctype html><title>Profile</title><p>{g.auth.user_id}</p>"

    with serving(app) as url:
        yield url


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(20_000)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    yield page
    context.close()
    assert not [text for text in refused if "Content Security Policy" in text]


def test_the_sign_in_page_is_clerks_own_component(page: Any, url: str, clerk: LocalClerk) -> None:
    page.goto(f"{url}/profile")
    component = page.locator(".cl-signIn-root")
    component.get_by_label("Email address").fill(ADA)
    assert not page.locator("main").is_visible()
    component.get_by_role("button", name="Continue", exact=True).click()
    component.get_by_label("Password", exact=True).fill(DEFAULT_PASSWORD)
    component.get_by_role("button", name="Continue", exact=True).click()

    page.wait_for_url(f"{url}/profile")
    assert page.locator("p").inner_text() == person(clerk, ADA).id


def test_the_sign_up_page_is_clerks_own_component(page: Any, url: str) -> None:
    page.goto(f"{url}/__clerk/sign-up")

    page.locator(".cl-signUp-root").wait_for()
    assert not page.locator("main").is_visible()


def test_without_javascript_the_form_stays(browser: Any, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/__clerk/sign-in")

    assert page.locator("main").is_visible()
    assert page.get_by_label("Email address").is_visible()
    context.close()
