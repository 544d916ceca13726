"""The auth objects, signed in and signed out: one shape, and nothing of a token in sight."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.core.auth import Auth
from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.auth import session_auth
from flask_clerk.core.claims import FrozenList
from flask_clerk.core.claims import freeze
from flask_clerk.core.constants import Reason
from tests.signing import session_claims


class FakeServices:
    """Stands for the framework and writes down what it was asked."""

    def user_of(self, auth: Auth) -> Any:
        return f"user {auth.user_id}"

    def token_of(self, auth: Auth, template: str | None, expires_in: int | None) -> str:
        return f"token {template} {expires_in}"

    def session_of(self, auth: Auth) -> Any:
        return f"session {auth.session_id}"

    def redirect_to(self, page: str, auth: Auth, return_back_url: str | None) -> Any:
        return (page, return_back_url)


def claims_of(**changed: Any) -> Any:
    return freeze(session_claims(1_800_000_000, **changed))


NOTHING = (
    "user_id", "session_id", "session_status", "session_claims", "actor", "org_id", "org_slug",
    "org_role", "org_permissions", "factor_verification_age", "user",
    "session",
)  # fmt: skip


def test_nobody_has_the_same_attributes_with_nothing_in_them() -> None:
    auth = Auth(Reason.SESSION_TOKEN_AND_UAT_MISSING)
    assert {name: getattr(auth, name) for name in NOTHING} == dict.fromkeys(NOTHING)
    assert not auth.is_signed_in
    assert not auth.is_authenticated
    assert not auth
    assert auth.token_type == "session_token"
    assert auth.get_token() is None
    assert auth.get_token("template", expires_in=60) is None
    assert auth.claim("sub") is None
    assert auth.claim("sub", "nobody") == "nobody"
    assert not auth.has(role="admin")
    assert auth.reason == Reason.SESSION_TOKEN_AND_UAT_MISSING
    assert auth.message is None
    assert Auth(Reason.TOKEN_INVALID).message is not None


def test_every_public_attribute_of_a_session_is_there_for_nobody_too() -> None:
    auth = SessionAuth(claims_of(), "token", FakeServices())
    shown = {name for name in dir(auth) if not name.startswith("_")}
    assert shown == {name for name in dir(Auth("why")) if not name.startswith("_")}


def test_nothing_of_an_auth_object_can_be_overwritten() -> None:
    for auth in (Auth("why"), SessionAuth(claims_of(), "token", FakeServices())):
        with pytest.raises(AttributeError, match="user_id is read-only"):
            auth.user_id = "user_evil"


def test_a_session_shows_what_its_claims_say() -> None:
    auth = SessionAuth(claims_of(act={"sub": "user_2"}), "the-token", FakeServices())
    assert auth
    assert auth.is_signed_in
    assert auth.user_id == "user_1"
    assert auth.session_id == "sess_1"
    assert auth.session_status == "active"
    assert auth.actor == {"sub": "user_2"}
    assert auth.factor_verification_age == [0, -1]
    assert auth.reason is None
    assert auth.message is None
    assert auth.user == "user user_1"
    assert auth.session == "session sess_1"
    assert auth.get_token() == "the-token"
    assert auth.get_token("hasura") == "token hasura None"
    assert auth.get_token(expires_in=600) == "token None 600"


def test_a_repr_names_the_user_and_never_the_token() -> None:
    assert repr(SessionAuth(claims_of(), "the-token")) == "<SessionAuth user_1 in sess_1>"
    assert repr(Auth("why")) == "<Auth signed out: why>"


def test_redirects_are_asked_of_the_framework() -> None:
    for auth in (
        Auth("why", services=FakeServices()),
        SessionAuth(claims_of(), "", FakeServices()),
    ):
        assert auth.redirect_to_sign_in() == ("sign-in", None)
        assert auth.redirect_to_sign_up("/back") == ("sign-up", "/back")


def test_outside_of_a_request_there_is_nobody_to_ask() -> None:
    auth = SessionAuth(claims_of(), "token")
    for ask in (Auth("why").redirect_to_sign_in, auth.redirect_to_sign_up):
        with pytest.raises(RuntimeError, match="outside of a web request"):
            ask()
    with pytest.raises(RuntimeError):
        auth.get_token("template")
    with pytest.raises(RuntimeError):
        assert auth.user


def test_version_2_unpacks_the_organization_of_clerks_worked_example() -> None:
    organization = {
        "id": "org_1",
        "slg": "acme",
        "rol": "admin",
        "per": "manage,read",
        "fpm": "3,2",
    }
    auth = SessionAuth(claims_of(fea="o:dashboard,o:teams", o=organization), "token")
    assert (auth.org_id, auth.org_slug, auth.org_role) == ("org_1", "acme", "org:admin")
    assert auth.org_permissions == [
        "org:dashboard:manage",
        "org:dashboard:read",
        "org:teams:read",
    ]
    assert isinstance(auth.org_permissions, FrozenList)
    assert auth.has(permission="org:teams:read")
    assert not auth.has(permission="org:teams:manage")


def test_version_1_reads_the_flat_claims() -> None:
    claims = claims_of(
        v=None, org_id="org_1", org_slug="acme", org_role="org:admin", org_permissions=["org:a:b"]
    )
    auth = SessionAuth(claims, "token")
    assert (auth.org_id, auth.org_slug, auth.org_role) == ("org_1", "acme", "org:admin")
    assert auth.org_permissions == ["org:a:b"]
    assert auth.has(permission="a:b", role="admin")


ORGANIZATIONS = [
    pytest.param("org_1", id="string"),
    pytest.param(["org_1"], id="list"),
    pytest.param(7, id="number"),
    pytest.param(True, id="true"),
    pytest.param({}, id="empty"),
    pytest.param({"id": 1, "slg": [], "rol": {}, "per": "read", "fpm": "1"}, id="wrong-types"),
    pytest.param({"id": ["org_1"], "rol": "admin", "per": ["read"], "fpm": "1"}, id="lists"),
]


@pytest.mark.parametrize("organization", ORGANIZATIONS)
@pytest.mark.parametrize("version", [1, 2, "2", None, 2.5])
def test_a_malformed_organization_grants_nothing(organization: object, version: object) -> None:
    claims = claims_of(v=version, o=organization, fea="o:dashboard")
    auth = SessionAuth(claims, "token")
    assert auth.org_id is None
    assert not auth.has(role="admin")
    assert not auth.has(permission="org:dashboard:read")


@pytest.mark.parametrize("fpm", ["x", "-1", "1.0", "0x1", "\u0661", "²", "", " ", ",", 1])
def test_a_malformed_permission_map_grants_nothing(fpm: object) -> None:
    organization = {"id": "org_1", "rol": "admin", "per": "read", "fpm": fpm}
    auth = SessionAuth(claims_of(fea="o:dashboard", o=organization), "token")
    assert not auth.has(permission="org:dashboard:read")
    assert not auth.org_permissions


def test_a_permission_map_of_thousands_of_digits_raises_nothing() -> None:
    organization = {"id": "org_1", "rol": "admin", "per": "read", "fpm": "8" * 5_000}
    auth = SessionAuth(claims_of(fea="o:dashboard", o=organization), "token")
    assert not auth.org_permissions


@pytest.mark.parametrize("permissions", ["org:a:b", {"org:a:b": 1}, 7, None, True])
def test_malformed_flat_permissions_grant_nothing(permissions: object) -> None:
    auth = SessionAuth(claims_of(v=1, org_id="org_1", org_permissions=permissions), "token")
    assert auth.org_permissions is None
    assert not auth.has(permission="org:a:b")


def test_a_pending_session_is_signed_out_unless_asked_otherwise() -> None:
    claims = claims_of(sts="pending")
    auth = session_auth(claims, "token", treat_pending_as_signed_out=True)
    assert not auth
    assert auth.user_id is None
    assert auth.get_token() is None
    assert auth.reason == Reason.SESSION_PENDING
    assert auth.session_status == "pending"
    allowed = session_auth(claims, "token", treat_pending_as_signed_out=False)
    assert allowed.is_signed_in
    assert allowed.session_status == "pending"


@pytest.mark.parametrize("status", [None, "active", "PENDING", ["pending"], 7])
def test_any_other_status_is_signed_in(status: object) -> None:
    auth = session_auth(claims_of(sts=status), "token", treat_pending_as_signed_out=True)
    assert auth.is_signed_in


def test_a_claim_is_found_by_its_name_or_by_dots() -> None:
    claims = claims_of(**{"metadata.role": "whole", "metadata": {"role": "inner", "none": None}})
    auth = SessionAuth(claims, "token")
    assert auth.claim("metadata.role") == "whole"
    assert auth.claim("metadata") == {"role": "inner", "none": None}
    assert auth.claim("metadata.none", "default") is None
    assert auth.claim("metadata.role.x", "default") == "default"
    assert auth.claim("sub.x") is None
    assert auth.claim("", "default") == "default"
