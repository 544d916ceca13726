"""Clerk's unmodified clerk-js and its prebuilt components against the local Clerk, in Chromium."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.codes import TEST_CODE
from tests.local.browser.clerk_js_app import Tab
from tests.local.browser.clerk_js_app import frontend_alone
from tests.local.browser.clerk_js_app import live_app
from tests.local.instances import ADA
from tests.local.instances import GRACE
from tests.local.live import serving

SLUG = "analytical-engines"


def test_clerk_js_loads_and_nobody_is_signed_in(tab: Tab) -> None:
    assert tab.run("[Clerk.status, Clerk.user, Clerk.instanceType]") == [
        "ready",
        None,
        "development",
    ]
    assert re.fullmatch(r"6\.\d+\.\d+", tab.run("Clerk.version"))
    assert tab.whoami()["user_id"] is None


def test_password_signs_in_for_clerk_js_and_for_the_app(tab: Tab, clerk: LocalClerk) -> None:
    assert tab.sign_in(ADA, DEFAULT_PASSWORD) == "complete"
    assert tab.run("Clerk.user.fullName") == "Ada Lovelace"
    assert tab.whoami()["user_id"] == clerk.users.find(ADA).id
    tab.open()
    assert tab.run("Clerk.user.fullName") == "Ada Lovelace"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["same-site", "cross-site"])
def test_frontend_api_on_a_port_of_its_own(
    new_tab: Callable[[], Tab], clerk: LocalClerk, host: str
) -> None:
    with (
        serving(frontend_alone(clerk)) as fapi,
        serving(live_app(clerk, fapi.replace("localhost", host))) as url,
    ):
        tab = new_tab()
        tab.url = url
        tab.open()
        assert tab.sign_in(ADA, DEFAULT_PASSWORD) == "complete"
        assert tab.whoami()["user_id"] == clerk.users.find(ADA).id
        tab.open()
        assert tab.run("Clerk.user.firstName") == "Ada"
        tab.page.goto("about:blank")


def test_frontend_api_behind_the_apps_own_proxy(
    new_tab: Callable[[], Tab], clerk: LocalClerk
) -> None:
    """Scripts, sign-in, cookies and a handshake take the way through the app, and no other."""
    with (
        serving(frontend_alone(clerk)) as fapi,
        serving(live_app(clerk, upstream=fapi)) as url,
    ):
        tab = new_tab()
        tab.url = url
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))
        tab.open()
        assert tab.sign_in(ADA, DEFAULT_PASSWORD) == "complete"
        assert tab.whoami()["user_id"] == clerk.users.find(ADA).id
        tab.page.context.clear_cookies(name=re.compile("^__session"))
        tab.open()
        assert tab.run("Clerk.user.firstName") == "Ada"
        assert any("/__clerk/v1/client/handshake?" in each for each in asked)
        assert any("/__clerk/npm/@clerk/clerk-js@" in each for each in asked)
        assert [each for each in asked if each.startswith(fapi)] == []
        tab.page.goto("about:blank")


def test_wrong_password_is_told_in_clerks_words(tab: Tab) -> None:
    error = tab.run(
        """identifier => Clerk.client.signIn
             .create({strategy: "password", identifier, password: "not the password"})
             .catch(error => ({code: error.errors[0].code, text: error.errors[0].longMessage}))""",
        ADA,
    )
    assert error == {
        "code": "form_password_incorrect",
        "text": "Password is incorrect. Try again, or use another method.",
    }
    assert tab.run("Clerk.user") is None


def test_email_code_from_the_outbox_signs_in(tab: Tab, clerk: LocalClerk) -> None:
    clerk.users.create(email_addresses=["mary@example.com"], first_name="Mary")
    tab.run(
        """async identifier => {
          const attempt = await Clerk.client.signIn.create({identifier});
          const factor = attempt.supportedFirstFactors.find(each => each.strategy == "email_code");
          await attempt.prepareFirstFactor(factor);
        }""",
        "mary@example.com",
    )
    code = clerk.outbox.emails("mary@example.com")[0].code
    tab.run(
        """async code => {
          const attempt = await Clerk.client.signIn.attemptFirstFactor(
            {strategy: "email_code", code});
          await Clerk.setActive({session: attempt.createdSessionId});
        }""",
        code,
    )
    assert tab.run("Clerk.user.firstName") == "Mary"


def test_somebody_new_signs_up(tab: Tab, clerk: LocalClerk) -> None:
    status = tab.run(
        """async code => {
          const attempt = await Clerk.client.signUp.create(
            {emailAddress: "new+clerk_test@example.com", password: "difference engine",
             unsafeMetadata: {theme: "dark"}});
          await attempt.prepareEmailAddressVerification();
          const done = await attempt.attemptEmailAddressVerification({code});
          await Clerk.setActive({session: done.createdSessionId});
          return done.status;
        }""",
        TEST_CODE,
    )
    assert status == "complete"
    user = clerk.users.find("new+clerk_test@example.com")
    assert tab.whoami()["user_id"] == user.id
    assert user.unsafe_metadata == {"theme": "dark"}


def test_token_is_refreshed_by_itself_past_its_lifetime(tab: Tab, clerk: LocalClerk) -> None:
    clerk.update_settings(token_lifetime=8)
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    first = read_token(tab.cookies()["__session"]).payload
    while time.time() <= first["exp"] + 1:
        tab.page.wait_for_timeout(500)
    second = read_token(tab.cookies()["__session"]).payload
    assert second["exp"] > time.time()
    assert second["sid"] == first["sid"]
    assert tab.whoami()["user_id"] == clerk.users.find(ADA).id


def test_template_token_and_unknown_template(tab: Tab, clerk: LocalClerk) -> None:
    clerk.templates.create({"name": "api", "claims": {"role": "{{user.public_metadata.role}}"}})
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    claims = read_token(tab.run('Clerk.session.getToken({template: "api"})')).payload
    assert claims["role"] == "admin"
    assert claims["azp"] == tab.url
    status = tab.run(
        'Clerk.session.getToken({template: "other"}).catch(error => error.status)',
    )
    assert status == 404


def test_organization_is_switched_and_left(tab: Tab) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    assert tab.whoami()["org_slug"] is None
    tab.run("slug => Clerk.setActive({organization: slug})", SLUG)
    assert tab.run("Clerk.organization.slug") == SLUG
    assert tab.run('Clerk.session.checkAuthorization({role: "org:admin"})') is True
    seen = tab.whoami()
    assert (seen["org_slug"], seen["is_admin"]) == (SLUG, True)
    tab.run("Clerk.setActive({organization: null})")
    assert tab.whoami()["org_slug"] is None


def test_organizations_are_listed_and_created(tab: Tab) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    tab.run('Clerk.createOrganization({name: "Difference Engines"})')
    slugs = tab.run(
        """async () => (await Clerk.user.getOrganizationMemberships()).data
             .map(membership => membership.organization.slug)"""
    )
    assert slugs == [SLUG, "difference-engines"]


def test_two_tabs_share_a_session_and_its_end(
    new_tab: Callable[[], Tab], clerk: LocalClerk
) -> None:
    first, second = new_tab().open(), new_tab()
    first.sign_in(ADA, DEFAULT_PASSWORD)
    second.open()
    assert second.run("Clerk.session.id") == first.run("Clerk.session.id")
    first.run("Clerk.signOut()")
    first.wait_for("window.Clerk && !Clerk.user")
    second.wait_for("window.Clerk && !Clerk.user")
    assert clerk.sessions.search(status="active") == []


def test_two_tabs_may_show_two_organizations(new_tab: Callable[[], Tab]) -> None:
    first, second = new_tab().open(), new_tab()
    first.sign_in(ADA, DEFAULT_PASSWORD)
    second.open()
    first.run("slug => Clerk.setActive({organization: slug})", SLUG)
    own = "Clerk.session.getToken({skipCache: true})"
    assert "o" not in read_token(second.run(own)).payload
    assert read_token(first.run(own)).payload["o"]["slg"] == SLUG


def test_sign_out_ends_it_for_clerk_js_and_for_the_app(tab: Tab, clerk: LocalClerk) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    with tab.page.expect_navigation():
        tab.run("() => { Clerk.signOut(); }")
    tab.loaded()
    assert tab.run("Clerk.user") is None
    assert tab.whoami()["user_id"] is None
    assert "__session" not in tab.cookies()
    assert clerk.sessions.search(status="active") == []


def test_revoked_session_signs_the_browser_out(tab: Tab, clerk: LocalClerk) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    clerk.sessions.revoke_all(clerk.users.find(ADA).id)
    tab.run("Clerk.session.getToken({skipCache: true}).catch(() => null)")
    tab.wait_for("window.Clerk && !Clerk.user")
    assert "__session" not in tab.cookies()


def test_restarted_instance_without_memory_does_not_break_the_page(
    tab: Tab, clerk: LocalClerk
) -> None:
    stale = "dvb_of_another_life"
    suffix = clerk.publishable_key.cookie_suffix
    tab.page.context.add_cookies(
        [
            {"name": name, "value": stale, "url": tab.url}
            for name in ("__clerk_db_jwt", f"__clerk_db_jwt_{suffix}")
        ]
    )
    tab.open()
    assert tab.cookies()["__clerk_db_jwt"] != stale
    assert tab.sign_in(ADA, DEFAULT_PASSWORD) == "complete"


def test_password_is_shown_again_for_reverification(tab: Tab, clerk: LocalClerk) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    clerk.clock.advance(1200)
    done = tab.run(
        """async password => {
          await Clerk.session.startVerification({level: "first_factor"});
          const done = await Clerk.session.attemptFirstFactorVerification(
            {strategy: "password", password});
          return done.status;
        }""",
        DEFAULT_PASSWORD,
    )
    assert done == "complete"
    assert tab.run("Clerk.session.factorVerificationAge") == [0, -1]


def test_prebuilt_sign_in_refuses_and_signs_in(tab: Tab) -> None:
    tab.mount("SignIn")
    page = tab.page
    page.get_by_label("Email address").fill(ADA)
    page.get_by_role("button", name="Continue").click()
    password = page.locator("input[name=password]")
    password.fill("not the password")
    page.get_by_role("button", name="Continue").click()
    refusal = "Password is incorrect. Try again, or use another method."
    page.get_by_test_id("form-feedback-error").get_by_text(refusal).wait_for()
    password.fill(DEFAULT_PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").click()
    tab.loaded()
    assert tab.run("Clerk.user.firstName") == "Ada"


def test_prebuilt_sign_in_takes_a_code(tab: Tab) -> None:
    tab.mount("SignIn")
    page = tab.page
    page.get_by_label("Email address").fill(GRACE)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Use another method").click()
    page.get_by_role("button", name=re.compile("Email code")).click()
    page.get_by_label("Enter verification code").wait_for()
    with page.expect_navigation():
        page.keyboard.type(TEST_CODE)
    tab.loaded()
    assert tab.run("Clerk.user.firstName") == "Grace"


def test_prebuilt_sign_up_signs_up(tab: Tab) -> None:
    tab.mount("SignUp")
    page = tab.page
    page.get_by_label("Email address").fill("new+clerk_test@example.com")
    page.locator("input[name=password]").fill("difference engine")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Enter verification code").wait_for()
    with page.expect_navigation():
        page.keyboard.type(TEST_CODE)
    tab.loaded()
    assert tab.run("Clerk.user.primaryEmailAddress.emailAddress") == "new+clerk_test@example.com"


def test_prebuilt_user_button_shows_who_is_there_and_signs_out(tab: Tab) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    tab.mount("UserButton")
    page = tab.page
    page.get_by_role("button", name="Open user menu").click()
    page.get_by_text("Ada Lovelace").wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    tab.loaded()
    assert tab.run("Clerk.user") is None


def test_prebuilt_organization_switcher_switches(tab: Tab) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    tab.mount("OrganizationSwitcher")
    page = tab.page
    page.get_by_role("button", name="Open organization switcher").click()
    page.get_by_role("button", name="Analytical Engines").click()
    tab.wait_for("window.Clerk && Clerk.organization")
    assert tab.run("Clerk.organization.slug") == SLUG


def test_prebuilt_account_lists_addresses_and_devices(tab: Tab) -> None:
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    tab.mount("UserProfile")
    page = tab.page
    page.get_by_text(ADA).first.wait_for()
    page.get_by_role("button", name="Security").click()
    page.get_by_text("This device").wait_for()


def test_session_task_is_settled_by_choosing_an_organization(tab: Tab, clerk: LocalClerk) -> None:
    clerk.update_settings(force_organization_selection=True)
    tab.open()
    tab.sign_in(ADA, DEFAULT_PASSWORD)
    assert tab.run("Clerk.client.sessions[0].status") == "pending"
    assert tab.whoami()["user_id"] is None
    tab.run("slug => Clerk.setActive({organization: slug})", SLUG)
    assert tab.run("Clerk.session.status") == "active"
    assert tab.whoami()["org_slug"] == SLUG
