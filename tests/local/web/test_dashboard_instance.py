"""Settings, organizations, templates, outbox, log and keys in the dashboard."""

from __future__ import annotations

import html
import json
import re

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local.model import AuthenticationLogEntry
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import GRACE
from tests.local.instances import organization
from tests.local.instances import person


def claims_shown(browser: FormBrowser) -> dict[str, object]:
    """Return the claims of the preview on the page."""
    (text,) = re.findall(r'aria-label="Claims">(.*?)</pre>', browser.text, re.DOTALL)
    shown: dict[str, object] = json.loads(html.unescape(text))
    return shown


def role_of(browser: FormBrowser, user: User) -> str | None:
    """Return a user's role in the one organization of the seed."""
    service = browser.clerk.organizations
    membership = service.membership(user.id, organization(browser.clerk).id)
    return membership.role if membership else None


def test_overview_counts_and_links(
    clerk: LocalClerk, browser: FormBrowser, session: Session
) -> None:
    clerk.outbox.emit_code(ADA, "123456", "sign in to")
    clerk.log.append(
        AuthenticationLogEntry(
            at=clerk.now,
            method="GET",
            path="/profile",
            status="signed-in",
            answer=200,
            user_id=session.user_id,
        )
    )
    clerk.clock.advance(90)
    browser.visit("/dashboard/")
    seen = ("<strong>3</strong>", "123456", "GET /profile", "Ada Lovelace", "moved by 90 s")
    for text in (*seen, "7 days"):
        assert text in browser.text
    for path in ("sign-in", "sign-up", "account", "dashboard/users", "dashboard/outbox"):
        assert f'href="/__clerk/{path}"' in browser.text
    assert '<a href="/">The app</a>' in browser.text


def test_overview_of_an_empty_instance() -> None:
    browser = FormBrowser(LocalClerk(MemoryStore()), prefix="")
    browser.visit("/dashboard/")
    assert "No emails yet" in browser.text
    assert "No request was judged yet" in browser.text
    assert "The app</a>" not in browser.text, "on a port of its own it stands in front of none"
    browser.visit("/dashboard/users")
    assert "No users yet" in browser.text
    browser.visit("/dashboard/session-token")
    assert "Create a user to see" in browser.text


def test_settings_are_changed(browser: FormBrowser) -> None:
    browser.visit("/dashboard/settings")
    assert browser.forms[0].fields["max_lifetime"] == "7"
    browser.send(
        "Save settings",
        application_name="Engines",
        max_lifetime="",
        inactivity_timeout="90",
        inactivity_timeout_unit="minute",
        token_lifetime="30",
        username_enabled="on",
        single_session_mode=None,
    )
    assert "Saved." in browser.text
    settings = browser.clerk.settings
    assert (settings.max_lifetime, settings.inactivity_timeout) == (None, 5400)
    assert (settings.application_name, settings.token_lifetime) == ("Engines", 30)
    assert (settings.username_enabled, settings.single_session_mode) == (True, False)
    assert settings.password_enabled
    assert browser.forms[0].fields["inactivity_timeout"] == "90"
    assert browser.forms[0].fields["inactivity_timeout_unit"] == "minute"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"application_name": " "}, "Give your application a name."),
        ({"max_lifetime": "seven"}, "Enter a whole number."),
        ({"max_lifetime": "-1"}, "Enter a whole number."),
        ({"max_lifetime": "\u0667"}, "Enter a whole number."),
        ({"max_lifetime": "0"}, "max_lifetime must be 1 or more."),
        ({"max_lifetime": ""}, "Keep the maximum lifetime or the inactivity timeout on."),
        ({"token_lifetime": ""}, "Enter a number of seconds or times."),
        ({"password_enabled": None, "email_code_enabled": None}, "Keep one way to sign in"),
    ],
    ids=str,
)
def test_refused_settings_change_nothing(
    browser: FormBrowser, values: dict[str, str], message: str
) -> None:
    before = browser.clerk.settings
    browser.visit("/dashboard/settings")
    answer = browser.send("Save settings", attempt_window="61", **values)
    assert answer.status_code == 422
    assert message in browser.text
    assert browser.forms[0].fields["attempt_window"] == "61"
    assert browser.clerk.settings == before


