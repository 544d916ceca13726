"""Reasons and their sentences, error objects, organization targets, and Clerk's own pages."""

from __future__ import annotations

import pytest

from flask_clerk.core import constants
from flask_clerk.core.accounts import accounts_url
from flask_clerk.core.accounts import is_clerk_page
from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.claims import freeze
from flask_clerk.core.constants import Reason
from flask_clerk.core.constants import RefreshReason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import ClerkError
from flask_clerk.core.errors import ConfigurationError
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.errors import SigningKeyError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.messages import message_for
from flask_clerk.core.organizations import Target
from tests.signing import session_claims


def values_of(names: type) -> list[str]:
    return [value for name, value in vars(names).items() if name.isupper()]


REASONS = values_of(Reason)


def test_reasons_are_distinct_and_fit_into_a_header() -> None:
    assert len(REASONS) == len(set(REASONS))
    for reason in (*REASONS, *values_of(RefreshReason)):
        # Clerk's own spelling of this one.
        is_sentence = reason == Reason.NO_TOKEN_IN_HEADER
        assert is_sentence or set(reason) <= set("abcdefghijklmnopqrstuvwxyz-")


@pytest.mark.parametrize("reason", REASONS)
def test_a_reasons_sentence_is_one_line_of_ascii(reason: str) -> None:
    sentence = message_for(reason)
    if sentence is not None:
        assert sentence.isascii()
        assert sentence.isprintable()
        assert sentence.endswith(".")


def test_every_way_not_to_refresh_has_the_sentence_of_an_expired_token() -> None:
    for why in values_of(RefreshReason):
        reason = f"{Reason.SESSION_TOKEN_EXPIRED}-refresh-{why}"
        assert message_for(reason) == "The session token has expired."
    assert message_for(None) is None
    assert message_for("unheard-of") is None


def test_names_are_spelled_as_clerk_spells_them() -> None:
    assert constants.API_URL == "https://api.clerk.com"
    assert constants.SUPPORTED_API_VERSION == "2026-05-12"
    assert values_of(constants.Cookies) == [
        "__session", "__client_uat", "__refresh", "__clerk_db_jwt", "__clerk_handshake",
        "__clerk_handshake_nonce", "__clerk_redirect_count",
    ]  # fmt: skip
    assert values_of(constants.Headers) == [
        "X-Clerk-Auth-Status", "X-Clerk-Auth-Reason", "X-Clerk-Auth-Message",
    ]  # fmt: skip
    assert values_of(constants.Status) == ["signed-in", "signed-out", "handshake"]
    assert (constants.Synced.NEEDED, constants.Synced.COMPLETED) == ("false", "true")
    assert constants.Parameters.HANDSHAKE_REASON == "__clerk_hs_reason"


@pytest.mark.parametrize(
    ("error", "parent", "reason"),
    [
        (ConfigurationError, ValueError, "configuration-invalid"),
        (TokenVerificationError, ClerkError, Reason.TOKEN_VERIFICATION_FAILED),
        (SigningKeyError, TokenVerificationError, Reason.JWK_FAILED_TO_LOAD),
        (HandshakeError, ClerkError, "handshake-failed"),
        (BackendAPIError, ClerkError, Reason.UNEXPECTED_ERROR),
    ],
)
def test_every_error_is_a_clerk_error_with_a_reason(
    error: type[ClerkError], parent: type[Exception], reason: str
) -> None:
    raised = error("Do this.")
    assert isinstance(raised, ClerkError)
    assert isinstance(raised, parent)
    assert raised.reason == reason
    assert raised.message == str(raised) == "Do this."


def test_an_error_may_carry_a_reason_of_its_own() -> None:
    assert TokenVerificationError("x", reason="token-expired").reason == "token-expired"
    assert TokenVerificationError("x").reason == Reason.TOKEN_VERIFICATION_FAILED


def test_a_backend_error_tells_an_answer_from_none() -> None:
    answered = BackendAPIError("x", status=429, codes=("a",), trace_id="t", retry_after=2.0)
    assert not answered.is_unreachable
    assert (answered.codes, answered.trace_id, answered.retry_after) == (("a",), "t", 2.0)
    assert BackendAPIError("x").is_unreachable


def session_in(**organization: str) -> SessionAuth:
    return SessionAuth(freeze(session_claims(0, o=organization or None)), "token")


def test_a_target_is_active_when_the_session_has_it() -> None:
    acme, personal = session_in(id="org_1", slg="acme"), session_in()
    assert Target(organization_id="org_1").is_active(acme)
    assert not Target(organization_id="org_2").is_active(acme)
    assert not Target(organization_id="org_1").is_active(personal)
    assert Target(organization_slug="acme").is_active(acme)
    assert not Target(organization_slug="org_1").is_active(acme)
    assert not Target(organization_slug="acme").is_active(personal)
    assert Target(organization_id="org_1", organization_slug="other").is_active(acme)
    assert Target().is_active(personal)
    assert not Target().is_active(acme)


def test_a_targets_parameter_is_what_a_handshake_asks_for() -> None:
    assert Target(organization_id="org_1", organization_slug="acme").parameter == "org_1"
    assert Target(organization_slug="acme").parameter == "acme"
    assert Target().parameter == ""


@pytest.mark.parametrize(
    ("frontend_api", "portal"),
    [
        ("https://clerk.example.com", "https://accounts.example.com"),
        ("https://clerk.example.com:8443", "https://accounts.example.com"),
        ("https://happy-cat-1.clerk.accounts.dev", "https://happy-cat-1.accounts.dev"),
        ("https://a.clerk.accountsstage.dev", "https://a.accountsstage.dev"),
        ("https://clerk.happy.cat-1.lcl.dev", "https://accounts.happy.cat-1.lcl.dev"),
        ("https://frontend.example.com", "https://frontend.example.com"),
    ],
)
def test_the_account_portal_follows_from_the_frontend_api(frontend_api: str, portal: str) -> None:
    assert accounts_url(frontend_api) == portal


PAGES = [
    ("https://clerk.example.com", True, True),
    ("http://clerk.example.com", True, True),
    ("https://accounts.example.com", True, True),
    ("http://accounts.example.com", False, False),
    ("https://accounts.example.com.evil.com", False, False),
    ("https://example.com", False, False),
    ("https://anyone.accounts.dev", True, False),
    ("https://anyone.clerk.accounts.dev", False, False),
    ("https://accounts.anyone.cat-1.lcl.dev", True, False),
    ("https://accounts.anyone.lclclerk.com", True, False),
    ("https://anyone.lcl.dev", False, False),
    ("https://accounts.dev.evil.com", False, False),
    ("https://evil-accounts.dev", False, False),
    ("nonsense", False, False),
]


@pytest.mark.parametrize(("origin", "in_development", "in_production"), PAGES)
def test_clerks_own_pages_are_told_from_others(
    origin: str, in_development: bool, in_production: bool
) -> None:
    assert is_clerk_page(origin, "https://clerk.example.com", True) is in_development
    assert is_clerk_page(origin, "https://clerk.example.com", False) is in_production
