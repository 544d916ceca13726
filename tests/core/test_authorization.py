"""``has()``: the 1,200 answers of Clerk's own code, and what no vector asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.authorization import NOT_ASKED
from flask_clerk.core.authorization import REVERIFICATION_PRESETS
from flask_clerk.core.authorization import reverification_config
from flask_clerk.core.authorization import split_by_scope
from flask_clerk.core.claims import freeze

VECTORS = Path(__file__).parents[1] / "vectors" / "authorization.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
ATTRIBUTES = {
    "userId": "user_id",
    "sessionId": "session_id",
    "sessionStatus": "session_status",
    "orgId": "org_id",
    "orgRole": "org_role",
    "orgSlug": "org_slug",
    "orgPermissions": "org_permissions",
    "factorVerificationAge": "factor_verification_age",
    "actor": "actor",
}


def auth_of(claims: Mapping[str, Any]) -> SessionAuth:
    return SessionAuth(freeze(dict(claims)), "token")


def in_python(asked: dict[str, Any]) -> dict[str, Any]:
    """Spell a question as it is spelled here: ``after_minutes``."""
    reverification = asked.get("reverification")
    if not isinstance(reverification, dict):
        return asked
    spelled = {name.replace("afterMinutes", "after_minutes"): value
               for name, value in reverification.items()}  # fmt: skip
    return {**asked, "reverification": spelled}


def test_all_1200_cases_are_here() -> None:
    assert len(CASES) == 1200
    assert sum("throws" in case for case in CASES) == 21


@pytest.mark.parametrize("start", range(0, 1200, 100))
def test_a_hundred_sets_of_claims_are_read_and_judged_as_clerk_does(start: int) -> None:
    for case in CASES[start : start + 100]:
        auth = auth_of(case["claims"])
        if "throws" in case:
            continue
        read = {name: getattr(auth, attribute) for name, attribute in ATTRIBUTES.items()}
        assert read == case["auth"], case["claims"]
        for asked, answer in case["has"]:
            assert auth.has(**in_python(asked)) is answer, (asked, case["claims"])


QUESTIONS: list[dict[str, Any]] = [
    {"permission": "org:dashboard:read"},
    {"permission": "org:dashboard:manage"},
    {"permission": "org::read"},
    {"feature": "dashboard"},
    {"feature": "o:dashboard"},
    {"feature": ""},
]


def test_claims_that_make_clerks_code_raise_grant_nothing() -> None:
    for case in CASES:
        if "throws" not in case:
            continue
        auth = auth_of(case["claims"])
        assert not auth.org_permissions, case
        assert not any(auth.has(**asked) for asked in QUESTIONS), case


MEMBER = {
    "sub": "user_1",
    "sid": "sess_1",
    "v": 2,
    "fea": "o:dashboard,u:export",
    "pla": "u:pro",
    "fva": [5, 5],
    "o": {"id": "org_1", "slg": "acme", "rol": "admin", "per": "manage,read", "fpm": "3"},
}


def test_asking_nothing_is_answered_no() -> None:
    assert not auth_of(MEMBER).has()
    assert not auth_of(MEMBER).has(role=NOT_ASKED)
    assert repr(NOT_ASKED) == "NOT_ASKED"


@pytest.mark.parametrize("question", ["role", "permission", "feature", "plan", "reverification"])
@pytest.mark.parametrize("value", [None, "", 0, 7, True, [], ["admin"], {}, b"admin", object()])
def test_an_explicit_none_or_a_wrong_type_is_a_no_even_beside_a_yes(
    question: str, value: object
) -> None:
    auth = auth_of(MEMBER)
    assert auth.has(role="admin")
    assert not auth.has(**{question: value})
    assert not auth.has(**{"role": "admin", question: value})


def test_an_unknown_question_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError):
        auth_of(MEMBER).has(rolle="admin")  # type: ignore[call-arg]


ASKED = [
    pytest.param({"role": "org:admin"}, True, id="role-with-prefix"),
    pytest.param({"role": "org:org:admin"}, True, id="role-with-two-prefixes"),
    pytest.param({"role": "Admin"}, False, id="role-in-other-case"),
    pytest.param({"role": "org:"}, False, id="role-empty-behind-prefix"),
    pytest.param({"permission": "dashboard:read"}, True, id="permission-without-prefix"),
    pytest.param({"permission": "org:dashboard"}, False, id="permission-cut-short"),
    pytest.param({"feature": "export"}, True, id="feature-of-the-user"),
    pytest.param({"feature": "user:export"}, True, id="feature-asked-of-the-user"),
    pytest.param({"feature": "org:export"}, False, id="feature-asked-of-the-organization"),
    pytest.param({"feature": "team:export"}, False, id="feature-of-unknown-scope"),
    pytest.param({"plan": "pro", "role": "admin"}, True, id="two-that-hold"),
    pytest.param({"plan": "gold", "role": "admin"}, False, id="one-of-two-holds"),
    pytest.param({"reverification": "strict"}, True, id="fresh-enough"),
    pytest.param({"reverification": "STRICT"}, False, id="preset-in-other-case"),
]


@pytest.mark.parametrize(("asked", "answer"), ASKED)
def test_questions_are_answered(asked: dict[str, Any], answer: bool) -> None:
    assert auth_of(MEMBER).has(**asked) is answer


def test_no_user_may_do_anything() -> None:
    nobody = auth_of({**MEMBER, "sub": ""})
    assert not nobody.has(role="admin")
    assert not nobody.has(feature="export")


AGES = [
    pytest.param(None, id="missing"),
    pytest.param("5,5", id="string"),
    pytest.param({"0": 5, "1": 5}, id="object"),
    pytest.param([], id="empty"),
    pytest.param([5], id="one"),
    pytest.param([5, 5, 5], id="three"),
    pytest.param(["5", "5"], id="strings"),
    pytest.param([True, True], id="booleans"),
    pytest.param([None, 5], id="null"),
    pytest.param([-2, 5], id="below-minus-one"),
    pytest.param([-0.5, 5], id="negative-fraction"),
    pytest.param([float("inf"), 5], id="infinite"),
    pytest.param([float("nan"), 5], id="not-a-number"),
    pytest.param([10**400, 5], id="astronomical"),
    pytest.param([5, -(10**400)], id="astronomical-below-zero"),
    pytest.param([[5], [5]], id="lists"),
]


@pytest.mark.parametrize("fva", AGES)
def test_malformed_ages_verify_nobody(fva: object) -> None:
    auth = auth_of({**MEMBER, "fva": fva})
    for preset in REVERIFICATION_PRESETS:
        assert not auth.has(reverification=preset)
    everything = {"level": "first_factor", "after_minutes": 10**500}
    assert not auth.has(reverification=everything)


CONFIGS = [
    pytest.param("unheard-of", id="unknown-preset"),
    pytest.param({"level": "second_factor"}, id="no-minutes"),
    pytest.param({"after_minutes": 10}, id="no-level"),
    pytest.param({"level": "third_factor", "after_minutes": 10}, id="unknown-level"),
    pytest.param({"level": ["second_factor"], "after_minutes": 10}, id="level-list"),
    pytest.param({"level": "second_factor", "after_minutes": 0}, id="zero-minutes"),
    pytest.param({"level": "second_factor", "after_minutes": -1}, id="negative-minutes"),
    pytest.param({"level": "second_factor", "after_minutes": "10"}, id="minutes-as-text"),
    pytest.param({"level": "second_factor", "after_minutes": True}, id="minutes-true"),
    pytest.param({"level": "second_factor", "after_minutes": float("nan")}, id="minutes-nan"),
    pytest.param({"level": "second_factor", "afterMinutes": 10}, id="javascript-spelling"),
    pytest.param([("level", "second_factor"), ("after_minutes", 10)], id="pairs"),
]


@pytest.mark.parametrize("asked", CONFIGS)
def test_a_malformed_reverification_is_a_no(asked: object) -> None:
    assert reverification_config(asked) is None
    assert not auth_of({**MEMBER, "fva": [0, 0]}).has(reverification=asked)


@pytest.mark.parametrize(
    ("level", "fva", "answer"),
    [
        ("first_factor", [9, 99], True),
        ("first_factor", [10, 0], False),
        ("first_factor", [-1, 0], False),
        ("second_factor", [99, 9], True),
        ("second_factor", [0, 10], False),
        ("second_factor", [9, -1], True),
        ("second_factor", [10, -1], False),
        ("second_factor", [-1, -1], False),
        ("multi_factor", [9, 9], True),
        ("multi_factor", [9, 10], False),
        ("multi_factor", [10, 9], False),
        ("multi_factor", [9, -1], True),
    ],
)
def test_levels_ask_for_the_first_the_second_or_both_factors(
    level: str, fva: list[int], answer: bool
) -> None:
    asked = {"level": level, "after_minutes": 10}
    assert auth_of({**MEMBER, "fva": fva}).has(reverification=asked) is answer


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("o:a,u:b, uo:c ,ou:d", (["a", "c", "d"], ["b", "c", "d"])),
        ("x:a", ([], [])),
        ("o:a,b", ([], [])),
        ("o:a,", ([], [])),
        ("", ([], [])),
        (None, ([], [])),
        (["o:a"], ([], [])),
    ],
)
def test_features_are_split_by_scope(claim: object, expected: tuple[list[str], list[str]]) -> None:
    assert split_by_scope(claim) == expected
