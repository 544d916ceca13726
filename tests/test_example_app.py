"""The example application, signed in by its local Clerk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

import example_app
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import load_seed
from flask_clerk.local import seed
from flask_clerk.testing import ClerkKeys
from flask_clerk.testing import LocalClient

ADA, GRACE, ALAN = (f"{name}+clerk_test@example.com" for name in ("ada", "grace", "alan"))
SEED = Path(example_app.__file__).parent / "clerk/seed.json"
ORGANIZATION = "/organizations/analytical-engines"
PAGE = {"Accept": "text/html"}


@pytest.fixture
def app(clerk_keys: ClerkKeys) -> Flask:
    local = LocalClerk(MemoryStore(), key=clerk_keys.key, password_method="pbkdf2:sha256:1")
    seed(local, load_seed(SEED))
    seed(local, {"session_token": load_seed(SEED.with_name("session_token.json"))})
    return example_app.create_app({"CLERK_LOCAL": local, "TESTING": True})


@pytest.mark.parametrize("path", ["/profile", "/admin", ORGANIZATION])
def test_strangers_are_sent_to_sign_in(clerk_client: LocalClient, path: str) -> None:
    clerk_client.hold("__clerk_db_jwt", "dvb_1")

    answer = clerk_client.get(path, headers=PAGE)

    assert answer.status_code == 302
    assert answer.location.startswith("http://localhost/__clerk/sign-in?redirect_url=")


def test_everybody_may_see_the_first_page(clerk_client: LocalClient) -> None:
    assert "Engines that weave" in clerk_client.get("/").text

    clerk_client.sign_in(ALAN)
    assert "Hello, Alan Turing." in clerk_client.get("/").text


@pytest.mark.parametrize(
    ("email", "path", "status"),
    [
        (ADA, "/profile", 200),
        (ADA, "/admin", 200),
        (ADA, ORGANIZATION, 200),
        (GRACE, "/profile", 200),
        (GRACE, "/admin", 403),
        (GRACE, ORGANIZATION, 403),
        (ALAN, "/profile", 200),
        (ALAN, "/admin", 403),
    ],
)
def test_pages_know_whom_they_are_for(
    clerk_client: LocalClient, email: str, path: str, status: int
) -> None:
    clerk_client.sign_in(email, organization=None if email == ALAN else "analytical-engines")

    assert clerk_client.get(path).status_code == status


def test_an_organization_of_that_name_must_be_active(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(ADA, organization="analytical-engines")

    assert clerk_client.get("/organizations/another").status_code == 404


def test_a_refusal_is_a_page_of_the_apps_own_that_says_what_to_do(
    clerk_client: LocalClient,
) -> None:
    clerk_client.sign_in(GRACE)
    grace = clerk_client.local.users.find(GRACE)
    assert grace is not None

    page = clerk_client.get("/admin").text

    assert "This page is not for you." in page
    assert f'href="/__clerk/dashboard/users/{grace.id}"' in page
    assert clerk_client.get(f"/__clerk/dashboard/users/{grace.id}").status_code == 200


def test_without_a_local_clerk_no_page_speaks_of_one(clerk_settings: dict[str, str]) -> None:
    visitor = example_app.create_app({**clerk_settings, "TESTING": True}).test_client()

    page = visitor.get("/").text

    assert "An example application for flask_clerk." in page
    assert "__clerk/" not in page


def test_a_page_that_is_not_there_is_one_of_the_apps_own(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(ALAN)

    answer = clerk_client.get("/nowhere", headers=PAGE)

    assert answer.status_code == 404
    assert "There is nothing here." in answer.text
    assert "Sign out" in answer.text


def test_a_role_given_in_the_dashboard_arrives_with_the_next_token(
    clerk_client: LocalClient,
) -> None:
    clerk_client.sign_in(GRACE)
    local = clerk_client.local
    grace = local.users.find(GRACE)
    assert grace is not None
    local.users.merge_metadata(grace.id, public_metadata={"role": "admin"})
    assert clerk_client.get("/admin").status_code == 403

    local.clock.advance(seconds=61 + 5)

    assert clerk_client.get("/admin").status_code == 200


def test_the_api_answers_in_json(clerk_client: LocalClient) -> None:
    clerk_client.hold("__clerk_db_jwt", "dvb_1")
    assert clerk_client.get("/api/me").status_code == 401
    assert clerk_client.get("/api/me", headers=PAGE).status_code == 401, "it sends nobody away"

    clerk_client.sign_in(ADA, organization="analytical-engines")
    answer = json.loads(clerk_client.get("/api/me").text)
    assert answer["claims"]["fullName"] == "Ada Lovelace"


def test_deleting_asks_for_permission(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(GRACE, organization="analytical-engines")
    assert clerk_client.delete("/api/invoices/inv_1843").status_code == 403

    clerk_client.sign_in(ADA, organization="analytical-engines")
    assert clerk_client.delete("/api/invoices/inv_1843").status_code == 204


def test_deleting_asks_for_a_fresh_verification(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(ADA, organization="analytical-engines")
    clerk_client.local.clock.advance(seconds=11 * 60)
    clerk_client.get("/profile")  # a GET renews the token; a DELETE is never renewed

    answer = clerk_client.delete("/api/invoices/inv_1843")

    assert answer.status_code == 403
    assert answer.get_json()["clerk_error"]["reason"] == "reverification-error"
