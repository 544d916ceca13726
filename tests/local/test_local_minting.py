from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.claims import freeze
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerkError
from flask_clerk.local.permissions import pack
from flask_clerk.local.signing import read_own_token

NAMES = st.text("abcdefgh_-0123456789", min_size=1, max_size=8)
PERMISSIONS = st.builds("org:{}:{}".format, NAMES, NAMES)


def read(clerk, token: str) -> dict[str, Any]:
    claims = read_own_token(token, {key.kid: key for key in clerk.state.signing_keys})
    assert claims is not None
    return claims


@given(st.sets(PERMISSIONS), st.sets(NAMES), st.sets(NAMES))
def test_packed_permissions_are_unpacked_to_the_same(permissions, org_features, user_features):
    packed = pack(permissions, org_features, user_features)
    organization = {"id": "org_1", "rol": "admin", "per": packed.per, "fpm": packed.fpm}
    claims = {"v": 2, "sub": "user_1", "fea": packed.fea, "o": organization}
    auth = SessionAuth(freeze(claims), "")
    assert auth.org_permissions is not None
    assert set(auth.org_permissions) == permissions
    assert all(auth.has(permission=permission) for permission in permissions)
    assert all(auth.has(feature=f"org:{feature}") for feature in org_features)
    assert all(auth.has(feature=f"user:{feature}") for feature in user_features)


def test_the_documented_example_is_packed_as_documented():
    packed = pack(["org:dashboard:read", "org:dashboard:manage", "org:teams:read"])
    assert (packed.fea, packed.per, packed.fpm) == ("o:dashboard,o:teams", "manage,read", "3,2")


def test_a_session_token_has_clerks_header_and_claims(clerk, session):
    token = clerk.minting.session_token(session, origin="http://localhost:5000")
    header = read_token(token).header
    assert header["cat"] == "cl_B7d4PD111AAA"
    assert header["alg"] == "RS256"
    assert header["kid"] == clerk.signing_key.kid
    claims = read(clerk, token)
    assert set(claims) == {
        *("azp", "exp", "fva", "iat", "iss", "jti", "nbf", "sid", "sts", "sub", "v")
    }
    assert claims["exp"] - claims["iat"] == 60
    assert claims["iat"] - claims["nbf"] == 10
    assert claims["fva"] == [0, -1]


def test_factor_age_grows_until_the_factor_is_shown_again(clerk, session):
    clerk.clock.advance(600)
    claims = clerk.minting.session_claims(session, None, 60)
    assert claims["fva"] == [10, -1]
    again = clerk.sessions.reverify(session.id)
    assert clerk.minting.session_claims(again, None, 60)["fva"] == [0, -1]


def test_the_organization_claim_carries_what_the_role_may_do(clerk, session):
    clerk.organizations.put_role("org:admin", permissions=["org:invoices:read"])
    organization = clerk.organizations.get("analytical-engines")
    clerk.organizations.update(organization.id, features=["teams"], plans=["pro"])
    active = clerk.sessions.set_organization(session.id, organization.id)
    token = clerk.minting.session_token(active)
    auth = SessionAuth(freeze(read(clerk, token)), token)
    assert auth.org_slug == "analytical-engines"
    assert auth.has(role="org:admin", permission="org:invoices:read", feature="teams", plan="pro")
    assert not auth.has(permission="org:sys_profile:manage")


def test_custom_claims_stand_under_the_default_ones(clerk, session):
    clerk.templates.customise_session_token(
        {"role": "{{user.public_metadata.role}}", "secret": "{{user.password_hash}}"}
    )
    claims = read(clerk, clerk.minting.session_token(session))
    assert (claims["role"], claims["secret"]) == ("admin", None)
    with pytest.raises(LocalClerkError) as refused:
        clerk.templates.customise_session_token({"sub": "user_evil"})
    assert refused.value.code == "jwt_template_reserved_claim"


def test_a_template_token_has_its_own_category_and_lifetime(clerk, session):
    clerk.templates.create(
        {"name": "api", "claims": {"aud": "api", "n": "{{user.full_name}}"}, "lifetime": 300}
    )
    token = clerk.minting.template_token(session, "api", origin="http://localhost")
    assert read_token(token).header["cat"] == "cl_B7d4PD222AAA"
    claims = read(clerk, token)
    assert set(claims) == {"aud", "n", "azp", "exp", "iat", "iss", "jti", "nbf", "sub"}
    assert (claims["n"], claims["exp"] - claims["iat"]) == ("Ada Lovelace", 300)
    with pytest.raises(LocalClerkError) as refused:
        clerk.minting.template_token(session, "unknown")
    assert refused.value.status == 404


def test_a_template_signs_with_its_own_key(clerk, session):
    key = "a secret of at least thirty-two bytes"
    clerk.templates.create(
        {
            "name": "hs",
            "claims": {},
            "custom_signing_key": True,
            "signing_algorithm": "HS256",
            "signing_key": key,
        }
    )
    token = clerk.minting.template_token(session, "hs")
    assert read_token(token).header["alg"] == "HS256"
    assert key not in repr(clerk.templates.get("hs"))


def test_rotated_keys_leave_old_tokens_worthless_unless_kept(clerk, session):
    old = clerk.minting.session_token(session)
    clerk.rotate_keys(keep_old=True)
    assert read(clerk, old)["sid"] == session.id
    assert len(clerk.jwks()["keys"]) == 2
    clerk.faults.rotate_keys()
    keys = {key.kid: key for key in clerk.state.signing_keys}
    assert read_own_token(old, keys) is None


def test_skewed_tokens_come_from_the_future(clerk, session):
    clerk.faults.skew_tokens(120)
    claims = read(clerk, clerk.minting.session_token(session))
    assert claims["iat"] >= clerk.now // 1000 + 119


def test_the_jwks_shows_no_private_part(clerk):
    assert set(clerk.jwks()["keys"][0]) == {"use", "kty", "kid", "alg", "n", "e"}
