"""What a guard asks of a session: claims, roles and the rest, compared as JSON compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_feature
from flask_clerk import require_permission
from flask_clerk import require_plan
from flask_clerk import require_reverification
from flask_clerk import require_role
from tests.signing import Signer
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import make_app

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@pytest.fixture
def app(public_pem: str) -> Flask:
    return make_app(public_pem)


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def status_with(app: Flask, decorator: Decorator, token: str) -> int:
    app.add_url_rule("/guarded", view_func=decorator(lambda: "secret"))
    response = app.test_client(use_cookies=False).get("/guarded", headers=bearer(token))
    assert ("secret" in response.text) is (response.status_code == 200)
    return response.status_code


def is_admin(claim: Any) -> bool:
    return bool(claim == "admin")


@pytest.mark.parametrize(
    ("path", "allowed", "claims", "status"),
    [
        # A scalar equals one of the values.
        ("role", ["admin"], {"role": "admin"}, 200),
        ("role", ["admin"], {"role": "member"}, 403),
        ("role", ["admin"], {"role": "Admin"}, 403),
        ("role", ["admin"], {"role": "admin "}, 403),
        ("role", ["admin"], {"role": "administrator"}, 403),
        ("role", ["admin"], {}, 403),
        ("role", ["admin", "owner"], {"role": "owner"}, 200),
        ("role", ["admin"], {"role": {"admin": True}}, 403),
        ("role", ["admin"], {"role": ""}, 403),
        # Of the same JSON type.
        ("n", [1], {"n": 1}, 200),
        ("n", [1], {"n": 1.0}, 200),
        ("n", [1], {"n": True}, 403),
        ("n", [1], {"n": "1"}, 403),
        ("n", [True], {"n": True}, 200),
        ("n", [True], {"n": 1}, 403),
        ("n", [True], {"n": "true"}, 403),
        ("n", [False], {"n": False}, 200),
        ("n", [False], {"n": 0}, 403),
        ("n", [0], {"n": 0}, 200),
        ("n", [0], {"n": False}, 403),
        ("n", ["1"], {"n": 1}, 403),
        ("o", [{"a": [1, {"b": True}]}], {"o": {"a": [1, {"b": True}]}}, 200),
        ("o", [{"a": [1, {"b": True}]}], {"o": {"a": [1, {"b": 1}]}}, 403),
        ("o", [{"a": 1}], {"o": {"a": 1, "b": 2}}, 403),
        # A list contains one.
        ("roles", ["admin"], {"roles": ["member", "admin"]}, 200),
        ("roles", ["admin"], {"roles": ["member"]}, 403),
        ("roles", ["admin"], {"roles": []}, 403),
        ("roles", ["admin"], {"roles": [["admin"]]}, 403),
        ("roles", [1], {"roles": [True]}, 403),
        # A callable is asked, with the whole claim.
        ("role", [is_admin], {"role": "admin"}, 200),
        ("role", [is_admin], {"role": ["admin"]}, 403),
        ("roles", [lambda roles: len(roles) > 1], {"roles": ["a", "b"]}, 200),
        ("role", [is_admin], {}, 403),
        ("role", [is_admin, "owner"], {"role": "owner"}, 200),
        # Nothing allowed: the claim is there and truthy.
        ("beta", [], {"beta": True}, 200),
        ("beta", [], {"beta": "false"}, 200),
        ("beta", [], {"beta": False}, 403),
        ("beta", [], {"beta": 0}, 403),
        ("beta", [], {"beta": []}, 403),
        ("beta", [], {}, 403),
        # The whole name first, then dots.
        ("metadata.role", ["admin"], {"metadata": {"role": "admin"}}, 200),
        ("metadata.role", ["admin"], {"metadata.role": "admin"}, 200),
        ("metadata.role", ["admin"], {"metadata.role": "x", "metadata": {"role": "admin"}}, 403),
        ("metadata.role", ["admin"], {"metadata": "admin"}, 403),
        ("metadata.role", ["admin"], {"metadata": ["role", "admin"]}, 403),
        ("https://example.com/role", ["admin"], {"https://example.com/role": "admin"}, 200),
        ("a.b.c", ["x"], {"a": {"b": {"c": "x"}}}, 200),
        ("a.b.c", ["x"], {"a": {"b.c": "x"}}, 403),
        ("a.b", ["x"], {"a": {"": {"b": "x"}}}, 403),
        # Metadata is the user's to write, and nobody falls back to it unasked.
        ("role", ["admin"], {"metadata": {"role": "admin"}}, 403),
        ("role", ["admin"], {"public_metadata": {"role": "admin"}}, 403),
        ("role", ["admin"], {"o": {"role": "admin"}}, 403),
        # Several places, named.
        (("metadata.role", "role"), ["admin"], {"role": "admin"}, 200),
        (("metadata.role", "role"), ["admin"], {"metadata": {"role": "admin"}}, 200),
        (("metadata.role", "role"), ["admin"], {"metadata": {"role": "x"}, "role": "admin"}, 200),
        (("metadata.role", "role"), ["admin"], {"role": "member"}, 403),
        # null is a value like others, and a missing claim is none.
    ],
    ids=repr,
)
def test_require_claim_compares_as_json_does(
    path: Any, allowed: list[Any], claims: dict[str, Any], status: int, app: Flask, token: Token
) -> None:
    assert status_with(app, require_claim(path, *allowed), token(**claims)) == status


@pytest.mark.parametrize(
    "decorate",
    [lambda: require_claim("role", None), lambda: require_auth(claim={"role": None})],
    ids=["require_claim", "claim="],
)
def test_none_is_no_allowed_value(decorate: Any) -> None:
    """Clerk writes null for what a user lacks, and an unset variable would ask for it."""
    with pytest.raises(TypeError, match="None is no allowed value"):
        decorate()


@pytest.mark.parametrize("path", [(), [], "", ("role", ""), (None,), ("role", 3)], ids=repr)
def test_require_claim_wants_names(path: Any) -> None:
    with pytest.raises(TypeError, match="name of a claim"):
        require_claim(path, "admin")


@pytest.mark.parametrize(
    ("claim", "claims", "status"),
    [
        ("beta", {"beta": True}, 200),
        ("beta", {"beta": False}, 403),
        ({"role": "admin"}, {"role": "admin"}, 200),
        ({"role": "admin"}, {"role": "member"}, 403),
        ({"role": ["admin", "owner"]}, {"role": "owner"}, 200),
        ({"role": ("admin", "owner")}, {"role": "member"}, 403),
        ({"role": {"admin"}}, {"role": "admin"}, 200),
        ({"role": is_admin}, {"role": "admin"}, 200),
        ({"role": "admin", "beta": True}, {"role": "admin"}, 403),
        ({"role": "admin", "beta": True}, {"role": "admin", "beta": True}, 200),
    ],
    ids=repr,
)
def test_require_auth_takes_claims_with_the_values_allowed(
    claim: Any, claims: dict[str, Any], status: int, app: Flask, token: Token
) -> None:
    assert status_with(app, require_auth(claim=claim), token(**claims)) == status


@pytest.mark.parametrize("claim", [None, {}, "", 3, ["role"], {"": "x"}, {"role": []}], ids=repr)
def test_require_auth_refuses_a_claim_that_asks_nothing(claim: Any) -> None:
    """A variable that happened to be empty opened the view to every session."""
    with pytest.raises(TypeError, match="claim"):
        require_auth(claim=claim)


MEMBER = {"o": {"id": "org_1", "rol": "member", "per": "read", "fpm": "1"}, "fea": "o:docs,u:beta"}
PRO = {"pla": "u:pro,o:team"}


@pytest.mark.parametrize(
    ("decorator", "claims", "status"),
    [
        (require_auth(), {}, 200),
        (require_auth(role="org:member"), MEMBER, 200),
        (require_auth(role="org:admin"), MEMBER, 403),
        (require_auth(role="org:member"), {}, 403),
        (require_auth(role=None), MEMBER, 403),  # type: ignore[call-overload]
        (require_auth(permission=None), MEMBER, 403),  # type: ignore[call-overload]
        (require_auth(role="org:member", feature=None), MEMBER, 403),  # type: ignore[call-overload]
        (require_auth(role="org:member", permission="org:docs:read"), MEMBER, 200),
        (require_auth(role="org:member", permission="org:docs:write"), MEMBER, 403),
        (require_auth(role="org:member", claim={"beta": True}), MEMBER, 403),
        (require_auth(role="org:member", claim={"beta": True}), {**MEMBER, "beta": True}, 200),
        (require_role("org:member"), MEMBER, 200),
        (require_role("org:admin"), MEMBER, 403),
        (require_role(""), MEMBER, 403),
        (require_permission("org:docs:read"), MEMBER, 200),
        (require_permission("org:docs:write"), MEMBER, 403),
        (require_feature("docs"), MEMBER, 200),
        (require_feature("user:docs"), MEMBER, 403),
        (require_feature("missing"), MEMBER, 403),
        (require_plan("pro"), PRO, 200),
        (require_plan("org:pro"), PRO, 403),
        (require_reverification(), {"fva": [0, 0]}, 200),
        (require_reverification(), {"fva": [0, 11]}, 403),
        (require_reverification("lax"), {"fva": [0, 11]}, 200),
        (require_reverification(), {"fva": "fresh"}, 403),
        (
            require_reverification({"level": "first_factor", "after_minutes": 5}),
            {"fva": [4, -1]},
            200,
        ),
        (
            require_reverification({"level": "first_factor", "after_minutes": 5}),
            {"fva": [5, -1]},
            403,
        ),
    ],
)
def test_everything_that_is_asked_must_hold(
    decorator: Decorator, claims: dict[str, Any], status: int, app: Flask, token: Token
) -> None:
    assert status_with(app, decorator, token(**claims)) == status


@pytest.mark.parametrize(
    "reverification",
    [
        None,
        "",
        "strictest",
        {},
        10,
        True,
        {"level": "second_factor"},
        {"level": "third_factor", "after_minutes": 10},
        {"level": "second_factor", "after_minutes": 0},
        {"level": "second_factor", "after_minutes": "10"},
        {"level": "second_factor", "after_minutes": True},
        {"level": "second_factor", "afterMinutes": 10},
    ],
    ids=repr,
)
@pytest.mark.parametrize("decorator", [require_auth, require_reverification])
def test_a_reverification_that_does_not_exist_stops_at_the_decorator(
    decorator: Any, reverification: Any
) -> None:
    with pytest.raises(ValueError, match="strict_mfa, strict, moderate, lax"):
        decorator(reverification=reverification)


def test_a_misspelt_condition_stops_at_the_decorator() -> None:
    with pytest.raises(TypeError, match="no condition permissions, roles"):
        require_auth(roles="org:admin", permissions="x")  # type: ignore[call-overload]


def test_a_condition_that_raises_lets_nobody_in(app: Flask, token: Token) -> None:
    decorator = require_claim("level", lambda level: level > 3)
    assert status_with(app, decorator, token(level="high")) == 403


def test_conditions_are_asked_in_order_of_weight(app: Flask, token: Token) -> None:
    """Nobody is sent to confirm who they are for a page that they may not see anyway."""
    app.add_url_rule(
        "/both", view_func=require_auth(role="org:admin", reverification="strict")(lambda: "")
    )
    client = app.test_client(use_cookies=False)
    stale = token(**MEMBER, fva=[99, 99])
    answer = client.get("/both", headers=bearer(stale)).get_json()
    assert answer["errors"][0]["meta"] == {"reason": "condition-not-met"}


@pytest.mark.parametrize(
    ("decorate", "advice"),
    [
        (lambda: require_auth(role=["org:admin"]), "ask auth.has"),  # type: ignore[call-overload]
        (lambda: require_role(lambda: "view"), "ask auth.has"),  # type: ignore[arg-type]
        (lambda: require_auth("admin"), "conditions by name"),  # type: ignore[call-overload]
        (lambda: require_claim("role", ["admin", "owner"]), "one by one"),
        (lambda: require_claim(lambda: "view"), "the name of a claim"),  # type: ignore[arg-type]
        (lambda: Clerk().protect("admin"), "takes a blueprint"),  # type: ignore[type-var]
    ],
    ids=["list of roles", "bare role", "unnamed", "list of values", "bare claim", "no blueprint"],
)
def test_wrong_arguments_stop_at_the_decorator(decorate: Any, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        decorate()


def test_a_refusal_is_explained_in_the_log(
    app: Flask, token: Token, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="flask_clerk"):
        assert status_with(app, require_claim("rol", "admin"), token(role="admin")) == 403

    assert "user_1" in caplog.text
    assert "paths=('rol',), allowed=('admin',)" in caplog.text
