"""Keys, JWT templates, tickets and machine tokens over the Backend API."""

from __future__ import annotations

import pytest

from flask_clerk.core.tokens import M2M_TOKEN
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Machine
from flask_clerk.local.model import User
from tests.local.backend_caller import Caller
from tests.local.backend_caller import make_backend_app


@pytest.fixture
def worker(clerk: LocalClerk) -> Machine:
    """Return a machine that may talk to another."""
    other = clerk.machines.create("other")
    return clerk.machines.create("worker", scoped_machine_ids=[other.id])


def test_the_keys_are_those_that_sign(backend: Caller, clerk: LocalClerk) -> None:
    (key,) = backend("GET", "/jwks")["keys"]
    assert (key["kid"], key["alg"]) == (clerk.signing_key.kid, "RS256")
    assert "d" not in key


def test_templates_are_created_changed_and_deleted(backend: Caller) -> None:
    body = {"name": "api", "claims": {"aud": "api"}, "lifetime": None}
    created = backend("POST", "/jwt_templates", body)
    assert (created["lifetime"], created["allowed_clock_skew"]) == (60, 5)
    path = f"/jwt_templates/{created['id']}"
    assert backend("GET", path) == created
    assert backend("GET", "/jwt_templates") == [created]
    answer = backend("GET", "/jwt_templates", paginated="true")
    assert answer == {"data": [created], "total_count": 1}
    changed = backend("PATCH", path, {"name": "api", "claims": {}, "lifetime": 300})
    assert (changed["claims"], changed["lifetime"]) == ({}, 300)
    assert backend("DELETE", path) == {
        "object": "jwt_template", "id": created["id"], "deleted": True,
    }  # fmt: skip
    for method in ("GET", "PATCH", "DELETE"):
        assert backend.refused(method, path, status=404)[0] == "resource_not_found"


@pytest.mark.parametrize(
    ("body", "status", "refusal"),
    [
        ({"name": "a", "claims": {"sub": "me"}}, 400, ("jwt_template_reserved_claim", "claims")),
        ({"name": "a", "claims": {"sid": "me"}}, 400, ("jwt_template_reserved_claim", "claims")),
        ({"name": "a"}, 422, ("form_param_value_invalid", "claims")),
        ({"name": "a/b", "claims": {}}, 422, ("form_param_value_invalid", "name")),
        ({"name": "a", "claims": {}, "lifetime": 1}, 422, ("form_param_value_invalid", "lifetime")),
        ({"name": "a", "claims": {}, "ttl": 60}, 422, ("form_param_unknown", "ttl")),
    ],
)
def test_a_template_that_cannot_be_is_refused(
    backend: Caller, body: object, status: int, refusal: tuple[str, str]
) -> None:
    assert backend.refused("POST", "/jwt_templates", body, status=status) == refusal


def test_a_sign_in_token_signs_in_and_can_be_revoked(
    backend: Caller, clerk: LocalClerk, ada: User
) -> None:
    organization = clerk.organizations.get("analytical-engines")
    body = {"user_id": ada.id, "org_id": organization.id, "expires_in_seconds": 60}
    issued = backend("POST", "/sign_in_tokens", body)
    assert issued["status"] == "pending"
    assert issued["url"] == f"http://localhost/__clerk/sign-in?__clerk_ticket={issued['token']}"
    client = clerk.clients.create()
    clerk.sign_ins.create(client.id, ticket=issued["token"])
    (session,) = clerk.sessions.live(client.id)
    assert session.last_active_organization_id == organization.id
    revoke = f"/sign_in_tokens/{issued['id']}/revoke"
    refused = backend.refused("POST", revoke, status=400)
    assert refused[0] == "sign_in_token_cannot_be_revoked_code"
    unused = backend("POST", "/sign_in_tokens", {"user_id": ada.id})
    answer = backend("POST", f"/sign_in_tokens/{unused['id']}/revoke")
    assert answer["status"] == "revoked"
    assert "token" not in answer
    backend("POST", "/sign_in_tokens", {"user_id": "user_nobody"}, status=404)
    foreign = {"user_id": ada.id, "org_id": "org_nowhere"}
    assert backend.refused("POST", "/sign_in_tokens", foreign, status=404)[0] == (
        "resource_not_found"
    )


