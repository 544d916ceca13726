"""What the official Python models read; they come with ``pip install clerk-backend-api``."""

from __future__ import annotations

from typing import Any

from clerk_backend_api import models

from flask_clerk.local.token_resources import jwt_template_json
from flask_clerk.local.token_resources import machine_json
from flask_clerk.local.token_resources import machine_token_json
from flask_clerk.local.token_resources import testing_token_json as show_testing_token
from flask_clerk.local.token_resources import ticket_json
from tests.local.instances import ADA


def check(model: str, data: dict[str, Any]) -> None:
    """Parse, and make sure that nothing was read as another type than meant."""
    getattr(models, model).model_validate(data, strict=False)


def test_users_emails_and_memberships_are_read(clerk, ada):
    clerk.users.add_email(ada.id, "second@example.com")
    organization = clerk.organizations.get("analytical-engines")
    check("User", clerk.resources.user(clerk.users.get(ada.id), is_private=True))
    for email in clerk.users.get(ada.id).email_addresses:
        check("EmailAddress", clerk.resources.email_address(email))
    check("Organization", clerk.resources.organization(organization, is_private=True))
    for member in clerk.organizations.members(organization.id):
        check("OrganizationMembership", clerk.resources.membership(member, is_private=True))


def test_an_email_verified_by_code_is_read(clerk):
    client = clerk.clients.create()
    data = {"email_address": "j+clerk_test@example.com", "password": "long enough"}
    begun = clerk.sign_ups.create(client.id, {**data, "strategy": "email_code"})
    done = clerk.sign_ups.attempt_verification(begun.id, client.id, "424242")
    user = clerk.resources.user(clerk.users.get(done.created_user_id), is_private=True)
    assert user["email_addresses"][0]["verification"]["strategy"] == "email_code"
    check("User", user)


def test_sessions_and_clients_are_read(clerk, session):
    clerk.sessions.set_organization(session.id, "analytical-engines")
    for status in ("active", "revoked"):
        current = clerk.sessions.get(session.id)
        assert current.status == status
        check("Session", clerk.resources.backend_session(current))
        client = clerk.clients.get(session.client_id)
        check("Client", clerk.resources.backend_client(client))
        clerk.sessions.revoke(session.id)


def test_a_session_of_an_actor_is_read(clerk, ada):
    session = clerk.sessions.create(ada.id, actor={"sub": "user_1"})
    check("Session", clerk.resources.backend_session(session))


def test_templates_and_tickets_are_read(clerk, ada):
    template = clerk.templates.create({"name": "api", "claims": {"aud": "api"}})
    check("JWTTemplate", jwt_template_json(template))
    issued = clerk.tickets.create(ada.id)
    check("SignInToken", ticket_json(issued.ticket, token=issued.token))
    actor = clerk.tickets.create_actor_token(ada.id, {"sub": "user_1"})
    check("ActorToken", ticket_json(actor.ticket, token=actor.token))
    check("TestingToken", show_testing_token(clerk.tickets.create_testing_token()))


def test_machines_and_their_tokens_are_read(clerk, ada):
    other = clerk.machines.create("billing")
    machine = clerk.machines.create("reports", scoped_machine_ids=[other.id])
    check("Machine", machine_json(machine, clerk.state.instance_id, [other]))
    m2m = clerk.machines.create_m2m_token(machine.id, claims={"a": 1})
    check(
        "CreateM2MTokenResponseBody", machine_token_json(m2m.record, clerk.now, secret=m2m.secret)
    )
    check("VerifyM2MTokenResponseBody", machine_token_json(m2m.record, clerk.now))
    key = clerk.machines.create_api_key(ada.id, "my key", scopes=["read"])
    check("CreateAPIKeyResponseBody", machine_token_json(key.record, clerk.now, secret=key.secret))
    check("VerifyAPIKeyResponseBody", machine_token_json(key.record, clerk.now))


def test_nothing_private_is_shown_to_the_browser(clerk, ada, session):
    clerk.users.merge_metadata(ada.id, private_metadata={"note": "hush-hush"})
    ada = clerk.users.get(ada.id)
    client = clerk.resources.client(clerk.clients.get(session.client_id))
    shown = repr((client, clerk.resources.user(ada), clerk.resources.session(session)))
    assert "hush-hush" not in shown
    assert ada.password_hash not in shown


def test_a_client_shows_its_attempts(clerk):
    client = clerk.clients.create()
    clerk.sign_ins.create(client.id, identifier=ADA)
    clerk.sign_ups.create(client.id, {"email_address": "new@example.com"})
    shown = clerk.resources.client(clerk.clients.get(client.id))
    assert shown["sign_in"]["status"] == "needs_first_factor"
    assert [each["strategy"] for each in shown["sign_in"]["supported_first_factors"]] == [
        "password",
        "email_code",
    ]
    verification = shown["sign_up"]["verifications"]["email_address"]
    assert verification["next_action"] == "needs_prepare"
