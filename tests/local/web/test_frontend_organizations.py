"""Organizations over the Frontend API."""

from __future__ import annotations

import pytest

from tests.local.frontend_caller import Page
from tests.local.instances import ALAN
from tests.local.instances import GRACE

SLUG = "analytical-engines"
ONE = f"/v1/organizations/{SLUG}"


def page_of(page: Page, email: str) -> Page:
    """Return another browser, in which somebody else is signed in."""
    other = Page(page.clerk)
    other.open()
    other.sign_in(email)
    return other


@pytest.fixture(autouse=True)
def _signed_in(page: Page) -> None:
    page.sign_in()


def test_memberships_come_in_pages_or_in_a_list(page: Page) -> None:
    path = "/v1/me/organization_memberships"
    found = page.ask("GET", path, paginated="true", limit=10, offset=0)["response"]
    assert found["total_count"] == 1
    assert found["data"][0]["organization"]["slug"] == SLUG
    assert found["data"][0]["role"] == "org:admin"
    assert len(page.ask("GET", path)["response"]) == 1
    beyond = page.ask("GET", path, paginated="true", offset=1)["response"]
    assert beyond == {"data": [], "total_count": 1}
    assert page.refused("GET", path, offset=-1) == (422, "form_param_value_invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/me/organization_invitations",
        "/v1/me/organization_suggestions",
        f"{ONE}/domains",
        f"{ONE}/invitations",
        f"{ONE}/membership_requests",
    ],
)
def test_nobody_is_invited(page: Page, path: str) -> None:
    assert page.ask("GET", path)["response"] == {"data": [], "total_count": 0}


def test_whoever_creates_an_organization_is_its_admin(page: Page) -> None:
    created = page.ask("POST", "/v1/organizations", {"name": "Difference Engines"})
    assert created["response"]["slug"] == "difference-engines"
    user = created["client"]["sessions"][0]["user"]
    roles = {
        each["organization"]["slug"]: each["role"] for each in user["organization_memberships"]
    }
    assert roles["difference-engines"] == "org:admin"


def test_organizations_can_be_off(page: Page) -> None:
    page.clerk.update_settings(organizations_enabled=False)
    refused = page.refused("POST", "/v1/organizations", {"name": "Difference Engines"})
    assert refused == (403, "organization_not_enabled_in_instance")


def test_admin_changes_and_deletes_an_organization(page: Page) -> None:
    changed = page.ask("PATCH", ONE, {"name": "Engines", "slug": "engines"})["response"]
    assert (changed["name"], changed["slug"]) == ("Engines", "engines")
    assert page.ask("GET", "/v1/organizations/engines")["response"]["id"] == changed["id"]
    page.clerk.organizations.update(changed["id"], is_admin_delete_enabled=False)
    refused = page.refused("DELETE", "/v1/organizations/engines")
    assert refused == (403, "resource_forbidden")
    page.clerk.organizations.update(changed["id"], is_admin_delete_enabled=True)
    assert page.ask("DELETE", "/v1/organizations/engines")["response"]["deleted"] is True


def test_member_reads_and_changes_nothing(page: Page) -> None:
    grace = page_of(page, GRACE)
    assert grace.ask("GET", f"{ONE}/memberships")["response"]["total_count"] == 2
    assert {each["key"] for each in grace.ask("GET", f"{ONE}/roles")["response"]["data"]} == {
        "org:admin",
        "org:member",
    }
    forbidden = (403, "resource_forbidden")
    user_id = page.clerk.users.find(GRACE).id
    assert grace.refused("PATCH", ONE, {"name": "Mine"}) == forbidden
    assert grace.refused("DELETE", ONE) == forbidden
    admin = {"role": "org:admin"}
    assert grace.refused("PATCH", f"{ONE}/memberships/{user_id}", admin) == forbidden


def test_stranger_does_not_learn_that_an_organization_exists(page: Page) -> None:
    alan = page_of(page, ALAN)
    hidden = (404, "organization_not_found_or_unauthorized")
    assert alan.refused("GET", ONE) == hidden
    assert alan.refused("GET", "/v1/organizations/none") == hidden


def test_admin_adds_promotes_finds_and_removes_members(page: Page) -> None:
    path = f"{ONE}/memberships"
    user_id = page.clerk.users.find(ALAN).id
    page.ask("POST", path, {"user_id": user_id, "role": "org:member"})
    page.ask("PATCH", f"{path}/{user_id}", {"role": "org:admin"})
    admins = page.ask("GET", path, None, **{"role[]": "org:admin"})["response"]
    assert admins["total_count"] == 2
    found = page.ask("GET", path, query="turing")["response"]["data"]
    assert [each["public_user_data"]["user_id"] for each in found] == [user_id]
    removed = page.ask("DELETE", f"{path}/{user_id}")
    assert removed["response"]["public_user_data"]["user_id"] == user_id


def test_member_leaves(page: Page) -> None:
    grace = page_of(page, GRACE)
    organization = page.clerk.organizations.get(SLUG)
    grace.ask("DELETE", f"/v1/me/organization_memberships/{organization.id}")
    assert grace.ask("GET", "/v1/me/organization_memberships")["response"] == []