def test_an_actor_token_impersonates(backend: Caller, clerk: LocalClerk, ada: User) -> None:
    body = {
        "user_id": ada.id,
        "actor": {"sub": "user_support"},
        "session_max_duration_in_seconds": 120,
    }
    issued = backend("POST", "/actor_tokens", body)
    client = clerk.clients.create()
    clerk.sign_ins.create(client.id, ticket=issued["token"])
    (session,) = clerk.sessions.live(client.id)
    assert session.actor == {"sub": "user_support"}
    assert session.expire_at - session.created_at == 120_000
    unused = backend("POST", "/actor_tokens", body)
    assert backend.refused("POST", f"/sign_in_tokens/{unused['id']}/revoke", status=404)
    assert backend("POST", f"/actor_tokens/{unused['id']}/revoke")["status"] == "revoked"
    nobody = {"user_id": ada.id, "actor": {}}
    assert backend.refused("POST", "/actor_tokens", nobody, status=422) == (
        "form_param_missing", "actor.sub",
    )  # fmt: skip


def test_a_testing_token_is_good(backend: Caller, clerk: LocalClerk) -> None:
    answer = backend("POST", "/testing_tokens")
    assert answer["object"] == "testing_token"
    assert clerk.tickets.is_testing_token(answer["token"])


def test_an_api_key_is_issued_verified_and_revoked(
    backend: Caller, clerk: LocalClerk, ada: User
) -> None:
    created = backend(
        "POST",
        "/api_keys",
        {
            "name": "deploy",
            "subject": ada.id,
            "scopes": ["read"],
            "claims": {"a": 1},
            "seconds_until_expiration": 60.0,
        },
        status=201,
    )
    secret = created.pop("secret")
    assert created["expiration"] == created["created_at"] + 60_000
    path = f"/api_keys/{created['id']}"
    assert backend("GET", path) == created
    verified = backend("POST", "/api_keys/verify", {"secret": secret})
    assert (verified["id"], verified["scopes"]) == (created["id"], ["read"])
    listing = f"/api_keys?subject={ada.id}"
    assert backend("GET", f"{listing}&query=DEPL")["total_count"] == 1
    assert backend("GET", f"{listing}&query=other")["total_count"] == 0
    revoked = backend("POST", f"{path}/revoke", {"revocation_reason": "lost"})
    assert (revoked["revoked"], revoked["revocation_reason"]) == (True, "lost")
    backend("POST", "/api_keys/verify", {"secret": secret}, status=404)
    assert backend("GET", listing)["data"] == []
    (kept,) = backend("GET", f"{listing}&include_invalid=true")["data"]
    assert kept["revoked"]
    assert backend.refused("GET", "/api_keys", status=422) == ("form_param_missing", "subject")


def test_an_api_key_has_a_subject_that_exists(
    backend: Caller, clerk: LocalClerk, worker: Machine
) -> None:
    organization = clerk.organizations.get("analytical-engines")
    for subject in (organization.id, worker.id):
        created = backend("POST", "/api_keys", {"name": "key", "subject": subject}, status=201)
        assert (created["subject"], created["expiration"]) == (subject, None)
    for subject in ("user_nobody", "org_none", "mch_none", "else"):
        backend("POST", "/api_keys", {"name": "key", "subject": subject}, status=404)


def test_an_oauth_token_is_verified(backend: Caller, clerk: LocalClerk, ada: User) -> None:
    issued = clerk.machines.create_oauth_token(ada.id, client_id="client_1", scopes=["email"])
    path = "/oauth_applications/access_tokens/verify"
    for name in ("access_token", "secret"):
        answer = backend("POST", path, {name: issued.secret})
        assert (answer["subject"], answer["client_id"]) == (ada.id, "client_1")
    clerk.machines.revoke(issued.record.id)
    backend("POST", path, {"access_token": issued.secret}, status=404)
    assert backend.refused("POST", path, {}, status=422) == ("form_param_missing", "access_token")
    backend("GET", f"/api_keys/{issued.record.id}", status=404)


def test_machines_are_created_listed_and_deleted(backend: Caller, worker: Machine) -> None:
    created = backend("POST", "/machines", {"name": "zeta", "scoped_machines": [worker.id]})
    secret_key = created.pop("secret_key")
    assert created["default_token_ttl"] == 3600
    assert [each["id"] for each in created["scoped_machines"]] == [worker.id]
    path = f"/machines/{created['id']}"
    assert backend("GET", path) == created
    assert backend("GET", f"{path}/secret_key")["secret"] == secret_key
    names = [each["name"] for each in backend("GET", "/machines", order_by="name")["data"]]
    assert names == ["other", "worker", "zeta"]
    assert backend("GET", "/machines", query="ZET")["total_count"] == 1
    assert backend("GET", "/machines", query=worker.id)["total_count"] == 1
    assert backend("DELETE", path) == {
        "object": "machine", "id": created["id"], "deleted": True,
    }  # fmt: skip
    backend("GET", path, status=404)
    backend("POST", "/machines", {"name": "a", "scoped_machines": ["mch_none"]}, status=404)


