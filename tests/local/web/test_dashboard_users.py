"""Users and sessions in the dashboard."""

from __future__ import annotations

import html
import re

import pytest

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.form_browser import ORIGIN
from tests.local.form_browser import FormBrowser
from tests.local.instances import ADA
from tests.local.instances import GRACE
from tests.local.instances import person


@pytest.fixture
def page(browser: FormBrowser, ada: User) -> FormBrowser:
    """Return a browser on Ada's page."""
    browser.visit(f"/dashboard/users/{ada.id}")
    return browser


def test_users_are_listed_and_searched(browser: FormBrowser) -> None:
    browser.visit("/dashboard/users")
    assert "Ada Lovelace" in browser.text
    assert "Grace Hopper" in browser.text
    browser.visit("/dashboard/users?query=HOPPER")
    assert "Ada Lovelace" not in browser.text
    browser.visit("/dashboard/users?query=nobody")
    assert "Nobody fits" in browser.text


def test_long_list_says_that_it_is_cut(
    browser: FormBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_clerk.local.web.dashboard.users.SHOWN", 2)
    browser.visit("/dashboard/users")
    assert "2 of 3" in browser.text


def test_user_is_created(browser: FormBrowser) -> None:
    browser.visit("/dashboard/users/new")
    browser.send(
        "Create user", email_address="Mary@example.com", password="difference", first_name="Mary"
    )
    assert "Created." in browser.text
    mary = person(browser.clerk, "mary@example.com")
    assert browser.clerk.users.has_password(mary, "difference")
    assert mary.first_name == "Mary"


def test_user_of_a_username_alone_is_created(browser: FormBrowser) -> None:
    browser.visit("/dashboard/users/new")
    browser.send("Create user", username="countess")
    assert person(browser.clerk, "countess").email_addresses == ()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "Enter an email address, or a username."),
        ({"email_address": ADA}, "That email address is taken."),
        ({"email_address": "m@example.com", "password": "short"}, "8 characters or more."),
        ({"username": "x"}, "A username has 4 to 64 letters"),
    ],
)
def test_refused_user_keeps_what_was_typed(
    browser: FormBrowser, values: dict[str, str], message: str
) -> None:
    browser.visit("/dashboard/users/new")
    assert browser.send("Create user", last_name="<Somerville>", **values).status_code == 422
    assert message in browser.text
    assert "&lt;Somerville&gt;" in browser.text


def test_unknown_user_is_not_found(browser: FormBrowser) -> None:
    assert browser.visit("/dashboard/users/user_nobody").status_code == 404
    assert "User not found" in browser.text


def test_profile_is_changed(page: FormBrowser, ada: User) -> None:
    page.send("Save profile", first_name="Augusta", username="countess")
    assert "Saved." in page.text
    user = page.clerk.users.get(ada.id)
    assert (user.first_name, user.username) == ("Augusta", "countess")


def test_profile_that_is_refused_stays_typed(page: FormBrowser) -> None:
    assert page.send("Save profile", first_name="Augusta", username="x").status_code == 422
    assert 'value="Augusta"' in page.text
    assert 'id="profile-username-error"' in page.text


def test_metadata_is_replaced(page: FormBrowser, ada: User) -> None:
    page.send(
        "Save metadata",
        public_metadata='{"role": "analyst", "é": [1, 2.5, null, true]}',
        private_metadata="",
        unsafe_metadata='{"theme": "dark"}',
    )
    user = page.clerk.users.get(ada.id)
    assert user.public_metadata == {"role": "analyst", "é": [1, 2.5, None, True]}
    assert user.private_metadata == {}
    assert user.unsafe_metadata == {"theme": "dark"}
    assert html.escape('"role": "analyst"', quote=True).replace("&quot;", "&#34;") in page.text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ('{"role": "admin",}', "Line 1, column 18"),
        ("[1]", "This must be a JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": ' + "[" * 100_000 + "}", "nested too deep"),
    ],
)
def test_metadata_that_is_not_an_object_is_told_and_kept(
    page: FormBrowser, ada: User, typed: str, message: str
) -> None:
    answer = page.send("Save metadata", public_metadata=typed, unsafe_metadata='{"theme": 1}')
    assert answer.status_code == 422
    assert message in page.text
    fields = page.forms[1].fields
    assert html.unescape(fields["public_metadata"]) == typed
    assert html.unescape(fields["unsafe_metadata"]) == '{"theme": 1}'
    assert page.clerk.users.get(ada.id).unsafe_metadata == {}
    assert 'aria-invalid="true" aria-describedby="metadata-public_metadata-error' in page.text


