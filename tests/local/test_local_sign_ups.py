from __future__ import annotations

import pytest

from flask_clerk.local import LocalClerkError
from tests.local.instances import ADA

JOAN = "joan+clerk_test@example.com"


@pytest.fixture
def client(clerk):
    return clerk.clients.create()


def test_sign_up_goes_from_missing_to_unverified_to_complete(clerk, client):
    begun = clerk.sign_ups.create(client.id, {"email_address": JOAN, "first_name": "Joan"})
    assert clerk.sign_ups.missing_fields(begun) == ["password"]
    filled = clerk.sign_ups.update(begun.id, client.id, {"password": "long enough"})
    assert clerk.sign_ups.missing_fields(filled) == []
    assert clerk.sign_ups.unverified_fields(filled) == ["email_address"]
    clerk.sign_ups.prepare_verification(begun.id, client.id)
    done = clerk.sign_ups.attempt_verification(begun.id, client.id, "424242")
    assert done.status == "complete"
    user = clerk.users.get(done.created_user_id)
    assert (user.first_name, user.primary_email.email_address) == ("Joan", JOAN)
    assert clerk.sessions.get(done.created_session_id).user_id == user.id


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"email_address": ADA}, "form_identifier_exists"),
        ({"email_address": "not an address"}, "form_param_format_invalid"),
        ({"email_address": JOAN, "password": "short"}, "form_password_length_too_short"),
    ],
    ids=["taken", "malformed", "short password"],
)
def test_what_cannot_be_used_is_refused_with_clerks_code(clerk, client, data, code):
    with pytest.raises(LocalClerkError) as refused:
        clerk.sign_ups.create(client.id, data)
    assert (refused.value.code, refused.value.status) == (code, 422)


def test_a_wrong_code_counts_and_creates_nobody(clerk, client):
    begun = clerk.sign_ups.create(
        client.id, {"email_address": JOAN, "password": "long enough", "strategy": "email_code"}
    )
    with pytest.raises(LocalClerkError) as refused:
        clerk.sign_ups.attempt_verification(begun.id, client.id, "000000")
    assert refused.value.code == "form_code_incorrect"
    assert clerk.sign_ups.get(begun.id, client.id).email_verification.attempts == 1
    assert clerk.users.find(JOAN) is None


def test_a_changed_address_must_be_verified_anew(clerk, client):
    begun = clerk.sign_ups.create(client.id, {"email_address": JOAN, "strategy": "email_code"})
    clerk.sign_ups.attempt_verification(begun.id, client.id, "424242")
    changed = clerk.sign_ups.update(begun.id, client.id, {"email_address": "b@example.com"})
    assert clerk.sign_ups.unverified_fields(changed) == ["email_address"]


def test_of_two_sign_ups_with_one_address_the_first_to_finish_has_it(clerk, client):
    data = {"email_address": JOAN, "password": "long enough", "strategy": "email_code"}
    other = clerk.clients.create()
    first, second = clerk.sign_ups.create(client.id, data), clerk.sign_ups.create(other.id, data)
    clerk.sign_ups.attempt_verification(first.id, client.id, "424242")
    with pytest.raises(LocalClerkError) as refused:
        clerk.sign_ups.attempt_verification(second.id, other.id, "424242")
    assert refused.value.code == "form_identifier_exists"
