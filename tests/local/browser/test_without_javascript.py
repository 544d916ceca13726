"""Chromium with JavaScript switched off, an app, and its local Clerk beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import redirect
from flask import request
from flask.typing import ResponseReturnValue
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.codes import TEST_CODE
from flask_clerk.local.web.app import create_app
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.instances import person
from tests.local.live import serving

_TIMEOUT = 20_000
#: Seconds: the life of a token and the clock skew that is allowed.
_PAST_EXPIRY = 60 + 5 + 1


@pytest.fixture
def app(clerk: LocalClerk) -> Flask:
    """Return an app with a page for everybody and one for whoever is signed in."""
    app = Flask("visited", static_folder=None)
    app.debug = True
    extension = Clerk(app, local=clerk, redirect_to_sign_in=True)

    @app.get("/")
    def home() -> str:
        return f"<!doctype html><title>Home</title><p>{g.auth.user_id or 'nobody'}</p>"

    @app.get("/profile")
    @require_auth
    def profile() -> ResponseReturnValue:
        return f"<!doctype html><title>Profile</title><p>{g.auth.user_id} in {g.auth.org_slug}</p>"

    @app.route("/name", methods=["GET", "POST"])
    @require_auth
    def name() -> ResponseReturnValue:
        if request.method == "GET":
            return f"<p>{g.auth.claim('name')}</p><form method=post><button>Rename</button></form>"
        extension.client.users.update(g.auth.user_id, first_name="Augusta")
        return extension.refresh_claims(redirect("/name", 303))

    return app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """Return the address of the app."""
    with serving(app) as url:
        yield url


@pytest.fixture
def visitor(browser: Any) -> Iterator[Any]:
    """Return a page of a browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    context.set_default_timeout(_TIMEOUT)
    page = context.new_page()
    yield page
    context.close()


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Any, url: str) -> None:
    """Ask for the profile, sign in as Ada by password, and land on the profile."""
    page.goto(f"{url}/profile")
    page.get_by_label("Email address").fill(ADA)
    press(page, "Continue")
    page.get_by_label("Password").fill(DEFAULT_PASSWORD)
    press(page, "Sign in")
    page.wait_for_url(f"{url}/profile")
    take_time(page)


def take_time(page: Any) -> None:
    """Let the guard against loops of handshakes forget, as it does after two seconds."""
    page.context.clear_cookies(name="__clerk_redirect_count")


def is_signed_out(page: Any, url: str) -> Any:
    """Whether asking for the profile leads to the sign-in page."""
    page.goto(f"{url}/profile")
    return page.url.startswith(f"{url}/__clerk/sign-in?redirect_url=")