def test_password_is_reset(page: FormBrowser, ada: User) -> None:
    assert page.send("Set password", password="").status_code == 422
    assert page.send("Set password", password="short").status_code == 422
    page.send("Set password", password="difference")
    assert "The password is set." in page.text
    assert page.clerk.users.has_password(page.clerk.users.get(ada.id), "difference")


def test_ban_and_its_end(page: FormBrowser, ada: User, session: Session) -> None:
    page.send("Ban")
    assert page.clerk.users.get(ada.id).is_banned
    assert page.clerk.sessions.get(session.id).status == "revoked"
    page.send("Lift the ban")
    assert not page.clerk.users.get(ada.id).is_banned


def test_deletion(page: FormBrowser, ada: User) -> None:
    page.send("Delete for good")
    assert page.path == "/dashboard/users?done=deleted"
    assert page.clerk.users.find(ADA) is None


def test_impersonation_link_is_seen_once_and_works(page: FormBrowser, ada: User) -> None:
    grace = person(page.clerk, GRACE)
    page.send("Make a link", actor=grace.id)
    (link,) = re.findall(r'href="([^"]+__clerk_ticket=[^"]+)"', page.text)
    assert link.startswith(f"{ORIGIN}/__clerk/sign-in?")
    page.visit(html.unescape(link))
    page.send("Sign in")
    (session,) = page.clerk.sessions.search(user_id=ada.id)
    assert session.actor == {"sub": grace.id}


def test_every_session_of_a_user_is_revoked(page: FormBrowser, ada: User) -> None:
    for _ in range(2):
        page.clerk.sessions.create(ada.id)
    page.visit(f"/dashboard/users/{ada.id}")
    page.send("Revoke all")
    assert {each.status for each in page.clerk.sessions.search()} == {"revoked"}
    assert page.path == f"/dashboard/users/{ada.id}?done=revoked"


def test_one_session_is_revoked_on_the_page_of_its_user(
    browser: FormBrowser, ada: User, session: Session
) -> None:
    browser.visit(f"/dashboard/users/{ada.id}")
    browser.forms = [form for form in browser.forms if session.id in form.action]
    browser.send("Revoke")
    assert browser.path == f"/dashboard/users/{ada.id}?done=revoked"
    assert browser.clerk.sessions.get(session.id).status == "revoked"


def test_sessions_are_listed_by_status(
    clerk: LocalClerk, browser: FormBrowser, session: Session
) -> None:
    grace = person(clerk, GRACE)
    clerk.sessions.revoke(clerk.sessions.create(grace.id, actor={"sub": "user_x"}).id)
    browser.visit("/dashboard/sessions")
    assert "Ada Lovelace" in browser.text
    assert "impersonated" in browser.text
    browser.visit("/dashboard/sessions?status=revoked")
    assert "Ada Lovelace" not in browser.text
    assert "Revoke</button>" not in browser.text
    browser.visit("/dashboard/sessions?status=expired")
    assert "No sessions." in browser.text


def test_session_is_revoked_in_the_list(browser: FormBrowser, session: Session) -> None:
    browser.visit("/dashboard/sessions")
    browser.forms = [form for form in browser.forms if session.id in form.action]
    browser.send("Revoke")
    assert browser.path == "/dashboard/sessions?done=revoked"
    assert browser.clerk.sessions.get(session.id).status == "revoked"


def test_all_sessions_are_revoked(
    clerk: LocalClerk, browser: FormBrowser, session: Session
) -> None:
    clerk.sessions.end(session.id)
    clerk.sessions.create(person(clerk, GRACE).id)
    browser.visit("/dashboard/sessions")
    browser.send("Revoke all")
    assert [each.status for each in clerk.sessions.search()] == ["revoked", "ended"]


def test_session_of_a_deleted_user_is_still_listed(
    clerk: LocalClerk, browser: FormBrowser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clerk.store.transaction() as tx:
        tx.delete(clerk.users.get(session.user_id))
    browser.visit("/dashboard/sessions")
    assert session.user_id in browser.text
