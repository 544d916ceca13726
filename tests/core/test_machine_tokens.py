"""Tokens that are no session's: which are accepted where, what is asked about them, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from flask_clerk.core.auth import Auth
from flask_clerk.core.auth import TokenAuth
from flask_clerk.core.constants import Reason
from flask_clerk.core.errors import BackendAPIError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.state import RequestState
from flask_clerk.core.tokens import API_KEY
from flask_clerk.core.tokens import CATEGORY_M2M
from flask_clerk.core.tokens import CATEGORY_NEUTRAL
from flask_clerk.core.tokens import CATEGORY_SESSION
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from flask_clerk.core.tokens import JWT_TEMPLATE
from flask_clerk.core.tokens import M2M_TOKEN
from flask_clerk.core.tokens import OAUTH_TOKEN
from flask_clerk.core.tokens import SESSION_TOKEN
from flask_clerk.core.tokens import TOKEN_TYPES
from tests.core.scene import NOW
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import Scene
from tests.signing import Signer

API_KEY_ANSWER = {
    "object": "api_key",
    "id": "ak_0123",
    "type": "api_key",
    "subject": "user_ada",
    "name": "Nightly import",
    "claims": {"plan": {"seats": 3}},
    "scopes": ["invoices:read", "invoices:write"],
    "revoked": False,
    "expired": False,
    "expiration": None,
}
M2M_ANSWER = {
    "object": "machine_to_machine_token",
    "id": "mt_0123",
    "subject": "mch_importer",
    "claims": None,
    "scopes": ["mch_books"],
    "revoked": False,
    "expired": False,
    "expiration": (NOW + 60) * 1000,
}
OAUTH_ANSWER = {
    "object": "clerk_idp_oauth_access_token",
    "id": "oat_0123",
    "type": "oauth:access_token",
    "subject": "user_ada",
    "client_id": "client_1",
    "scopes": ["profile", "invoices:read"],
    "revoked": False,
    "expired": False,
    "expiration": NOW + 60,
}


@pytest.fixture
def scene(sign: Signer) -> Scene:
    return with_tokens(Scene(sign))


def with_tokens(scene: Scene) -> Scene:
    scene.backend.machine_tokens = {
        "ak_good": API_KEY_ANSWER,
        "mt_good": M2M_ANSWER,
        "oat_good": OAUTH_ANSWER,
    }
    return scene


def m2m_jwt(scene: Scene, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    usual = {
        "aud": ["mch_books"],
        "exp": NOW + 60,
        "iat": NOW,
        "iss": "https://clerk.example.com",
        "jti": "mt_jwt",
        "nbf": NOW - 10,
        "scopes": "mch_books mch_mail",
        "sub": "mch_importer",
    }
    return signed(scene, usual, claims, {"cat": CATEGORY_M2M, **(header or {})})


def oauth_jwt(scene: Scene, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    usual = {
        "client_id": "client_1",
        "exp": NOW + 60,
        "iat": NOW,
        "iss": "https://clerk.example.com",
        "jti": "oat_jwt",
        "scope": "profile invoices:read",
        "sub": "user_ada",
    }
    return signed(scene, usual, claims, {"cat": None, "typ": "at+jwt", **(header or {})})


def template_token(scene: Scene, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    usual = {
        "azp": "https://app.example.com",
        "exp": NOW + 60,
        "iat": NOW,
        "iss": "https://clerk.example.com",
        "jti": "0123",
        "nbf": NOW - 5,
        "role": "admin",
        "sub": "user_ada",
    }
    return signed(scene, usual, claims, {"cat": CATEGORY_TEMPLATE, **(header or {})})


def signed(scene: Scene, usual: Any, changed: Any, header: Mapping[str, Any]) -> str:
    claims = {name: value for name, value in {**usual, **changed}.items() if value is not None}
    return scene.sign(claims, header)


def decide(scene: Scene, token: str | None, *accepts: str, **request: Any) -> RequestState:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return scene.decide(accepts=accepts, headers=headers, **request)


TOKENS = {
    SESSION_TOKEN: lambda scene: scene.token(),
    API_KEY: lambda scene: "ak_good",
    M2M_TOKEN: lambda scene: "mt_good",
    OAUTH_TOKEN: lambda scene: "oat_good",
    "m2m_jwt": m2m_jwt,
    "oauth_jwt": oauth_jwt,
    JWT_TEMPLATE: template_token,
}
TYPES = {"m2m_jwt": M2M_TOKEN, "oauth_jwt": OAUTH_TOKEN}
ROUTES = [
    *((name,) for name in (*TOKEN_TYPES, JWT_TEMPLATE)),
    (SESSION_TOKEN, API_KEY),
    (API_KEY, M2M_TOKEN),
    (SESSION_TOKEN, JWT_TEMPLATE),
    TOKEN_TYPES,
    (*TOKEN_TYPES, JWT_TEMPLATE),
    (),
]


@pytest.mark.parametrize("accepts", ROUTES, ids="+".join)
@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_accepted_on_the_routes_of_its_type_and_nowhere_else(
    scene: Scene, kind: str, accepts: tuple[str, ...]
) -> None:
    token_type = TYPES.get(kind, kind)
    token = TOKENS[kind](scene)
    state = decide(scene, token, *accepts)
    assert (state.status == SIGNED_IN) is (token_type in accepts)
    asked = [call for call in scene.backend.calls if call[0] == "verify"]
    is_opaque = "." not in token
    assert asked == ([("verify", token_type, token)] if token_type in accepts and is_opaque else [])
    auth = state.to_auth()
    assert auth.is_authenticated is (token_type in accepts)
    assert auth.is_signed_in is (auth.is_authenticated and token_type == SESSION_TOKEN)
    if auth.is_authenticated:
        assert auth.token_type == token_type


@pytest.mark.parametrize(
    ("accepts", "token", "reason", "token_type"),
    [
        # One type of machine token: it is in the header, or nobody is there.
        ((API_KEY,), None, "No token in header", API_KEY),
        ((OAUTH_TOKEN,), "session", "token-type-mismatch", OAUTH_TOKEN),
        ((OAUTH_TOKEN,), "ak_good", "token-type-mismatch", OAUTH_TOKEN),
        ((API_KEY,), "nonsense", "token-type-mismatch", API_KEY),
        ((JWT_TEMPLATE,), None, "No token in header", JWT_TEMPLATE),
        # Several types: no token at all is a session's absence.
        ((API_KEY, M2M_TOKEN), None, "token-type-mismatch", None),
        ((API_KEY, M2M_TOKEN), "oat_good", "token-type-mismatch", None),
        ((SESSION_TOKEN, API_KEY), None, "session-token-and-uat-missing", SESSION_TOKEN),
        ((SESSION_TOKEN, API_KEY), "mt_good", "token-type-mismatch", None),
        ((SESSION_TOKEN, API_KEY), "template", "token-type-mismatch", SESSION_TOKEN),
        (TOKEN_TYPES, "template", "token-type-mismatch", SESSION_TOKEN),
        ((), "ak_good", "token-type-mismatch", None),
        # A session's route does not look into opaque tokens.
        ((SESSION_TOKEN,), "ak_good", "token-invalid", SESSION_TOKEN),
        ((SESSION_TOKEN,), "template", "token-type-mismatch", SESSION_TOKEN),
        ((SESSION_TOKEN,), "m2m_jwt", "token-type-mismatch", SESSION_TOKEN),
    ],
)
def test_a_refusal_has_clerks_reason_and_the_type_that_was_expected(
    scene: Scene, accepts: tuple[str, ...], token: str | None, reason: str, token_type: str | None
) -> None:
    made = {"session": scene.token, "template": lambda: template_token(scene),
            "m2m_jwt": lambda: m2m_jwt(scene)}  # fmt: skip
    state = decide(scene, made[token]() if token in made else token, *accepts)
    assert (state.status, state.reason, state.token_type) == (SIGNED_OUT, reason, token_type)
    assert state.to_auth().token_type == token_type
    assert scene.backend.calls == []


def test_cookies_are_not_read_where_no_session_is_accepted(scene: Scene) -> None:
    for cookies in (scene.cookies(scene.token()), scene.cookies(scene.expired())):
        state = decide(scene, None, API_KEY, cookies=cookies)
        assert (state.status, state.reason) == (SIGNED_OUT, "No token in header")
        assert decide(scene, None, API_KEY, M2M_TOKEN, cookies=cookies).status == SIGNED_OUT
        assert state.location is None
    cookies = scene.cookies(scene.token())
    assert decide(scene, None, SESSION_TOKEN, API_KEY, cookies=cookies).is_signed_in


@pytest.mark.parametrize(
    ("kind", "filled"),
    [
        (
            API_KEY,
            {"id": "ak_0123", "subject": "user_ada", "name": "Nightly import",
             "claims": {"plan": {"seats": 3}}, "scopes": ["invoices:read", "invoices:write"],
             "user_id": "user_ada"},
        ),
        (
            M2M_TOKEN,
            {"id": "mt_0123", "subject": "mch_importer", "scopes": ["mch_books"],
             "machine_id": "mch_importer"},
        ),
        (
            "m2m_jwt",
            {"id": "mt_jwt", "subject": "mch_importer", "scopes": ["mch_books", "mch_mail"],
             "claims": {"aud": ["mch_books"], "scopes": "mch_books mch_mail"},
             "machine_id": "mch_importer"},
        ),
        (
            OAUTH_TOKEN,
            {"id": "oat_0123", "subject": "user_ada", "scopes": ["profile", "invoices:read"],
             "user_id": "user_ada", "client_id": "client_1"},
        ),
        (
            "oauth_jwt",
            {"id": "oat_jwt", "subject": "user_ada", "scopes": ["profile", "invoices:read"],
             "user_id": "user_ada", "client_id": "client_1"},
        ),
    ],
)  # fmt: skip
def test_the_auth_object_of_a_token_says_what_clerks_says(
    scene: Scene, kind: str, filled: dict[str, Any]
) -> None:
    token = TOKENS[kind](scene)
    auth = decide(scene, token, *TOKEN_TYPES).to_auth()
    fields = (
        "id", "subject", "name", "claims", "scopes", "user_id", "org_id", "machine_id",
        "client_id", "session_id", "session_claims", "actor", "org_role", "reason",
    )  # fmt: skip
    assert {name: getattr(auth, name) for name in fields} == {**dict.fromkeys(fields), **filled}
    assert auth
    assert not auth.has(role="admin")
    assert auth.get_token() == token
    assert auth.get_token("template") is None
    assert auth.get_token(expires_in=60) is None
    assert token not in repr(auth)


def test_a_template_tokens_claims_are_all_its_own(scene: Scene) -> None:
    auth = decide(scene, template_token(scene), JWT_TEMPLATE).to_auth()
    assert auth.claim("role") == "admin"
    assert auth.claim("sub") == auth.user_id == auth.subject == "user_ada"
    assert (auth.session_id, auth.session_claims, auth.is_signed_in) == (None, None, False)
    assert not auth.has(role="admin")


@pytest.mark.parametrize("name", [SESSION_TOKEN, "m2m_jwt", "oauth_jwt"])
def test_no_other_token_is_taken_for_a_templates(scene: Scene, name: str) -> None:
    with pytest.raises(TokenVerificationError, match="another class") as refused:
        scene.instance.verify_machine_token(TOKENS[name](scene), JWT_TEMPLATE)
    assert refused.value.reason == Reason.TOKEN_INVALID


def test_an_organizations_key_belongs_to_no_user(scene: Scene) -> None:
    scene.backend.machine_tokens["ak_org"] = {**API_KEY_ANSWER, "subject": "org_acme"}
    auth = decide(scene, "ak_org", API_KEY).to_auth()
    assert (auth.user_id, auth.org_id, auth.user) == (None, "org_acme", None)


def test_nothing_in_the_auth_object_can_be_changed(scene: Scene) -> None:
    auth = decide(scene, "ak_good", API_KEY).to_auth()
    with pytest.raises(TypeError, match="read-only"):
        auth.scopes.append("everything")
    with pytest.raises(TypeError, match="read-only"):
        auth.claims["plan"]["seats"] = 1000
    with pytest.raises(AttributeError, match="read-only"):
        setattr(auth, "subject", "user_eve")  # noqa: B010
    assert API_KEY_ANSWER["claims"] == {"plan": {"seats": 3}}


def test_every_public_attribute_of_a_token_is_there_for_nobody_too(scene: Scene) -> None:
    auth = decide(scene, "ak_good", API_KEY).to_auth()
    shown = {name for name in dir(auth) if not name.startswith("_")}
    assert isinstance(auth, TokenAuth)
    assert shown == {name for name in dir(Auth("why")) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (BackendAPIError("x", status=404), Reason.TOKEN_INVALID),
        (BackendAPIError("x", status=400), Reason.UNEXPECTED_ERROR),
        (BackendAPIError("x", status=401, codes=("clerk_key_invalid",)), Reason.SECRET_KEY_INVALID),
        (BackendAPIError("x", status=429, retry_after=1.0), Reason.UNEXPECTED_ERROR),
        (BackendAPIError("x", status=500), Reason.UNEXPECTED_ERROR),
        (BackendAPIError("x"), Reason.UNEXPECTED_ERROR),
        ({**API_KEY_ANSWER, "revoked": True}, Reason.TOKEN_INVALID),
        ({**API_KEY_ANSWER, "expired": True}, Reason.TOKEN_INVALID),
        ({"active": False}, Reason.TOKEN_INVALID),
        ({}, Reason.UNEXPECTED_ERROR),
        ({**API_KEY_ANSWER, "subject": ""}, Reason.UNEXPECTED_ERROR),
        ({**API_KEY_ANSWER, "subject": 7}, Reason.UNEXPECTED_ERROR),
    ],
)
def test_whatever_the_backend_answers_a_bad_token_is_refused(
    scene: Scene, answer: Any, reason: str
) -> None:
    scene.backend.machine_tokens["ak_bad"] = answer
    state = decide(scene, "ak_bad", API_KEY)
    assert (state.status, state.reason, state.token_type) == (SIGNED_OUT, reason, API_KEY)


def test_a_malformed_answer_gives_nothing_away(scene: Scene) -> None:
    scene.backend.machine_tokens["ak_odd"] = {
        "id": 7, "subject": "user_ada", "name": ["x"], "claims": "all", "scopes": {"admin": True},
        "expiration": "never",
    }  # fmt: skip
    auth = decide(scene, "ak_odd", API_KEY).to_auth()
    assert (auth.id, auth.name, auth.claims, auth.scopes) == (None, None, None, [])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s: m2m_jwt(s, {"cat": None}), None),
        (lambda s: m2m_jwt(s, {"cat": CATEGORY_SESSION}), Reason.TOKEN_INVALID),
        (lambda s: m2m_jwt(s, {"cat": CATEGORY_TEMPLATE}), Reason.TOKEN_INVALID),
        (lambda s: m2m_jwt(s, {"cat": CATEGORY_NEUTRAL}), Reason.TOKEN_INVALID),
        (lambda s: m2m_jwt(s, {"typ": "at+jwt"}), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: m2m_jwt(s, exp=NOW - 60), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: m2m_jwt(s, exp=None), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: m2m_jwt(s, nbf=NOW + 60), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: m2m_jwt(s, iat=NOW + 60), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: m2m_jwt(s)[:-8] + "AAAAAAAA", Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: oauth_jwt(s, {"typ": "application/at+jwt"}), None),
        (lambda s: oauth_jwt(s, scope=None, scp=["profile"]), None),
        (lambda s: oauth_jwt(s, exp=NOW - 60), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: oauth_jwt(s, sub=None), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: oauth_jwt(s, {"alg": "none"}), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: oauth_jwt(s, {"crit": ["b64"]}), Reason.TOKEN_VERIFICATION_FAILED),
        (lambda s: template_token(s, exp=NOW - 60), Reason.TOKEN_EXPIRED),
        (lambda s: template_token(s, nbf=NOW + 60), Reason.TOKEN_NOT_ACTIVE_YET),
        (lambda s: template_token(s, {"typ": "JOSE"}), Reason.TOKEN_INVALID),
        (lambda s: template_token(s)[:-8] + "AAAAAAAA", Reason.TOKEN_INVALID_SIGNATURE),
        (lambda s: "ak_a.b.c", Reason.TOKEN_INVALID),
        (lambda s: "ak_" + "x" * 510, Reason.TOKEN_INVALID),
        (lambda s: "ak_\xe4", Reason.TOKEN_INVALID),
        (lambda s: "ak_\x7f", Reason.TOKEN_INVALID),
    ],
)
def test_tokens_that_cost_no_call_are_judged_by_what_they_say(
    scene: Scene, make: Any, reason: str | None
) -> None:
    state = decide(scene, make(scene), *TOKEN_TYPES, JWT_TEMPLATE)
    assert state.reason == reason
    assert state.location is None
    assert scene.backend.calls == []


@pytest.mark.parametrize("kind", ["m2m_jwt", "oauth_jwt"])
def test_no_party_is_asked_of_a_machine(sign: Signer, kind: str) -> None:
    scene = Scene(sign, authorized_parties=["https://app.example.com"])
    assert decide(scene, TOKENS[kind](scene), *TOKEN_TYPES).is_authenticated


@pytest.mark.parametrize(
    ("aud", "is_accepted"),
    [
        ("https://api.example.com", True),
        (["https://other.example", "https://api.example.com"], True),
        ("https://other.example", False),
        (["https://other.example"], False),
        (None, False),
        ([], False),
        ({"https://api.example.com": 1}, False),
    ],
)
def test_an_oauth_token_must_be_for_this_api_once_it_is_named(
    sign: Signer, aud: Any, is_accepted: bool
) -> None:
    scene = Scene(sign, audience=["https://api.example.com"])
    scene.backend.machine_tokens["oat_1"] = {**OAUTH_ANSWER, "aud": aud}
    for token in (oauth_jwt(scene, aud=aud), "oat_1"):
        state = decide(scene, token, OAUTH_TOKEN)
        assert state.is_authenticated is is_accepted
        assert state.reason == (None if is_accepted else Reason.TOKEN_VERIFICATION_FAILED)


def test_an_m2m_token_that_names_no_audience_is_for_whoever_it_is_sent_to(sign: Signer) -> None:
    scene = Scene(sign, audience=["https://api.example.com"])
    scene.backend.machine_tokens["mt_good"] = M2M_ANSWER
    for token in (m2m_jwt(scene, aud=None), "mt_good"):
        assert decide(scene, token, M2M_TOKEN).is_authenticated


def test_what_clerk_cannot_read_is_refused_and_not_asked_about_again(scene: Scene) -> None:
    scene.backend.machine_tokens["ak_odd"] = BackendAPIError("bad request", status=400)
    for _ in range(3):
        assert decide(scene, "ak_odd", API_KEY).reason == Reason.UNEXPECTED_ERROR
    assert len(scene.backend.calls) == 1


def test_a_refusal_is_remembered_for_a_while(sign: Signer, clock: Any) -> None:
    scene = Scene(sign)
    scene.instance.clock = clock
    for _ in range(3):
        assert decide(scene, "ak_unknown", API_KEY).reason == Reason.TOKEN_INVALID
    assert len(scene.backend.calls) == 1
    clock.advance(11)
    assert decide(scene, "ak_unknown", API_KEY).reason == Reason.TOKEN_INVALID
    assert len(scene.backend.calls) == 2


def test_an_outage_is_no_refusal(scene: Scene) -> None:
    scene.backend.machine_tokens["ak_good"] = BackendAPIError("down")
    assert decide(scene, "ak_good", API_KEY).reason == Reason.UNEXPECTED_ERROR
    scene.backend.machine_tokens["ak_good"] = API_KEY_ANSWER
    assert decide(scene, "ak_good", API_KEY).is_authenticated


def test_an_acceptance_is_not_remembered_unless_asked_for(scene: Scene) -> None:
    assert decide(scene, "ak_good", API_KEY).is_authenticated
    scene.backend.machine_tokens["ak_good"] = {**API_KEY_ANSWER, "revoked": True}
    assert not decide(scene, "ak_good", API_KEY).is_authenticated


def test_an_acceptance_is_remembered_no_longer_than_the_token_lives(
    sign: Signer, clock: Any
) -> None:
    scene = with_tokens(Scene(sign, machine_token_cache_ttl=300))
    scene.instance.clock = clock
    for token, token_type, lives in (
        ("ak_good", API_KEY, 300), ("mt_good", M2M_TOKEN, 60), ("oat_good", OAUTH_TOKEN, 60),
    ):  # fmt: skip
        clock.now = NOW
        scene.backend.calls.clear()
        for age in (0, lives - 1, lives):
            clock.now = NOW + age
            assert decide(scene, token, token_type).is_authenticated
            assert len(scene.backend.calls) == (2 if age == lives else 1)


def test_what_a_user_held_ends_with_the_user(sign: Signer) -> None:
    scene = with_tokens(Scene(sign, machine_token_cache_ttl=300))
    held = ["ak_good", "oat_good", oauth_jwt(scene), template_token(scene)]
    accepts = (*TOKEN_TYPES, JWT_TEMPLATE)
    assert all(decide(scene, token, *accepts).is_authenticated for token in held)
    scene.instance.revocations.revoke_user("user_ada")
    for token in held:
        assert decide(scene, token, *accepts).reason == Reason.SESSION_REVOKED
    assert decide(scene, "mt_good", *accepts).is_authenticated


def test_two_instances_share_no_verdicts(sign: Signer) -> None:
    first, second = with_tokens(Scene(sign, machine_token_cache_ttl=300)), Scene(sign)
    assert decide(first, "ak_good", API_KEY).is_authenticated
    assert not decide(second, "ak_good", API_KEY).is_authenticated


def test_nothing_is_remembered_where_there_is_no_room(sign: Signer) -> None:
    scene = with_tokens(Scene(sign, machine_token_cache_ttl=300, token_cache_size=0))
    for _ in range(2):
        assert decide(scene, "ak_good", API_KEY).is_authenticated
        assert not decide(scene, "ak_unknown", API_KEY).is_authenticated
    assert len(scene.backend.calls) == 4


def test_a_thousand_made_up_keys_on_a_session_route_cost_no_call(scene: Scene) -> None:
    for number in range(1000):
        assert not decide(scene, f"ak_{number:032x}", SESSION_TOKEN).is_authenticated
        assert not decide(scene, f"ak_{number:032x}", SESSION_TOKEN, M2M_TOKEN).is_authenticated
    assert scene.backend.calls == []


def test_the_setting_says_what_is_accepted_where_a_route_does_not(sign: Signer) -> None:
    scene = with_tokens(Scene(sign, accepts_token="api_key"))
    assert scene.decide(headers={"Authorization": "Bearer ak_good"}).is_authenticated
    bearer = {"Authorization": f"Bearer {scene.token()}"}
    assert scene.decide(headers=bearer).reason == Reason.TOKEN_TYPE_MISMATCH
