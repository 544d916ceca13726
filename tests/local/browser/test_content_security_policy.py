"""clerk-js and Clerk's components in Chromium, under the policy that is made for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import render_template_string
from flask_talisman import Talisman

from flask_clerk import Clerk
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.web.frontend.scripts import FOLDER
from tests.local.instances import ADA
from tests.local.instances import person
from tests.local.live import serving
from tests.peers_needed import need_peers

PAGE = """<!doctype html><meta charset="utf-8"><title>App</title>
<script nonce="{{ csp_nonce() }}">
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
</script>
<p>{{ g.auth.user_id }}</p>
<div data-clerk-component="{{ "UserButton" if g.auth.is_signed_in else "SignIn" }}"></div>
{{ clerk_js(nonce=csp_nonce()) }}"""


@pytest.fixture
def url(clerk: LocalClerk) -> Iterator[str]:
    app = Flask("strict", static_folder=None)
    app.testing = True
    app.extensions[FOLDER] = need_peers("@clerk/clerk-js", "@clerk/ui")
    extension = Clerk(app, local=clerk)
    Talisman(
        app,
        content_security_policy=extension.content_security_policy(app),
        content_security_policy_nonce_in=["script-src"],
        force_https=False,
        session_cookie_secure=False,
    )
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE, g=g))
    with serving(app) as url:
        yield url


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_a_person_signs_in_with_clerks_component_and_nothing_is_blocked(
    page: Any, url: str, clerk: LocalClerk
) -> None:
    page.goto(url)
    component = page.locator(".cl-signIn-root")
    component.get_by_label("Email address").fill(ADA)
    component.get_by_role("button", name="Continue", exact=True).click()
    component.get_by_label("Password", exact=True).fill(DEFAULT_PASSWORD)
    assert page.evaluate("violations") == []
    component.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_text(person(clerk, ADA).id).wait_for()
    page.locator(".cl-userButtonTrigger").click()
    page.locator(".cl-userButtonPopoverCard").wait_for()
    assert page.evaluate("violations") == []


def test_the_policy_is_enforced(page: Any, url: str) -> None:
    page.goto(url)
    page.locator(".cl-signIn-root").wait_for()
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.stolen = true";
          document.body.append(script);
          fetch("https://evil.example/").catch(() => {});
        }"""
    )
    page.wait_for_function("violations.length > 1")
    assert sorted(page.evaluate("violations")) == ["connect-src", "script-src-elem"]
    assert page.evaluate("window.stolen") is None
