from __future__ import annotations

import pytest

from flask_clerk.local import LocalClerkError
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import GRACE

DAY = 86_400


def test_a_session_expires_at_the_end_of_its_lifetime(clerk, session):
    clerk.clock.advance(7 * DAY - 5)
    clerk.sessions.touch(session.id)
    clerk.clock.advance(10)
    assert clerk.sessions.get(session.id).status == "expired"
    with pytest.raises(LocalClerkError) as refused:
        clerk.sessions.touch(session.id)
    assert refused.value.status == 401


def test_activity_postpones_the_inactivity_timeout(clerk, session):
    clerk.update_settings(inactivity_timeout=600)
    clerk.clock.advance(500)
    clerk.sessions.touch(session.id)
    clerk.clock.advance(500)
    assert clerk.sessions.get(session.id).status == "active"
    clerk.clock.advance(101)
    assert clerk.sessions.get(session.id).status == "abandoned"


def test_a_longer_timeout_wakes_no_abandoned_session(clerk, session):
    clerk.update_settings(inactivity_timeout=600)
    clerk.clock.advance(700)
    clerk.update_settings(inactivity_timeout=6000)
    assert clerk.sessions.get(session.id).status == "abandoned"


def test_lifetime_and_timeout_cannot_both_be_off(clerk):
    with pytest.raises(LocalClerkError) as refused:
        clerk.update_settings(max_lifetime=None)
    assert refused.value.code == "form_param_value_invalid"


@pytest.mark.parametrize(
    ("finish", "status"),
    [("end", "ended"), ("remove", "removed"), ("revoke", "revoked")],
)
def test_a_session_ends_once_and_its_client_learns_of_it(clerk, session, finish, status):
    before = clerk.clients.get(session.client_id)
    clerk.clock.advance(3)
    getattr(clerk.sessions, finish)(session.id)
    clerk.sessions.revoke(session.id)
    assert clerk.sessions.get(session.id).status == status
    after = clerk.clients.get(session.client_id)
    assert after.updated_at > before.updated_at
    assert clerk.sessions.current(after) is None
    assert [event.topic for event in clerk.outbox.events()][:1] == [f"session.{status}"]


def test_in_single_session_mode_the_newer_session_replaces_the_older(clerk, session):
    grace = clerk.users.find(GRACE)
    newer = clerk.sessions.create(grace.id, session.client_id)
    assert clerk.sessions.get(session.id).status == "replaced"
    assert [each.id for each in clerk.sessions.live(session.client_id)] == [newer.id]


def test_a_client_holds_several_sessions_when_allowed_and_shows_the_chosen_one(clerk, session):
    clerk.update_settings(single_session_mode=False)
    grace = clerk.users.find(GRACE)
    newer = clerk.sessions.create(grace.id, session.client_id)
    client = clerk.clients.get(session.client_id)
    assert clerk.sessions.current(client).id == newer.id
    clerk.sessions.select(session.id, client.id)
    assert clerk.sessions.current(clerk.clients.get(client.id)).id == session.id
    clerk.sessions.remove(session.id)
    assert clerk.sessions.current(clerk.clients.get(client.id)).id == newer.id


def test_a_sign_in_changes_the_clients_cookie(clerk, ada):
    client = clerk.clients.create()
    planted = clerk.clients.cookie(client)
    clerk.sessions.create(ada.id, client.id)
    assert clerk.clients.find(planted) is None
    assert clerk.clients.find(clerk.clients.cookie(clerk.clients.get(client.id))) is not None


def test_an_organization_is_active_only_for_its_members(clerk, session):
    alan = clerk.users.find(ALAN)
    stranger = clerk.sessions.create(alan.id)
    active = clerk.sessions.set_organization(session.id, "analytical-engines")
    assert active.last_active_organization_id.startswith("org_")
    with pytest.raises(LocalClerkError) as refused:
        clerk.sessions.set_organization(stranger.id, "analytical-engines")
    assert refused.value.code == "organization_not_found_or_unauthorized"


def test_a_session_is_pending_until_an_organization_is_chosen(clerk, ada):
    clerk.update_settings(force_organization_selection=True)
    session = clerk.sessions.create(ada.id)
    assert (session.status, session.tasks) == ("pending", ("choose-organization",))
    chosen = clerk.sessions.select(
        session.id, session.client_id, "analytical-engines", switches_organization=True
    )
    assert (chosen.status, chosen.tasks) == ("active", ())


def test_leaving_an_organization_takes_it_from_the_sessions(clerk, ada, session):
    organization = clerk.organizations.get("analytical-engines")
    clerk.sessions.set_organization(session.id, organization.id)
    clerk.organizations.remove_member(organization.id, ada.id)
    assert clerk.sessions.get(session.id).last_active_organization_id is None


def test_banning_and_deleting_end_every_session(clerk, ada, session):
    clerk.users.set_banned(ada.id, True)
    assert clerk.sessions.get(session.id).status == "revoked"
    with pytest.raises(LocalClerkError) as refused:
        clerk.sessions.create(ada.id)
    assert refused.value.code == "user_banned"
    clerk.users.delete(ada.id)
    assert clerk.users.find(ADA) is None
    assert clerk.sessions.search(user_id=ada.id) == []


def test_another_clients_session_does_not_exist(clerk, session):
    other = clerk.clients.create()
    with pytest.raises(LocalClerkError) as refused:
        clerk.sessions.select(session.id, other.id)
    assert refused.value.status == 404