def test_organization_is_created(browser: FormBrowser) -> None:
    browser.visit("/dashboard/organizations")
    assert "2 members" in browser.text
    assert browser.send("Create organization", name="").status_code == 422
    answer = browser.send("Create organization", name="Other", slug="analytical-engines")
    assert answer.status_code == 422
    assert "That slug is taken." in browser.text
    browser.send("Create organization", name="Other", slug="other")
    assert browser.clerk.organizations.find("other") is not None
    assert "Nobody belongs to it yet." in browser.text
    browser.visit("/dashboard/organizations?query=nothing")
    assert "No organization fits." in browser.text


def test_organization_is_changed(browser: FormBrowser) -> None:
    engines = organization(browser.clerk)
    browser.clerk.organizations.create("Other", slug="other")
    browser.visit(f"/dashboard/organizations/{engines.id}")
    answer = browser.send("Save details", name="Engines", slug="other")
    assert answer.status_code == 422
    assert 'value="Engines"' in browser.text
    assert browser.send("Save details", name="").status_code == 422
    browser.send("Save details", name="Engines", slug="engines", features="a, b\na", plans="gold")
    changed = browser.clerk.organizations.get(engines.id)
    assert (changed.name, changed.slug) == ("Engines", "engines")
    assert (changed.features, changed.plans) == (("a", "b"), ("gold",))


def test_members_come_and_go(browser: FormBrowser, ada: User) -> None:
    clerk = browser.clerk
    engines = organization(clerk)
    alan, grace = person(clerk, ALAN), person(clerk, GRACE)
    browser.visit(f"/dashboard/organizations/{engines.id}")
    before = browser.forms
    browser.send("Add", user_id=alan.id, role="org:admin")
    assert role_of(browser, alan) == "org:admin"
    assert "Add a member" not in browser.text, "everybody belongs to it"
    browser.forms = [form for form in browser.forms if grace.id in form.action]
    browser.send("Save", role="org:admin")
    assert role_of(browser, grace) == "org:admin"
    browser.forms = [form for form in browser.forms if grace.id in form.action]
    browser.send("Remove")
    assert role_of(browser, grace) is None
    browser.forms = before
    assert browser.send("Add", user_id=alan.id, role="org:admin").status_code == 400
    assert "already a member" in browser.text


def test_organization_is_deleted(browser: FormBrowser) -> None:
    engines = organization(browser.clerk)
    browser.visit(f"/dashboard/organizations/{engines.id}")
    browser.send("Delete for good")
    assert browser.clerk.organizations.search() == []
    assert "No organizations yet." in browser.text


def test_roles_are_created_and_changed(browser: FormBrowser) -> None:
    browser.visit("/dashboard/roles")
    browser.send("Create role", key="org:accountant", permissions="org:invoices:manage")
    browser.send(
        "Save Accountant", name="Bookkeeper", permissions="org:invoices:read\norg:invoices:manage"
    )
    role = browser.clerk.organizations.role("accountant")
    assert role.name == "Bookkeeper"
    assert role.permissions == ("org:invoices:read", "org:invoices:manage")


@pytest.mark.parametrize(
    ("button", "values", "message"),
    [
        ("Create role", {"key": ""}, "Name the role"),
        ("Create role", {"key": "Accountant"}, "must look like org:accountant"),
        ("Create role", {"key": "org:x", "permissions": "all"}, "must look like org:invoices"),
        ("Save Member", {"permissions": "all"}, "must look like org:invoices:manage"),
    ],
)
def test_refused_role_keeps_what_was_typed(
    browser: FormBrowser, button: str, values: dict[str, str], message: str
) -> None:
    browser.visit("/dashboard/roles")
    assert browser.send(button, **values).status_code == 422
    assert message in browser.text
    form = next(form for form in browser.forms for text, _, _ in form.buttons if text == button)
    assert values.items() <= form.fields.items()
    assert browser.clerk.organizations.role("member").permissions != ("all",)