def test_password_signs_in_and_outlives_its_token(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    sign_in(visitor, url)
    user_id = person(clerk, ADA).id
    for _ in range(3):
        clerk.clock.advance(_PAST_EXPIRY)
        visitor.goto(f"{url}/profile")
        assert visitor.url == f"{url}/profile"
        assert user_id in visitor.content()


def test_session_is_found_again_when_only_the_client_cookie_is_left(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    sign_in(visitor, url)
    visitor.context.clear_cookies(name=re.compile("^__(session|refresh)"))
    visitor.goto(f"{url}/profile")
    assert visitor.url == f"{url}/profile"


def test_a_changed_name_is_in_the_token_of_the_next_page(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    clerk.update_settings(session_token_claims={"name": "{{user.first_name}}"})
    sign_in(visitor, url)
    visitor.goto(f"{url}/name")
    assert visitor.locator("p").inner_text() == "Ada"
    press(visitor, "Rename")
    visitor.wait_for_url(f"{url}/name")
    assert visitor.locator("p").inner_text() == "Augusta"


def test_code_signs_in(visitor: Any, url: str) -> None:
    visitor.goto(f"{url}/profile")
    visitor.get_by_label("Email address").fill(ADA)
    press(visitor, "Continue")
    press(visitor, "Email me a code instead")
    visitor.get_by_label("Code").fill(TEST_CODE)
    press(visitor, "Continue")
    visitor.wait_for_url(f"{url}/profile")


def test_wrong_password_is_told_where_the_cursor_is(visitor: Any, url: str) -> None:
    visitor.goto(f"{url}/__clerk/sign-in")
    visitor.get_by_label("Email address").fill(ADA)
    press(visitor, "Continue")
    visitor.get_by_label("Password").fill("wrong")
    press(visitor, "Sign in")
    field = visitor.get_by_label("Password")
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby")
    assert "Password is incorrect" in visitor.locator(f"#{described}").inner_text()


def test_inactivity_signs_out(clerk: LocalClerk, visitor: Any, url: str) -> None:
    clerk.update_settings(inactivity_timeout=300)
    sign_in(visitor, url)
    clerk.clock.advance(200)
    visitor.goto(f"{url}/profile")
    assert visitor.url == f"{url}/profile", "and the timeout begins anew"
    clerk.clock.advance(200)
    visitor.goto(f"{url}/profile")
    assert visitor.url == f"{url}/profile"
    clerk.clock.advance(301)
    assert is_signed_out(visitor, url)


def test_maximum_lifetime_signs_out_whoever_is_active(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    clerk.update_settings(max_lifetime=200)
    sign_in(visitor, url)
    clerk.clock.advance(150)
    visitor.goto(f"{url}/profile")
    assert visitor.url == f"{url}/profile"
    clerk.clock.advance(_PAST_EXPIRY)
    assert is_signed_out(visitor, url)


def test_revoking_in_the_dashboard_signs_out(clerk: LocalClerk, visitor: Any, url: str) -> None:
    sign_in(visitor, url)
    developer = visitor.context.new_page()
    developer.goto(f"{url}/__clerk/dashboard/sessions")
    press(developer, "Revoke")
    assert "Revoked." in developer.get_by_role("status").inner_text()
    clerk.clock.advance(_PAST_EXPIRY)
    assert is_signed_out(visitor, url)


def test_sign_up(clerk: LocalClerk, visitor: Any, url: str) -> None:
    visitor.goto(f"{url}/profile")
    visitor.get_by_role("link", name="Sign up").click()
    visitor.get_by_label("First name").fill("Mary")
    visitor.get_by_label("Email address").fill("mary@example.com")
    visitor.get_by_label("Password").fill("difference-engine")
    press(visitor, "Continue")
    with visitor.context.expect_page() as outbox:
        visitor.get_by_role("link", name="outbox (new tab)").click()
    code = outbox.value.locator(".code-big").first.inner_text()
    visitor.get_by_label("Code").fill(code)
    press(visitor, "Continue")
    visitor.wait_for_url(f"{url}/profile")
    assert person(clerk, "mary@example.com").id in visitor.content()


def test_organization_is_chosen_before_anything_else(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    clerk.update_settings(force_organization_selection=True)
    visitor.goto(f"{url}/profile")
    visitor.get_by_role("button", name="Ada Lovelace").click()
    visitor.wait_for_url(re.compile(r"/sign-in/tasks\?"))
    visitor.get_by_role("button", name="Analytical Engines").click()
    visitor.wait_for_url(f"{url}/profile")
    assert "in analytical-engines" in visitor.content()


def test_switching_the_organization_reaches_the_app_at_once(visitor: Any, url: str) -> None:
    sign_in(visitor, url)
    assert "in None" in visitor.content()
    visitor.goto(f"{url}/__clerk/account?redirect_url=/profile")
    visitor.get_by_role("link", name="Switch").click()
    visitor.get_by_role("button", name="Analytical Engines").click()
    visitor.wait_for_url(f"{url}/profile")
    assert "in analytical-engines" in visitor.content()


def test_signing_out_on_the_account_page_reaches_the_app_at_once(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    sign_in(visitor, url)
    visitor.goto(f"{url}/__clerk/account")
    press(visitor, "Sign out here")
    visitor.wait_for_url(f"{url}/")
    assert "nobody" in visitor.content()
    assert is_signed_out(visitor, url)


def test_switching_accounts_reaches_the_app_at_once(
    clerk: LocalClerk, visitor: Any, url: str
) -> None:
    clerk.update_settings(single_session_mode=False)
    sign_in(visitor, url)
    visitor.goto(f"{url}/__clerk/sign-in?redirect_url=/profile")
    visitor.get_by_role("button", name="Grace Hopper").click()
    visitor.wait_for_url(f"{url}/profile")
    assert person(clerk, "grace+clerk_test@example.com").id in visitor.content()
    take_time(visitor)
    visitor.goto(f"{url}/__clerk/account?redirect_url=/profile")
    press(visitor, "Switch")
    visitor.wait_for_url(f"{url}/profile")
    assert person(clerk, ADA).id in visitor.content()


def test_pages_on_a_port_of_their_own_lead_to_the_app_on_another(
    visitor: Any, keys: RSAKey
) -> None:
    local = LocalClerk(MemoryStore(), key=keys, password_method=FAST_HASH)
    seed(local)
    app = Flask("elsewhere", static_folder=None)
    with serving(create_app(local)) as clerk_url:
        Clerk(
            app,
            publishable_key=local.publishable_key.value,
            secret_key=local.secret_key.value,
            jwt_key=local.jwt_key,
            api_url=f"{clerk_url}/api",
            proxy_url=clerk_url,
            sign_in_url=f"{clerk_url}/sign-in",
            redirect_to_sign_in=True,
        )

        @app.get("/profile")
        @require_auth
        def profile() -> ResponseReturnValue:
            return f"<!doctype html><title>Profile</title><p>{g.auth.user_id}</p>"

        with serving(app) as url:
            visitor.goto(f"{url}/profile")
            assert visitor.url.startswith(f"{clerk_url}/sign-in?")
            visitor.get_by_role("button", name="Ada Lovelace").click()
            visitor.wait_for_url(f"{url}/profile")
            assert person(local, ADA).id in visitor.content()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_window_however_long_the_names(
    browser: Any, clerk: LocalClerk, url: str, width: int
) -> None:
    ada, long = person(clerk, ADA), "Wolfeschlegelsteinhausenbergerdorff" * 3
    clerk.update_settings(application_name=long, single_session_mode=False)
    clerk.users.merge_metadata(ada.id, public_metadata={long: long})
    clerk.users.create(email_addresses=[f"{long[:60]}@{long[:60]}.example"])
    founded = clerk.organizations.create(long, created_by=ada.id)
    template = clerk.templates.create({"name": long[:60], "claims": {long: "{{user.full_name}}"}})
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.set_default_timeout(_TIMEOUT)
    page = context.new_page()
    page.goto(f"{url}/__clerk/sign-in?redirect_url=/__clerk/dashboard/")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{url}/__clerk/dashboard/")
    clerk.users.update(ada.id, first_name=long, last_name=long)
    links = page.eval_on_selector_all(".side-nav a", "all => all.map(each => each.pathname)")
    pages = [path.removeprefix("/__clerk/") for path in links]
    pages += ["sign-in", "sign-up", "account", "sign-in/tasks"]
    pages += [f"dashboard/users/{ada.id}", f"dashboard/organizations/{founded.id}"]
    pages += [f"dashboard/templates/{template.id}"]
    assert len(pages) == 11 + 7

    widths = {}
    for path in pages:
        page.goto(f"{url}/__clerk/{path}")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")

    assert {path: wide for path, wide in widths.items() if wide > width} == {}
    context.close()
