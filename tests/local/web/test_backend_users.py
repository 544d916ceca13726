"""Users and their email addresses over the Backend API."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.backend_caller import Caller
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import GRACE

NAMES = {"Ada": ADA, "Grace": GRACE, "Alan": ALAN}


def found(backend: Caller, **query: Any) -> list[str]:
    """Return the first names of the users who fit; the count must agree."""
    users = backend("GET", "/users", **query)
    if not {"limit", "offset", "starting_after"} & set(query):
        assert backend("GET", "/users/count", **query) == {
            "object": "total_count",
            "total_count": len(users),
        }
    return [user["first_name"] for user in users]


def spread(clerk: LocalClerk) -> dict[str, User]:
    """Create three users a second apart."""
    users = {}
    for name in ("Barbara", "Edsger", "Donald"):
        clerk.clock.advance(1)
        users[name] = clerk.users.create(
            email_addresses=[f"{name}@example.com"],
            first_name=name,
            username=name.lower(),
            external_id=f"ext_{name}",
        )
    return users


def test_users_are_listed_newest_first_a_page_at_a_time(backend: Caller, clerk: LocalClerk) -> None:
    spread(clerk)
    assert found(backend, query="example.com", limit=3) == ["Donald", "Edsger", "Barbara"]
    assert found(backend, limit=2, offset=1) == ["Edsger", "Barbara"]
    assert found(backend, limit="2.0", offset="0.0") == ["Donald", "Edsger"]
    assert found(backend, offset=6) == []
    assert found(backend, order_by="created_at", limit=6)[-1] == "Donald"
    assert found(backend, order_by="+username", username_query="a") == ["Barbara", "Donald"]
    assert found(backend, order_by="-first_name", limit=1) == ["Grace"]


def test_a_cursor_walks_the_list(backend: Caller, clerk: LocalClerk) -> None:
    users = spread(clerk)
    assert found(backend, starting_after=users["Donald"].id, limit=1) == ["Edsger"]
    assert found(backend, starting_after=users["Barbara"].id, order_by="created_at") == [
        "Edsger", "Donald",
    ]  # fmt: skip
    last = backend("GET", "/users", limit=500)[-1]["id"]
    assert found(backend, starting_after=last) == []
    for options in ({"offset": 1}, {"order_by": "username"}):
        refused = backend.refused(
            "GET", "/users", status=422, starting_after=users["Donald"].id, **options
        )
        assert refused == ("form_param_value_invalid", next(iter(options)))
    refused = backend.refused("GET", "/users", status=404, starting_after="user_nobody")
    assert refused == ("resource_not_found", None)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"email_address": "BARBARA@example.com"}, {"Barbara"}),
        ({"email_address": ["barbara@example.com", "donald@example.com"]}, {"Barbara", "Donald"}),
        ({"username": ["edsger", "nobody"]}, {"Edsger"}),
        ({"external_id": "ext_Donald"}, {"Donald"}),
        ({"external_id": "+ext_Donald"}, {"Donald"}),
        ({"external_id": "-ext_Donald"}, {"Ada", "Grace", "Alan", "Barbara", "Edsger"}),
        ({"email_address_query": "EDSGER@"}, {"Edsger"}),
        ({"username_query": "ARB"}, {"Barbara"}),
        ({"name_query": "love"}, {"Ada"}),
        ({"query": "nald"}, {"Donald"}),
        ({"query": "nald", "username_query": "b"}, set()),
        ({"phone_number": "+15555550100"}, set()),
        ({"web3_wallet": "0x1"}, set()),
        ({"banned": "true"}, {"Edsger"}),
        ({"banned": "false", "username_query": "d"}, {"Donald"}),
    ],
)
def test_filters(
    backend: Caller, clerk: LocalClerk, query: dict[str, Any], names: set[str]
) -> None:
    users = spread(clerk)
    clerk.users.set_banned(users["Edsger"].id, True)
    assert set(found(backend, **query)) == names


def test_filters_by_id_and_organization_include_and_exclude(
    backend: Caller, clerk: LocalClerk, ada: User
) -> None:
    organization = clerk.organizations.get("analytical-engines")
    assert found(backend, user_id=ada.id) == ["Ada"]
    assert set(found(backend, user_id=f"-{ada.id}")) == {"Grace", "Alan"}
    assert set(found(backend, organization_id=organization.id)) == {"Ada", "Grace"}
    assert found(backend, organization_id=f"-{organization.id}") == ["Alan"]
    assert found(backend, organization_id=[f"+{organization.id}"], user_id=f"-{ada.id}") == [
        "Grace"
    ]


def test_filters_by_time(backend: Caller, clerk: LocalClerk, ada: User) -> None:
    users = spread(clerk)
    between = {
        "created_at_after": users["Barbara"].created_at,
        "created_at_before": users["Donald"].created_at,
    }
    assert found(backend, **between) == ["Edsger"]
    clerk.sessions.create(ada.id)
    assert found(backend, last_sign_in_at_after=ada.created_at) == ["Ada"]
    assert found(backend, last_active_at_before=clerk.now + 1) == ["Ada"]


def test_a_created_user_can_be_got_and_deleted(backend: Caller, clerk: LocalClerk) -> None:
    created = backend(
        "POST",
        "/users",
        {
            "email_address": ["Barbara@Example.com", "b@example.com"],
            "password": "abstract-data-types",
            "first_name": "Barbara",
            "last_name": None,
            "external_id": "17",
            "skip_password_checks": True,
            "public_metadata": {"role": "professor"},
            "private_metadata": {"salary": 1},
        },
    )
    assert created["email_addresses"][0]["email_address"] == "barbara@example.com"
    assert created["email_addresses"][0]["verification"]["status"] == "verified"
    assert created["primary_email_address_id"] == created["email_addresses"][0]["id"]
    assert created["private_metadata"] == {"salary": 1}
    assert created["password_enabled"]
    path = f"/users/{created['id']}"
    assert backend("GET", path) == created
    deleted = backend("DELETE", path)
    assert deleted == {
        "object": "user", "id": created["id"], "deleted": True, "external_id": "17",
    }  # fmt: skip
    for method in ("GET", "PATCH", "DELETE"):
        assert backend.refused(method, path, status=404) == ("resource_not_found", None)


def test_a_user_may_be_created_banned(backend: Caller, clerk: LocalClerk) -> None:
    user = backend("POST", "/users", {"username": "mallory", "banned": True})
    assert user["banned"]
    assert "external_id" not in backend("DELETE", f"/users/{user['id']}")


def test_an_identifier_that_is_taken_is_refused(backend: Caller) -> None:
    refused = backend.refused("POST", "/users", {"email_address": [ADA]}, status=422)
    assert refused == ("form_identifier_exists", "email_address")


def test_an_update_changes_what_is_given(
    backend: Caller, clerk: LocalClerk, ada: User, session: Session
) -> None:
    path = f"/users/{ada.id}"
    user = backend("PATCH", path, {"first_name": "Augusta", "username": "countess"})
    assert (user["first_name"], user["last_name"]) == ("Augusta", "Lovelace")
    assert backend("PATCH", path, {"username": ""})["username"] is None
    assert backend("PATCH", path, {"last_name": None})["last_name"] is None
    assert backend("PATCH", path, {}) == backend("GET", path)
    assert clerk.sessions.get(session.id).status == "active"
    backend("PATCH", path, {"password": "difference-engine"})
    assert clerk.sessions.get(session.id).status == "active"
    changes = {"password": "difference-engine-2", "sign_out_of_other_sessions": True}
    backend("PATCH", path, changes)
    assert clerk.users.has_password(clerk.users.get(ada.id), "difference-engine-2")
    assert clerk.sessions.get(session.id).status == "revoked"


@pytest.mark.parametrize(
    ("version", "status"), [("2026-05-12", 422), ("2025-11-10", 200), (None, 200)]
)
def test_metadata_is_changed_by_an_update_only_in_old_versions(
    backend: Caller, ada: User, version: str | None, status: int
) -> None:
    body = {"public_metadata": {"new": True}}
    backend("PATCH", f"/users/{ada.id}", body, status=status, version=version)
    metadata = backend("GET", f"/users/{ada.id}")["public_metadata"]
    assert metadata == ({"new": True} if status == 200 else {"role": "admin"})


def test_metadata_merges_deeply_and_a_null_removes(backend: Caller, ada: User) -> None:
    path = f"/users/{ada.id}/metadata"
    backend("PATCH", path, {"public_metadata": {"a": {"b": 1, "c": 2}}, "unsafe_metadata": None})
    user = backend("PATCH", path, {"public_metadata": {"a": {"b": None}, "role": None}})
    assert user["public_metadata"] == {"a": {"c": 2}}
    replaced = backend("PUT", path, {"public_metadata": {"x": 1}})
    assert replaced["public_metadata"] == {"x": 1}
    assert replaced["private_metadata"] == {}
    assert backend.refused("PATCH", path, {"metadata": {}}, status=422) == (
        "form_param_unknown", "metadata",
    )  # fmt: skip


def test_a_ban_revokes_and_can_be_lifted(
    backend: Caller, clerk: LocalClerk, ada: User, session: Session
) -> None:
    assert backend("POST", f"/users/{ada.id}/ban")["banned"]
    assert clerk.sessions.get(session.id).status == "revoked"
    assert not backend("POST", f"/users/{ada.id}/unban")["banned"]


def test_several_users_are_banned_or_none(backend: Caller, clerk: LocalClerk) -> None:
    ids = [user.id for user in clerk.users.search()]
    assert all(user["banned"] for user in backend("POST", "/users/ban", {"user_ids": ids}))
    unknown = {"user_ids": [ids[0], "user_nobody"]}
    assert backend.refused("POST", "/users/unban", unknown, status=404)[0] == "resource_not_found"
    assert clerk.users.get(ids[0]).is_banned
    assert not any(user["banned"] for user in backend("POST", "/users/unban", {"user_ids": ids}))
    for user_ids in ([], ["user_1"] * 51):
        refused = backend.refused("POST", "/users/ban", {"user_ids": user_ids}, status=422)
        assert refused == ("form_param_value_invalid", "user_ids")


def test_a_password_is_verified_and_removed(
    backend: Caller, clerk: LocalClerk, ada: User, session: Session
) -> None:
    path = f"/users/{ada.id}/verify_password"
    assert backend("POST", path, {"password": DEFAULT_PASSWORD}) == {"verified": True}
    wrong = {"password": "wrong"}
    assert backend.refused("POST", path, wrong, status=422)[0] == "incorrect_password"
    assert backend.refused("POST", path, {}, status=422) == ("form_param_missing", "password")
    remove = f"/users/{ada.id}/remove_password"
    assert not backend("POST", remove)["password_enabled"]
    assert clerk.sessions.get(session.id).status == "active"
    assert backend.refused("POST", path, wrong, status=400)[0] == "no_password_set"
    backend("POST", remove, {"sign_out_of_other_sessions": True})
    assert clerk.sessions.get(session.id).status == "revoked"


def test_memberships_of_a_user(backend: Caller, ada: User) -> None:
    answer = backend("GET", f"/users/{ada.id}/organization_memberships", limit=5)
    assert answer["total_count"] == 1
    (membership,) = answer["data"]
    assert membership["role"] == "org:admin"
    assert membership["organization"]["slug"] == "analytical-engines"
    assert membership["public_user_data"]["user_id"] == ada.id
    backend("GET", "/users/user_nobody/organization_memberships", status=404)


def test_email_addresses_come_and_go(backend: Caller, ada: User) -> None:
    email = backend(
        "POST", "/email_addresses", {"user_id": ada.id, "email_address": "Countess@example.com"}
    )
    assert (email["email_address"], email["verification"]) == ("countess@example.com", None)
    path = f"/email_addresses/{email['id']}"
    assert backend("GET", path) == email
    assert backend("PATCH", path, {"verified": False, "primary": None}) == email
    verified = backend("PATCH", path, {"verified": True, "primary": True})
    assert verified["verification"]["status"] == "verified"
    assert backend("GET", f"/users/{ada.id}")["primary_email_address_id"] == email["id"]
    assert backend("DELETE", path) == {
        "object": "email_address", "id": email["id"], "deleted": True,
    }  # fmt: skip
    assert backend("GET", f"/users/{ada.id}")["primary_email_address_id"] != email["id"]
    for method in ("GET", "PATCH", "DELETE"):
        assert backend.refused(method, path, status=404) == ("resource_not_found", None)
