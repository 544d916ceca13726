"""Clerk's own server client (@clerk/backend), unmodified, reads what the Backend API answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.tokens import read_token
from tests.local.express_place import Place
from tests.local.express_place import running_place


@pytest.fixture(scope="module")
def place(keys: RSAKey) -> Iterator[Place]:
    with running_place(keys) as place:
        yield place


def test_the_server_client_reads_people(place: Place) -> None:
    users = place.call("users", "getUserList", {"limit": 2, "orderBy": "-created_at"})
    assert len(users["data"]) == 2
    assert users["totalCount"] == place.call("users", "getCount") == 3
    created = place.call(
        "users",
        "createUser",
        {"emailAddress": ["b@example.com"], "password": "abstract-data", "firstName": "Barbara"},
    )
    assert created["emailAddresses"][0]["verification"]["status"] == "verified"
    changed = place.call(
        "users", "updateUser", created["id"], {"lastName": "L", "publicMetadata": {"a": {"b": 1}}}
    )
    assert changed["publicMetadata"] == {"a": {"b": 1}}
    merged = place.call(
        "users", "updateUserMetadata", created["id"], {"publicMetadata": {"a": {"c": 2}}}
    )
    assert merged["publicMetadata"] == {"a": {"b": 1, "c": 2}}
    verify = {"userId": created["id"], "password": "abstract-data"}
    assert place.call("users", "verifyPassword", verify) == {"verified": True}
    assert place.call("users", "banUser", created["id"])["banned"]
    assert place.call("users", "deleteUser", created["id"])["deleted"]
    assert place.call("users", "getUser", created["id"])["status"] == 404


def test_the_server_client_reads_organizations(place: Place) -> None:
    created = place.call("organizations", "createOrganization", {"name": "New"})
    membership = {"organizationId": created["id"], "userId": place.ada.id, "role": "org:member"}
    place.call("organizations", "createOrganizationMembership", membership)
    found = place.call("organizations", "getOrganization", {"slug": "new"})
    assert (found["id"], found["membersCount"]) == (created["id"], 1)
    members = place.call(
        "organizations", "getOrganizationMembershipList", {"organizationId": created["id"]}
    )
    assert members["totalCount"] == 1
    assert members["data"][0]["publicUserData"]["userId"] == place.ada.id
    mine = place.call("users", "getOrganizationMembershipList", {"userId": place.ada.id})
    assert mine["totalCount"] == 2
    assert place.call("organizations", "deleteOrganization", created["id"])["deleted"]


def test_the_server_client_reads_sessions_and_clients(place: Place) -> None:
    session = place.call("sessions", "createSession", {"userId": place.ada.id})
    listed = place.call("sessions", "getSessionList", {"userId": place.ada.id, "limit": 1})
    assert [each["id"] for each in listed["data"]] == [session["id"]]
    client = place.call("clients", "getClient", session["clientId"])
    assert client["sessionIds"] == [session["id"]]
    assert place.call("clients", "getClientList")["totalCount"] >= 1
    token = place.call("sessions", "getToken", session["id"], "api", 90)["jwt"]
    claims = read_token(token).payload
    assert claims["exp"] - claims["iat"] == 90
    assert place.call("sessions", "revokeSession", session["id"])["status"] == "revoked"


def test_the_server_client_reads_templates_and_tokens(place: Place) -> None:
    template = place.call("jwtTemplates", "create", {"name": "t", "claims": {"aud": "t"}})
    assert template["claims"] == {"aud": "t"}
    listed = place.call("jwtTemplates", "list")
    assert (len(listed["data"]), listed["totalCount"]) == (2, 2)
    change = {"templateId": template["id"], "name": "t", "claims": {"sub": "me"}}
    refused = place.call("jwtTemplates", "update", change)
    assert (refused["status"], refused["codes"]) == (400, ["jwt_template_reserved_claim"])
    assert place.call("jwtTemplates", "delete", template["id"])["deleted"]
    issued = place.call("signInTokens", "createSignInToken", {"userId": place.ada.id})
    assert issued["url"].endswith(issued["token"])
    revoked = place.call("signInTokens", "revokeSignInToken", issued["id"])
    assert revoked["status"] == "revoked"
    actor = {"userId": place.ada.id, "actor": {"sub": "user_support"}}
    assert place.call("actorTokens", "create", actor)["status"] == "pending"
    assert place.call("testingTokens", "createTestingToken")["token"]


def test_the_server_client_reads_machines(place: Place) -> None:
    machine = place.call("machines", "create", {"name": "worker"})
    key = {"machineSecretKey": machine["secretKey"]}
    created = place.call("m2m", "createToken", {**key, "claims": {"job": 1}})
    assert (created["subject"], created["claims"]) == (machine["id"], {"job": 1})
    verified = place.call("m2m", "verify", {"token": created["token"]})
    assert verified["id"] == created["id"]
    listed = place.call("m2m", "list", {"subject": machine["id"]})
    assert listed["totalCount"] == 1
    revoke = {**key, "m2mTokenId": created["id"], "revocationReason": "done"}
    assert place.call("m2m", "revokeToken", revoke)["revoked"]
    api_key = place.call("apiKeys", "create", {"name": "key", "subject": place.ada.id})
    assert place.call("apiKeys", "verify", api_key["secret"])["id"] == api_key["id"]
    listed = place.call("apiKeys", "list", {"subject": place.ada.id})
    assert listed["totalCount"] >= 1
    assert place.call("apiKeys", "revoke", {"apiKeyId": api_key["id"]})["revoked"]
    assert place.call("machines", "delete", machine["id"])["deleted"]


def test_a_rate_limit_is_told_to_the_caller(place: Place) -> None:
    place.clerk.faults.limit("backend", retry_after=3, times=1)
    failed = place.call("users", "getUser", place.ada.id)
    assert (failed["status"], failed["codes"]) == (429, ["too_many_requests"])
