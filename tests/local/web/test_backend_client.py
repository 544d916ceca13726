"""``clerk.client`` and ``clerk.sdk`` with the local Clerk: over real HTTP, and within the app."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import ResourceNotFoundError
from flask_clerk.api import Client
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import User
from flask_clerk.local.web.app import serve_in_front_of
from tests.local.instances import ADA
from tests.local.instances import organization
from tests.local.live import serving


@pytest.fixture(params=["over HTTP", "within the app"])
def extension(request: pytest.FixtureRequest, clerk: LocalClerk) -> Iterator[Clerk]:
    """Return the extension of an app whose context is pushed."""
    app = Flask("caller", static_folder=None)  # neither in debug nor in testing mode
    if request.param == "within the app":
        extension = Clerk(app, local=clerk)
        with app.app_context():
            yield extension
        return
    elsewhere = Flask("elsewhere", static_folder=None)
    elsewhere.testing = True
    serve_in_front_of(elsewhere, clerk)
    with serving(elsewhere) as url:
        extension = Clerk(app, secret_key=clerk.secret_key.value, api_url=f"{url}/__clerk/api")
        with app.app_context():
            yield extension


@pytest.fixture
def client(extension: Clerk) -> Client:
    return extension.client


def test_a_user_lives_from_creation_to_deletion(client: Client, clerk: LocalClerk) -> None:
    user = client.users.create(
        email_address=["emmy+clerk_test@example.com"], first_name="Emmy", last_name="Noether"
    )
    assert (user.full_name, user.email_address) == ("Emmy Noether", "emmy+clerk_test@example.com")
    assert client.users.get(user.id) == user
    assert client.users.update(user.id, first_name="Amalie").first_name == "Amalie"
    user = client.users.update_metadata(user.id, public_metadata={"a": 1, "b": {"c": 2}})
    user = client.users.update_metadata(user.id, public_metadata={"a": None, "b": {"d": 3}})
    assert user.public_metadata == {"b": {"c": 2, "d": 3}}
    user = client.users.replace_metadata(user.id, private_metadata={"e": 4})
    assert (user.private_metadata, user.public_metadata["b"]) == ({"e": 4}, {"c": 2, "d": 3})
    assert client.users.ban(user.id).banned
    assert not client.users.unban(user.id).banned
    assert client.users.delete(user.id).deleted
    with pytest.raises(ResourceNotFoundError) as caught:
        client.users.get(user.id)
    assert caught.value.codes == ("resource_not_found",)


def test_people_are_listed_over_several_pages(client: Client, clerk: LocalClerk) -> None:
    for number in range(120):
        clerk.users.create(email_addresses=[f"person{number}@example.com"])
    everybody = list(client.users.list(order_by="+created_at"))
    assert len({user.id for user in everybody}) == client.users.count() == 123
    assert [user.id for user in client.users.list(limit=2, offset=1, order_by="+created_at")] == [
        user.id for user in everybody[1:3]
    ]
    assert [user.email_address for user in client.users.list(email_address=[ADA])] == [ADA]


def test_a_password_is_verified(client: Client, ada: User) -> None:
    assert client.users.verify_password(ada.id, "analytical-engine")
    assert not client.users.verify_password(ada.id, "difference-engine")


def test_a_session_is_created_minted_from_and_revoked(client: Client, ada: User) -> None:
    session = client.sessions.create(ada.id)
    assert (session.user_id, session.status) == (ada.id, "active")
    assert session.abandon_at > session.expire_at > session.last_active_at
    client.jwt_templates.create(name="api", claims={"aud": "api"})
    assert read_token(client.sessions.create_token(session.id)).payload["sid"] == session.id
    claims = read_token(client.sessions.create_token(session.id, "api", expires_in=90)).payload
    assert (claims["aud"], claims["exp"] - claims["iat"]) == ("api", 90)
    assert [each.id for each in client.sessions.list(user_id=ada.id)] == [session.id]
    assert client.sessions.revoke(session.id).status == "revoked"
    assert client.sessions.get(session.id).status == "revoked"


def test_organizations_have_members_and_invitations(
    client: Client, clerk: LocalClerk, ada: User
) -> None:
    made = client.organizations.create(name="Difference", slug="difference")
    assert client.organizations.get("difference") == made
    made = client.organizations.update_metadata(made.id, public_metadata={"size": 3})
    assert made.public_metadata["size"] == 3
    member = client.memberships.create(made.id, ada.id, "org:member")
    assert (member.organization.slug, member.public_user_data.user_id) == ("difference", ada.id)
    assert client.memberships.update(made.id, ada.id, "org:admin").role == "org:admin"
    assert [each.role for each in client.memberships.list(made.id)] == ["org:admin"]
    assert made.id in [each.organization.id for each in client.users.memberships(ada.id)]
    assert len(list(client.memberships.list())) > 1
    client.memberships.delete(made.id, ada.id)
    assert list(client.memberships.list(made.id)) == []
    client.organizations.delete(made.id)
    slugs = [each.slug for each in client.organizations.list()]
    assert slugs == [organization(clerk).slug]


def test_tokens_of_all_kinds_are_issued(client: Client, ada: User) -> None:
    issued = client.sign_in_tokens.create(ada.id, expires_in=60)
    assert issued.token in issued.url
    assert "/__clerk/sign-in?" in issued.url
    assert client.sign_in_tokens.revoke(issued.id).status == "revoked"
    acting = client.actor_tokens.create(ada.id, {"sub": ada.id})
    assert client.actor_tokens.revoke(acting.id).status == "revoked"
    assert client.testing_tokens.create().token
    key = client.api_keys.create(ada.id, "mine", scopes=["read"])
    assert client.api_keys.verify(key.secret).scopes == ["read"]
    assert [each.id for each in client.api_keys.list(subject=ada.id)] == [key.id]
    client.api_keys.revoke(key.id)
    with pytest.raises(BackendAPIError):
        client.api_keys.verify(key.secret)


def test_machines_make_tokens_for_each_other(client: Client) -> None:
    receiver = client.request("POST", "/machines", body={"name": "receiver"})
    sender = client.request(
        "POST", "/machines", body={"name": "sender", "scoped_machines": [receiver.id]}
    )
    made = client.m2m_tokens.create(machine_secret_key=sender.secret_key, claims={"a": 1})
    verified = client.m2m_tokens.verify(made.token, machine_secret_key=receiver.secret_key)
    assert (verified.subject, verified.claims) == (sender.id, {"a": 1})
    assert [each.id for each in client.m2m_tokens.list(sender.id)] == [made.id]
    client.m2m_tokens.revoke(made.id)
    assert list(client.m2m_tokens.list(sender.id)) == []


def test_keys_and_whatever_else_there_is(client: Client, clerk: LocalClerk) -> None:
    assert client.jwks.get() == clerk.jwks()
    with pytest.raises(ResourceNotFoundError, match="resource_not_found"):
        client.request("GET", "/commerce/plans")


def test_a_fault_is_waited_for_and_a_long_pause_told(client: Client, clerk: LocalClerk) -> None:
    clerk.faults.fail("backend", 503, times=1)
    assert client.jwks.get() == clerk.jwks()
    clerk.faults.limit("backend", retry_after=30)
    with pytest.raises(BackendAPIError) as caught:
        list(client.users.list())
    assert (caught.value.status, caught.value.retry_after) == (429, 30)


def test_clerks_own_sdk_is_handed_out_configured(
    extension: Clerk, ada: User, clerk: LocalClerk
) -> None:
    found = extension.sdk.users.get(user_id=ada.id)
    assert found.id == ada.id
    assert extension.sdk is extension.sdk
    assert clerk.secret_key.value not in repr(extension.sdk)


def test_without_clerks_own_sdk_it_is_named(
    extension: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "clerk_backend_api", None)
    with pytest.raises(RuntimeError, match="pip install clerk-backend-api"):
        extension.sdk  # noqa: B018


def test_within_the_app_urls_are_those_of_the_request(clerk: LocalClerk, ada: User) -> None:
    app = Flask("caller", static_folder=None)
    extension = Clerk(app, local=clerk)
    app.add_url_rule("/", view_func=lambda: extension.client.sign_in_tokens.create(ada.id).url)
    url = app.test_client().get("/", base_url="http://localhost:5001").text
    assert url.startswith("http://localhost:5001/__clerk/sign-in?")
    url = app.test_client().get("/", base_url="http://evil.example").text
    assert url.startswith("http://localhost/__clerk/sign-in?")


def test_without_a_secret_key_there_is_no_sdk(public_pem: str) -> None:
    app = Flask("caller", static_folder=None)
    extension = Clerk(app, jwt_key=public_pem)
    with app.app_context(), pytest.raises(BackendAPIError, match="CLERK_SECRET_KEY"):
        extension.sdk  # noqa: B018