def test_a_machine_gets_a_token_that_its_peer_verifies(
    backend: Caller, clerk: LocalClerk, worker: Machine
) -> None:
    body = {"seconds_until_expiration": 30, "claims": {"job": 1}, "token_format": "opaque"}
    created = backend("POST", "/m2m_tokens", body, key=worker.secret_key, status=201)
    token = created.pop("token")
    assert (created["subject"], created["claims"]) == (worker.id, {"job": 1})
    peer = clerk.machines.get(worker.scoped_machine_ids[0])
    stranger = clerk.machines.create("stranger")
    for key in (backend.key, peer.secret_key):
        verified = backend("POST", "/m2m_tokens/verify", {"token": token}, key=key)
        assert verified["id"] == created["id"]
    body = {"token": token}
    backend("POST", "/m2m_tokens/verify", body, key=stranger.secret_key, status=404)
    clerk.clock.advance(seconds=31)
    backend("POST", "/m2m_tokens/verify", body, status=404)


def test_a_machine_gets_a_token_as_a_jwt(backend: Caller, worker: Machine) -> None:
    body = {"token_format": "jwt", "claims": {"job": 1}}
    created = backend("POST", "/m2m_tokens", body, key=worker.secret_key, status=201)
    unverified = read_token(created["token"])
    assert unverified.machine_type == M2M_TOKEN
    assert (unverified.payload["jti"], unverified.payload["job"]) == (created["id"], 1)
    assert created["expiration"] == unverified.payload["exp"] * 1000
    assert backend("GET", "/m2m_tokens", subject=worker.id)["m2m_tokens"] == []


def test_machine_tokens_are_also_called_without_a_version(
    clerk: LocalClerk, worker: Machine
) -> None:
    client = make_backend_app(clerk).test_client()
    headers = {"Authorization": f"Bearer {worker.secret_key}"}
    created = client.post("/__clerk/api/m2m_tokens", headers=headers)
    assert created.status_code == 201
    headers = {"Authorization": f"Bearer {clerk.secret_key.value}"}
    body = {"token": created.get_json()["token"]}
    verified = client.post("/__clerk/api/m2m_tokens/verify", json=body, headers=headers)
    assert verified.get_json()["id"] == created.get_json()["id"]
    assert client.get("/__clerk/api/users", headers=headers).status_code == 404


def test_only_a_machine_creates_m2m_tokens(backend: Caller, worker: Machine) -> None:
    assert backend.refused("POST", "/m2m_tokens", status=403)[0] == "authorization_invalid"
    refused = backend.refused(
        "POST", "/m2m_tokens", {"token_format": "xml"}, key=worker.secret_key, status=422
    )
    assert refused == ("form_param_value_invalid", "token_format")


def test_m2m_tokens_are_listed_and_revoked(
    backend: Caller, clerk: LocalClerk, worker: Machine, ada: User
) -> None:
    first = clerk.machines.create_m2m_token(worker.id).record
    short = clerk.machines.create_m2m_token(worker.id, expires_in=1).record
    clerk.clock.advance(seconds=2)
    stranger = clerk.machines.create("stranger")
    revoke = f"/m2m_tokens/{first.id}/revoke"
    backend("POST", revoke, {}, key=stranger.secret_key, status=404)
    body = {"revocation_reason": "done"}
    assert backend("POST", revoke, body, key=worker.secret_key)["revocation_reason"] == "done"
    listing = f"/m2m_tokens?subject={worker.id}"
    for query, ids in (
        ("", []),
        ("&revoked=true", [first.id]),
        ("&expired=true", [short.id]),
        ("&revoked=true&expired=true", [short.id, first.id]),
    ):
        answer = backend("GET", listing + query, key=worker.secret_key)
        assert [each["id"] for each in answer["m2m_tokens"]] == ids
        assert answer["total_count"] == len(ids)
    backend("GET", listing, key=stranger.secret_key, status=404)
    assert backend.refused("GET", "/m2m_tokens", status=422) == ("form_param_missing", "subject")
    api_key = clerk.machines.create_api_key(ada.id, "key").record
    backend("POST", f"/m2m_tokens/{api_key.id}/revoke", {}, status=404)
