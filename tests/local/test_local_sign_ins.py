from __future__ import annotations

import pytest

from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerkError
from tests.local.instances import ADA
from tests.local.instances import GRACE


@pytest.fixture
def client(clerk):
    return clerk.clients.create()


def refusal(call, *args, **kwargs) -> LocalClerkError:
    with pytest.raises(LocalClerkError) as refused:
        call(*args, **kwargs)
    return refused.value


def test_identifier_then_password_signs_in(clerk, client):
    begun = clerk.sign_ins.create(client.id, identifier=ADA.upper())
    assert begun.status == "needs_first_factor"
    done = clerk.sign_ins.attempt_first_factor(
        begun.id, client.id, "password", password=DEFAULT_PASSWORD
    )
    assert done.status == "complete"
    assert clerk.sessions.get(done.created_session_id).status == "active"
    assert clerk.clients.get(client.id).sign_in_id is None


def test_a_wrong_password_is_refused_with_clerks_code(clerk, client):
    error = refusal(clerk.sign_ins.create, client.id, identifier=ADA, password="wrong-password")
    assert (error.code, error.status) == ("form_password_incorrect", 422)
    body = error.to_json()["errors"][0]
    assert body["meta"] == {"param_name": "password"}


@pytest.mark.parametrize("identifier", ["nobody@example.com", "user_1", ""])
def test_an_unknown_identifier_is_refused_with_clerks_code(clerk, client, identifier):
    error = refusal(clerk.sign_ins.create, client.id, identifier=identifier)
    assert error.code == "form_identifier_not_found"


def test_a_users_id_is_no_identifier(clerk, client, ada):
    error = refusal(clerk.sign_ins.create, client.id, identifier=ada.id)
    assert error.code == "form_identifier_not_found"


def test_an_email_code_signs_in_and_lies_in_the_outbox(clerk, client):
    user = clerk.users.create(email_addresses=["joan@example.com"], is_verified=False)
    begun = clerk.sign_ins.create(client.id, identifier="joan@example.com", strategy="email_code")
    (email,) = clerk.outbox.emails("joan@example.com")
    assert email.code in email.text
    done = clerk.sign_ins.attempt_first_factor(begun.id, client.id, "email_code", code=email.code)
    assert done.status == "complete"
    assert clerk.users.get(user.id).primary_email.is_verified


def test_the_code_of_a_test_address_is_424242(clerk, client):
    begun = clerk.sign_ins.create(client.id, identifier=ADA, strategy="email_code")
    done = clerk.sign_ins.attempt_first_factor(begun.id, client.id, "email_code", code="424242")
    assert done.status == "complete"


def test_three_wrong_codes_end_the_verification_even_for_the_right_one(clerk, client):
    begun = clerk.sign_ins.create(client.id, identifier=ADA, strategy="email_code")
    attempt = clerk.sign_ins.attempt_first_factor
    for _ in range(3):
        error = refusal(attempt, begun.id, client.id, "email_code", code="000000")
        assert error.code == "form_code_incorrect"
    error = refusal(attempt, begun.id, client.id, "email_code", code="424242")
    assert error.code == "verification_failed"


def test_a_code_is_good_for_ten_minutes(clerk, client):
    begun = clerk.sign_ins.create(client.id, identifier=ADA, strategy="email_code")
    clerk.clock.advance(601)
    error = refusal(
        clerk.sign_ins.attempt_first_factor, begun.id, client.id, "email_code", code="424242"
    )
    assert error.code == "verification_expired"


def test_too_many_failures_stop_even_the_right_password_for_a_while(clerk, client):
    for _ in range(10):
        refusal(clerk.sign_ins.create, client.id, identifier=ADA, password="wrong-password")
    error = refusal(clerk.sign_ins.create, client.id, identifier=ADA, password=DEFAULT_PASSWORD)
    assert (error.code, error.status) == ("too_many_requests", 429)
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 60
    clerk.clock.advance(error.retry_after + 1)
    done = clerk.sign_ins.create(client.id, identifier=ADA, password=DEFAULT_PASSWORD)
    assert done.status == "complete"


def test_whoever_is_signed_in_cannot_sign_in_again(clerk, session):
    error = refusal(clerk.sign_ins.create, session.client_id, identifier=ADA)
    assert error.code == "session_exists"
    clerk.update_settings(single_session_mode=False)
    error = refusal(clerk.sign_ins.create, session.client_id, identifier=ADA)
    assert error.code == "identifier_already_signed_in"
    assert error.meta == {"session_id": session.id}


def test_another_client_cannot_go_on_with_an_attempt(clerk, client):
    begun = clerk.sign_ins.create(client.id, identifier=ADA)
    error = refusal(
        clerk.sign_ins.attempt_first_factor,
        begun.id,
        clerk.clients.create().id,
        "password",
        password=DEFAULT_PASSWORD,
    )
    assert error.code == "resource_not_found"


def test_a_ticket_signs_in_once(clerk, client, ada):
    issued = clerk.tickets.create(ada.id)
    done = clerk.sign_ins.create(client.id, strategy="ticket", ticket=issued.token)
    assert clerk.sessions.get(done.created_session_id).user_id == ada.id
    error = refusal(
        clerk.sign_ins.create, clerk.clients.create().id, strategy="ticket", ticket=issued.token
    )
    assert error.code == "sign_in_token_already_used_code"


def test_an_actor_token_signs_in_as_somebody_else_and_says_so(clerk, client, ada):
    grace = clerk.users.find(GRACE)
    issued = clerk.tickets.create_actor_token(ada.id, {"sub": grace.id})
    done = clerk.sign_ins.create(client.id, ticket=issued.token)
    session = clerk.sessions.get(done.created_session_id)
    assert clerk.minting.session_claims(session, None, 60)["act"] == {"sub": grace.id}
    clerk.clock.advance(1801)
    assert clerk.sessions.get(session.id).status == "expired"


def test_a_stale_or_revoked_ticket_is_refused(clerk, client, ada):
    stale = clerk.tickets.create(ada.id, expires_in=60)
    revoked = clerk.tickets.create(ada.id)
    clerk.tickets.revoke(revoked.ticket.id)
    clerk.clock.advance(61)
    for issued, code in ((stale, "ticket_expired_code"), (revoked, "sign_in_token_revoked_code")):
        error = refusal(clerk.sign_ins.create, client.id, ticket=issued.token)
        assert error.code == code


def test_no_repr_shows_a_secret(clerk, client, ada):
    issued = clerk.tickets.create(ada.id)
    state = clerk.state
    shown = repr((clerk, client, issued, state, ada, clerk.sessions.create(ada.id)))
    for secret in (client.secret, issued.token, state.secret_key, ada.password_hash):
        assert secret not in shown
    assert "PRIVATE KEY" not in shown
