from __future__ import annotations

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerkError
from flask_clerk.local.faults import Fault


def test_a_machine_token_is_verified_until_revoked_or_expired(clerk, ada):
    key = clerk.machines.create_api_key(ada.id, "my key", expires_in=60)
    assert clerk.machines.verify("api_key", key.secret).subject == ada.id
    with pytest.raises(LocalClerkError):
        clerk.machines.verify("m2m_token", key.secret)
    clerk.clock.advance(61)
    with pytest.raises(LocalClerkError):
        clerk.machines.verify("api_key", key.secret)
    forever = clerk.machines.create_api_key(ada.id, "another")
    clerk.machines.revoke(forever.record.id, "lost")
    with pytest.raises(LocalClerkError):
        clerk.machines.verify("api_key", forever.secret)


def test_an_m2m_jwt_is_known_as_one(clerk):
    machine = clerk.machines.create("reports")
    token = read_token(clerk.machines.create_m2m_jwt(machine.id, claims={"sub": "user_evil"}))
    assert token.machine_type == "m2m_token"
    assert token.header["cat"] == "cl_B7d4PD333AAA"
    assert token.payload["sub"] == machine.id


def test_faults_are_taken_one_by_one_and_then_the_lasting_one(clerk):
    clerk.faults.limit("backend", retry_after=3, times=2)
    assert clerk.faults.take("backend") == Fault(429, 3)
    assert clerk.faults.take("frontend") is None
    assert clerk.faults.take("backend") == Fault(429, 3)
    assert clerk.faults.take("backend") is None
    clerk.faults.hang("backend", 0.5)
    assert clerk.faults.take("backend") == clerk.faults.take("backend") == Fault(None, None, 0.5)
    clerk.faults.clear()
    assert clerk.faults.take("backend") is None
