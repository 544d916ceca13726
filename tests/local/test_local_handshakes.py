from __future__ import annotations

import pytest

from flask_clerk.local import LocalClerkError
from flask_clerk.local.signing import read_own_token
from tests.local.instances import ALAN

ORIGIN = "http://localhost:5000"


def cookies(lines) -> dict[str, str]:
    return dict(line.partition(";")[0].split("=", 1) for line in lines)


@pytest.fixture
def policy(clerk):
    return clerk.handshakes.policy()


@pytest.fixture
def cookie(clerk, session):
    return clerk.clients.cookie(clerk.clients.get(session.client_id))


def claims(clerk, token):
    return read_own_token(token, {key.kid: key for key in clerk.state.signing_keys})


def test_a_signed_in_browser_gets_its_session_in_both_forms(clerk, policy, cookie, session):
    shake = clerk.handshakes.begin(policy, cookie=cookie, origin=ORIGIN)
    found = cookies(shake.lines)
    assert found["__session"] == found[f"__session_{policy.suffix}"]
    assert claims(clerk, found["__session"])["sid"] == session.id
    assert claims(clerk, found["__session"])["azp"] == ORIGIN
    assert int(found["__client_uat"]) <= claims(clerk, found["__session"])["iat"]
    assert found[f"__refresh_{policy.suffix}"]
    assert "__refresh" not in found
    assert found["__clerk_db_jwt"].startswith("dvb_")


def test_an_unknown_browser_is_signed_out(clerk, policy):
    shake = clerk.handshakes.begin(policy, cookie="client_x.y", dev_browser="dvb_x")
    found = cookies(shake.lines)
    assert (found["__session"], found["__client_uat"]) == ("", "")
    assert found[f"__client_uat_{policy.suffix}"] == "0"
    assert found["__clerk_db_jwt"] != "dvb_x"


def test_a_development_browser_stands_for_its_client(clerk, policy, session):
    browser = clerk.clients.create_dev_browser(session.client_id)
    shake = clerk.handshakes.begin(policy, dev_browser=browser.id)
    assert shake.session.id == session.id
    assert cookies(shake.lines)["__clerk_db_jwt"] == browser.id


def test_the_cookie_outweighs_a_planted_development_browser(clerk, policy, cookie, session):
    alan = clerk.users.find(ALAN)
    attacker = clerk.sessions.create(alan.id)
    planted = clerk.clients.create_dev_browser(attacker.client_id)
    shake = clerk.handshakes.begin(policy, cookie=cookie, dev_browser=planted.id)
    assert shake.session.id == session.id
    assert planted.id not in cookies(shake.lines).values()


def test_a_planted_development_browser_is_not_bound_by_a_handshake(clerk, policy, cookie, session):
    """Whoever made up the link knows it, and would hold the session that it is bound to."""
    planted = clerk.clients.create_dev_browser()

    shake = clerk.handshakes.begin(policy, cookie=cookie, dev_browser=planted.id)

    assert shake.session.id == session.id
    assert planted.id not in cookies(shake.lines).values()
    assert clerk.clients.find(None, planted.id) is None


def test_a_nonce_is_redeemed_once_within_a_minute(clerk, policy, cookie):
    shake = clerk.handshakes.begin(policy, cookie=cookie)
    name, nonce = shake.parameter
    assert name == "__clerk_handshake_nonce"
    assert clerk.handshakes.redeem(nonce) == list(shake.lines)
    late = clerk.handshakes.begin(policy, cookie=cookie).parameter[1]
    clerk.clock.advance(61)
    for used in (nonce, late):
        with pytest.raises(LocalClerkError) as refused:
            clerk.handshakes.redeem(used)
        assert refused.value.status == 404


def test_a_handshake_token_carries_the_lines(clerk, policy, cookie):
    shake = clerk.handshakes.begin(policy, cookie=cookie, with_nonce=False)
    name, token = shake.parameter
    assert name == "__clerk_handshake"
    assert claims(clerk, token) == {"handshake": list(shake.lines)}


def test_a_handshake_activates_the_organization_asked_for(clerk, policy, cookie):
    begin = clerk.handshakes.begin
    active = begin(policy, cookie=cookie, organization="analytical-engines").session
    assert active.last_active_organization_id is not None
    same = begin(policy, cookie=cookie, organization="somebody-elses").session
    assert same.last_active_organization_id == active.last_active_organization_id
    personal = begin(policy, cookie=cookie, organization="").session
    assert personal.last_active_organization_id is None


@pytest.fixture
def pair(clerk, policy, cookie):
    found = cookies(clerk.handshakes.begin(policy, cookie=cookie, origin=ORIGIN).lines)
    clerk.clock.advance(61)
    return found["__session"], found[f"__refresh_{policy.suffix}"]


def refresh(clerk, session, pair, **changes):
    token, refresh_token = pair
    given = {
        "expired_token": token,
        "refresh_token": refresh_token,
        "request_origin": ORIGIN,
        **changes,
    }
    return clerk.handshakes.refresh(session.id, **given)


def test_an_expired_token_is_refreshed(clerk, session, pair):
    fresh = claims(clerk, refresh(clerk, session, pair))
    assert fresh["sid"] == session.id
    assert fresh["iat"] >= claims(clerk, pair[0])["exp"]
    assert fresh["azp"] == ORIGIN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expired_token": "x.y.z"}, "expired_session_token_invalid"),
        ({"refresh_token": "guessed"}, "refresh_token_not_found"),
        ({"request_origin": "https://evil.example"}, "refresh_request_origin_azp_mismatch"),
    ],
    ids=["forged token", "unknown refresh token", "other origin"],
)
def test_what_does_not_belong_together_is_not_refreshed(clerk, session, pair, changes, code):
    with pytest.raises(LocalClerkError) as refused:
        refresh(clerk, session, pair, **changes)
    assert (refused.value.code, refused.value.status) == (code, 401)


def test_a_revoked_session_is_not_refreshed(clerk, session, pair):
    clerk.sessions.revoke(session.id)
    with pytest.raises(LocalClerkError) as refused:
        refresh(clerk, session, pair)
    assert refused.value.status == 401


def test_a_template_token_is_not_refreshed_into_a_session(clerk, session, pair):
    clerk.templates.create({"name": "api", "claims": {}})
    token = clerk.minting.template_token(session, "api", origin=ORIGIN)
    with pytest.raises(LocalClerkError):
        refresh(clerk, session, (token, pair[1]))
