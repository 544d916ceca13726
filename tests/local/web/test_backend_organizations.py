"""Organizations and memberships over the Backend API."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Organization
from flask_clerk.local.model import User
from tests.local.backend_caller import Caller
from tests.local.instances import ALAN
from tests.local.instances import GRACE


@pytest.fixture
def engines(clerk: LocalClerk) -> Organization:
    return clerk.organizations.get("analytical-engines")


@pytest.fixture
def alan(clerk: LocalClerk) -> User:
    user = clerk.users.find(ALAN)
    assert user is not None
    return user


def slugs(backend: Caller, **query: Any) -> list[str]:
    answer = backend("GET", "/organizations", **query)
    assert answer["total_count"] >= len(answer["data"])
    return [each["slug"] for each in answer["data"]]


def members(backend: Caller, organization: Organization, **query: Any) -> list[str]:
    answer = backend("GET", f"/organizations/{organization.id}/memberships", **query)
    return [each["public_user_data"]["first_name"] for each in answer["data"]]


def test_a_created_organization_is_got_by_id_and_slug(
    backend: Caller, clerk: LocalClerk, ada: User
) -> None:
    created = backend(
        "POST",
        "/organizations",
        {
            "name": "Difference Engines",
            "created_by": ada.id,
            "slug": None,
            "max_allowed_memberships": 5,
            "private_metadata": {"plan": 1},
        },
    )
    assert (created["slug"], created["created_by"]) == ("difference-engines", ada.id)
    assert (created["max_allowed_memberships"], created["private_metadata"]) == (5, {"plan": 1})
    for key in (created["id"], created["slug"]):
        assert backend("GET", f"/organizations/{key}") == created
    deleted = backend("DELETE", f"/organizations/{created['id']}")
    assert deleted == {
        "object": "organization", "id": created["id"], "deleted": True,
        "slug": "difference-engines",
    }  # fmt: skip
    backend("GET", f"/organizations/{created['id']}", status=404)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, ("form_param_missing", "name")),
        ({"name": "A", "slug": "analytical-engines"}, ("form_identifier_exists", "slug")),
        (
            {"name": "A", "max_allowed_memberships": -1},
            ("form_param_value_invalid", "max_allowed_memberships"),
        ),
        ({"name": "A", "colour": "red"}, ("form_param_unknown", "colour")),
    ],
)
def test_an_organization_that_cannot_be_is_refused(
    backend: Caller, body: object, refusal: tuple[str, str]
) -> None:
    assert backend.refused("POST", "/organizations", body, status=422) == refusal


def test_organizations_are_listed_filtered_and_ordered(
    backend: Caller, clerk: LocalClerk, ada: User, alan: User, engines: Organization
) -> None:
    for name, creator in (("Bletchley", alan.id), ("Colossus", None)):
        clerk.clock.advance(1)
        clerk.organizations.create(name, created_by=creator)
    assert slugs(backend) == ["colossus", "bletchley", "analytical-engines"]
    assert slugs(backend, limit=1, offset=1) == ["bletchley"]
    assert slugs(backend, order_by="name")[0] == "analytical-engines"
    assert slugs(backend, order_by="-members_count")[0] == "analytical-engines"
    refused = backend.refused("GET", "/organizations", status=422, order_by="colour")
    assert refused == ("form_param_value_invalid", "order_by")
    assert slugs(backend, query="BLETCH") == ["bletchley"]
    assert slugs(backend, user_id=ada.id) == ["analytical-engines"]
    assert slugs(backend, user_id=f"-{ada.id}") == ["colossus", "bletchley"]
    assert slugs(backend, organization_id=engines.id) == ["analytical-engines"]
    assert slugs(backend, organization_id=f"-{engines.id}") == ["colossus", "bletchley"]


def test_an_organization_changes(backend: Caller, engines: Organization) -> None:
    path = f"/organizations/{engines.id}"
    changes = {"name": "Engines", "slug": "engines", "admin_delete_enabled": False}
    changed = backend("PATCH", path, changes)
    assert {name: changed[name] for name in changes} == changes
    assert backend("PATCH", path, {"name": None})["name"] == "Engines"
    metadata = {"public_metadata": {"a": 1}}
    assert backend.refused("PATCH", path, metadata, status=422)[0] == "form_param_unknown"
    assert backend("PATCH", path, metadata, version="2025-11-10")["public_metadata"] == {"a": 1}
    merged = backend("PATCH", f"{path}/metadata", {"public_metadata": {"a": None, "b": 2}})
    assert merged["public_metadata"] == {"b": 2}
    replaced = backend("PUT", f"{path}/metadata", {"private_metadata": {"c": 3}})
    assert (replaced["public_metadata"], replaced["private_metadata"]) == ({"b": 2}, {"c": 3})


def test_members_come_change_and_go(backend: Caller, engines: Organization, alan: User) -> None:
    path = f"/organizations/{engines.id}/memberships"
    body = {"user_id": alan.id, "role": "org:member", "private_metadata": {"seat": 1}}
    created = backend("POST", path, body)
    assert (created["role"], created["private_metadata"]) == ("org:member", {"seat": 1})
    assert created["organization"]["members_count"] == 3
    assert backend.refused("POST", path, body, status=400)[0] == "already_a_member_in_organization"
    changed = backend("PATCH", f"{path}/{alan.id}", {"role": "org:admin"})
    assert changed["role"] == "org:admin"
    refused = backend.refused("PATCH", f"{path}/{alan.id}", {"role": "org:king"}, status=404)
    assert refused[0] == "resource_not_found"
    metadata = {"public_metadata": {"desk": 4}}
    assert backend("PATCH", f"{path}/{alan.id}/metadata", metadata)["public_metadata"] == {
        "desk": 4
    }
    assert backend("DELETE", f"{path}/{alan.id}")["public_user_data"]["user_id"] == alan.id
    backend("DELETE", f"{path}/{alan.id}", status=404)


def test_members_are_filtered_and_ordered(
    backend: Caller, clerk: LocalClerk, engines: Organization, ada: User, alan: User
) -> None:
    clerk.clock.advance(1)
    clerk.organizations.add_member(engines.id, alan.id)
    assert members(backend, engines)[0] == "Alan"
    assert members(backend, engines, limit=1, offset=3) == []
    assert members(backend, engines, order_by="first_name") == ["Ada", "Alan", "Grace"]
    assert members(backend, engines, order_by="-email_address")[0] == "Grace"
    assert members(backend, engines, role="org:admin") == ["Ada"]
    assert members(backend, engines, user_id=ada.id) == ["Ada"]
    assert set(members(backend, engines, user_id=f"-{ada.id}")) == {"Alan", "Grace"}
    assert members(backend, engines, email_address=GRACE) == ["Grace"]
    assert members(backend, engines, query="turing") == ["Alan"]
    assert members(backend, engines, username="nobody") == []
    backend("GET", "/organizations/org_none/memberships", status=404)


def test_all_memberships_of_the_instance(backend: Caller, clerk: LocalClerk, alan: User) -> None:
    clerk.clock.advance(1)
    clerk.organizations.create("Bletchley", created_by=alan.id)
    answer = backend("GET", "/organization_memberships", limit=1)
    assert answer["total_count"] == 3
    assert answer["data"][0]["public_user_data"]["user_id"] == alan.id