def test_template_is_created_changed_and_deleted(browser: FormBrowser) -> None:
    browser.visit("/dashboard/templates")
    assert "No templates yet" in browser.text
    browser.visit("/dashboard/templates/new")
    browser.send("Create template", name="api", claims='{"aud": "api"}', lifetime="120")
    assert "Created." in browser.text
    assert browser.clerk.templates.get("api").template.lifetime == 120
    browser.send("Save template", claims='{"aud": "other"}')
    assert browser.clerk.templates.get("api").template.claims == {"aud": "other"}
    assert claims_shown(browser)["aud"] == "other"
    browser.visit("/dashboard/templates")
    assert "good for 2 minutes" in browser.text
    template = browser.clerk.templates.get("api")
    browser.visit(f"/dashboard/templates/{template.id}")
    browser.send("Delete for good")
    assert browser.clerk.templates.search() == []


def test_preview_is_what_the_token_says(browser: FormBrowser, ada: User) -> None:
    clerk = browser.clerk
    engines = organization(clerk)
    claims = {"role": "{{user.public_metadata.role}}", "org": "{{org.slug}}", "n": "{{user.id}}"}
    browser.visit("/dashboard/templates/new")
    browser.send("Preview", name="api", claims=json.dumps(claims), person=f"{ada.id}:{engines.id}")
    shown = claims_shown(browser)
    clerk.templates.create({"name": "api", "claims": claims})
    session = clerk.sessions.create(ada.id, organization_id=engines.id)
    minted = read_token(clerk.minting.template_token(session, "api"))
    volatile = ("exp", "iat", "nbf", "jti")
    assert shown.keys() == minted.payload.keys()
    assert {k: v for k, v in shown.items() if k not in volatile} == {
        k: v for k, v in minted.payload.items() if k not in volatile
    }
    assert [template.name for template in clerk.templates.search()] == ["api"], "none was saved"


@pytest.mark.parametrize(
    ("values", "place", "message"),
    [
        ({"name": "a/b"}, "name", "can end a URL"),
        ({"lifetime": "1"}, "lifetime", "from 30 to 315360000"),
        ({"lifetime": ""}, "lifetime", "Enter a number of seconds."),
        ({"allowed_clock_skew": "301"}, "allowed_clock_skew", "from 0 to 300"),
        ({"claims": '{"sub": 1}'}, "claims", "reserved claim: sub"),
        ({"claims": '{"a": "{{user.id"}'}, "claims", "position"),
        ({"claims": "{"}, "claims", "Line 1"),
    ],
    ids=str,
)
@pytest.mark.parametrize("button", ["Create template", "Preview"])
def test_refused_template_says_where(
    browser: FormBrowser, values: dict[str, str], place: str, message: str, button: str
) -> None:
    browser.visit("/dashboard/templates/new")
    answer = browser.send(button, **{"name": "api", **values})
    assert answer.status_code == 422
    assert message in browser.text
    assert f'id="template-{place}-error"' in browser.text
    assert browser.clerk.templates.search() == []


def test_template_needs_a_name_to_be_saved_and_none_to_be_looked_at(
    browser: FormBrowser,
) -> None:
    browser.visit("/dashboard/templates/new")
    assert browser.send("Preview", claims='{"a": 1}').status_code == 200
    assert claims_shown(browser)["a"] == 1
    assert browser.send("Create template").status_code == 422
    assert "Name the template." in browser.text


def test_name_that_is_taken_is_refused(browser: FormBrowser) -> None:
    browser.clerk.templates.create({"name": "api", "claims": {}})
    browser.visit("/dashboard/templates/new")
    assert browser.send("Create template", name="api").status_code == 422
    assert "That name is taken." in browser.text


def test_preview_for_a_user_who_is_gone_says_so(browser: FormBrowser, ada: User) -> None:
    browser.visit("/dashboard/templates/new")
    template = browser.forms
    browser.clerk.users.delete(ada.id)
    browser.forms = template
    assert browser.send("Preview", name="api", person=f"{ada.id}:").status_code == 404
    browser.visit("/dashboard/session-token")
    assert browser.send("Preview", person=f"{ada.id}:").status_code == 404
    assert "No user exists" in browser.text


def test_session_token_is_customised(browser: FormBrowser, ada: User) -> None:
    claims = {"role": "{{user.public_metadata.role}}"}
    browser.visit("/dashboard/session-token")
    browser.send("Preview", claims=json.dumps(claims), person=f"{ada.id}:")
    assert browser.clerk.settings.session_token_claims == {}
    shown = claims_shown(browser)
    assert shown["role"] == "admin"
    browser.send("Save claims")
    assert browser.clerk.settings.session_token_claims == claims
    minted = browser.clerk.minting.session_token(browser.clerk.sessions.create(ada.id))
    assert read_token(minted).payload.keys() == shown.keys()


@pytest.mark.parametrize(
    ("claims", "message"),
    [('{"sid": 1}', "reserved claim: sid"), ("[]", "must be a JSON object")],
)
@pytest.mark.parametrize("button", ["Save claims", "Preview"])
def test_refused_session_token_changes_nothing(
    browser: FormBrowser, claims: str, message: str, button: str
) -> None:
    browser.visit("/dashboard/session-token")
    assert browser.send(button, claims=claims).status_code == 422
    assert message in browser.text
    assert browser.clerk.settings.session_token_claims == {}


def test_size_is_held_against_both_limits(browser: FormBrowser) -> None:
    browser.visit("/dashboard/session-token")
    browser.send("Preview", claims=json.dumps({"a": "x" * 1000}))
    assert "1,008 of 1,200 bytes" in browser.text
    assert "is-near" in browser.text
    assert "too large" not in browser.text
    browser.send("Preview", claims=json.dumps({"a": "x" * 4000}))
    assert browser.text.count("too large") == 2
    (size,) = re.findall(r"([\d,]+) of 4,096 bytes . too large", browser.text)
    assert int(size.replace(",", "")) > 5300


def test_outbox_shows_emails_and_signed_webhooks(browser: FormBrowser, session: Session) -> None:
    box = browser.clerk.outbox
    box.emit_code(ADA, "123456", "sign in to")
    box.emit_code(GRACE, "654321", "sign in to")
    browser.visit(f"/dashboard/outbox?to={ADA.replace('+', '%2B')}")
    assert "123456" in browser.text
    assert "654321" not in browser.text
    event = box.events("session.created")[0]
    assert html.escape(event.headers["svix-signature"]) in html.unescape(browser.text)
    assert event.body in html.unescape(browser.text)
    browser.visit("/dashboard/outbox?topic=user.created")
    assert event.id not in browser.text
    browser.send("Clear")
    assert box.emails() == box.events() == []
    assert "No webhooks yet" in browser.text


def test_log_says_what_was_answered_to_whom_and_why(
    clerk: LocalClerk, browser: FormBrowser, ada: User
) -> None:
    for path, status, answer, reason, user_id in (
        ("/first", "signed-out", 401, "session-token-and-uat-missing", None),
        ("/<second>", "handshake", 307, "dev-browser-missing", None),
        ("/third", "signed-in", 403, None, ada.id),
        ("/fourth", "signed-in", 200, None, "user_gone"),
    ):
        clerk.log.append(
            AuthenticationLogEntry(
                at=clerk.now,
                method="GET",
                path=path,
                status=status,
                answer=answer,
                reason=reason,
                user_id=user_id,
            )
        )
    browser.visit("/dashboard/log")
    _, *rows = re.findall(r"<tr>(.*?)</tr>", browser.text, re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows] == [
        "just now GET /fourth signed-in user_gone 200",
        "just now GET /third signed-in Ada Lovelace 403",
        "just now GET /&lt;second&gt; handshake dev-browser-missing \N{EN DASH} 307",
        "just now GET /first signed-out session-token-and-uat-missing \N{EN DASH} 401",
    ]


def test_secret_keys_wait_behind_a_click(browser: FormBrowser) -> None:
    clerk = browser.clerk
    browser.visit("/dashboard/keys")
    outside = re.sub(r'<details class="secret">.*?</details>', "", browser.text, flags=re.DOTALL)
    assert clerk.publishable_key.value in outside
    assert clerk.secret_key.value in browser.text
    assert clerk.secret_key.value not in outside
    assert clerk.state.webhook_secret not in outside
    assert "http://localhost/__clerk/api" in browser.text
    assert "PRIVATE" not in browser.text


@pytest.mark.parametrize(("keeps", "kept"), [("on", 2), (None, 1)])
def test_keys_are_rotated(browser: FormBrowser, keeps: str, kept: int) -> None:
    before = browser.clerk.signing_key.kid
    browser.visit("/dashboard/keys")
    browser.send("Rotate", keep_old=keeps)
    assert browser.clerk.signing_key.kid != before
    assert len(browser.clerk.jwks()["keys"]) == kept
