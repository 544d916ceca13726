"""Verified claims: equal to plain ones, encodable, and read-only all the way down."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

from flask_clerk.core.claims import MISSING
from flask_clerk.core.claims import FrozenDict
from flask_clerk.core.claims import FrozenList
from flask_clerk.core.claims import find_claim
from flask_clerk.core.claims import freeze
from flask_clerk.core.claims import read_frozen

PLAIN: dict[str, Any] = {
    "sub": "user_1",
    "fva": [0, -1],
    "metadata": {"roles": ["admin", {"team": "a"}], "none": None},
    "amount": 1.5,
    "yes": True,
}


@pytest.fixture
def claims() -> Any:
    return freeze(PLAIN)


def test_frozen_claims_equal_plain_ones_and_are_dicts_and_lists(claims: Any) -> None:
    assert claims == PLAIN
    assert isinstance(claims, dict)
    assert isinstance(claims["fva"], list)
    assert claims["fva"] == [0, -1]
    assert list(claims) == list(PLAIN)
    assert dict(**claims) == PLAIN


def test_json_encoders_take_them_as_they_are(claims: Any) -> None:
    assert json.loads(json.dumps(claims)) == PLAIN
    assert json.dumps(claims, indent=1, sort_keys=True) == json.dumps(
        PLAIN, indent=1, sort_keys=True
    )


def set_item(claims: Any) -> None:
    claims["sub"] = "user_2"


def del_item(claims: Any) -> None:
    del claims["sub"]


def set_slice(claims: Any) -> None:
    claims["fva"][:] = [0, 0]


def del_slice(claims: Any) -> None:
    del claims["fva"][0:1]


def or_in_place(claims: Any) -> None:
    claims |= {"sub": "user_2"}


def add_in_place(claims: Any) -> None:
    claims["fva"] += [1]


def multiply_in_place(claims: Any) -> None:
    found = claims["fva"]
    found *= 2


def set_attribute(claims: Any) -> None:
    claims.sub = "user_2"


MUTATIONS: list[Any] = [
    set_item, del_item, set_slice, del_slice, or_in_place, add_in_place, multiply_in_place,
    pytest.param(lambda c: c.clear(), id="dict-clear"),
    pytest.param(lambda c: c.pop("sub"), id="dict-pop"),
    pytest.param(lambda c: c.pop("missing", None), id="dict-pop-missing"),
    pytest.param(lambda c: c.popitem(), id="dict-popitem"),
    pytest.param(lambda c: c.setdefault("new", 1), id="dict-setdefault"),
    pytest.param(lambda c: c.setdefault("sub", 1), id="dict-setdefault-present"),
    pytest.param(lambda c: c.update(sub="user_2"), id="dict-update"),
    pytest.param(lambda c: c["metadata"].update({"none": 1}), id="inner-dict-update"),
    pytest.param(lambda c: c["metadata"]["roles"][1].clear(), id="dict-in-list-clear"),
    pytest.param(lambda c: c["fva"].append(1), id="list-append"),
    pytest.param(lambda c: c["fva"].extend([1]), id="list-extend"),
    pytest.param(lambda c: c["fva"].insert(0, 1), id="list-insert"),
    pytest.param(lambda c: c["fva"].remove(0), id="list-remove"),
    pytest.param(lambda c: c["fva"].pop(), id="list-pop"),
    pytest.param(lambda c: c["fva"].clear(), id="list-clear"),
    pytest.param(lambda c: c["fva"].sort(), id="list-sort"),
    pytest.param(lambda c: c["fva"].reverse(), id="list-reverse"),
    pytest.param(lambda c: c["fva"].__setitem__(0, 1), id="list-setitem"),
    pytest.param(lambda c: c["metadata"]["roles"].append("owner"), id="inner-list-append"),
]  # fmt: skip


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_every_mutator_raises_and_changes_nothing(
    mutate: Callable[[Any], object], claims: Any
) -> None:
    with pytest.raises(TypeError, match="read-only"):
        mutate(claims)
    assert claims == PLAIN


def test_no_mutating_method_of_dict_and_list_is_forgotten() -> None:
    harmless_dict = {
        "__class_getitem__", "__contains__", "__getitem__", "__init__", "__iter__", "__len__",
        "__or__", "__ror__", "__reversed__", "copy", "fromkeys", "get", "items", "keys", "values",
    }  # fmt: skip
    harmless_list = {
        "__add__", "__class_getitem__", "__contains__", "__getitem__", "__init__", "__iter__",
        "__len__", "__mul__", "__rmul__", "__reversed__", "copy", "count", "index",
    }  # fmt: skip
    for frozen, plain, harmless in (
        (FrozenDict, dict, harmless_dict),
        (FrozenList, list, harmless_list),
    ):
        own = {name for name in vars(plain) if name not in vars(object)}
        left = own - harmless - set(vars(frozen))
        assert left <= {"__hash__", "__doc__"}, left


def test_no_attribute_can_be_set(claims: Any) -> None:
    with pytest.raises(AttributeError):
        set_attribute(claims)


COPIES: list[Any] = [
    pytest.param(dict, id="dict"),
    pytest.param(lambda c: c.copy(), id="method"),
    pytest.param(copy.copy, id="copy"),
    pytest.param(copy.deepcopy, id="deepcopy"),
    pytest.param(lambda c: {**c}, id="display"),
    pytest.param(lambda c: c | {}, id="union"),
    pytest.param(lambda c: pickle.loads(pickle.dumps(c)), id="pickle"),
]


@pytest.mark.parametrize("copied", COPIES)
def test_copies_are_plain_and_changing_them_changes_no_claims(
    copied: Callable[[Any], Any], claims: Any
) -> None:
    found = copied(claims)
    assert type(found) is dict
    assert found == PLAIN
    found["sub"] = "user_2"
    assert claims["sub"] == "user_1"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_and_deep_copies_are_plain_all_the_way_down(protocol: int, claims: Any) -> None:
    for found in (copy.deepcopy(claims), pickle.loads(pickle.dumps(claims, protocol))):
        assert found == PLAIN
        found["metadata"]["roles"][1]["team"] = "b"
        found["fva"].append(2)
        assert type(found["fva"]) is list
    assert claims == PLAIN
    assert type(copy.deepcopy(claims["metadata"]["roles"])) is list
    assert type(copy.copy(claims["fva"])) is list
    assert type(pickle.loads(pickle.dumps(claims["fva"], protocol))) is list
    assert type(claims["fva"] + [1]) is list
    assert type(claims["fva"][:]) is list


def test_freezing_copies_and_leaves_the_original_alone() -> None:
    original = {"a": [1, {"b": 2}]}
    frozen = freeze(original)
    original["a"].append(3)
    assert frozen == {"a": [1, {"b": 2}]}
    assert freeze("text") == "text"
    assert freeze(None) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sub", "user_1"),
        ("metadata.none", None),
        ("metadata.roles", ["admin", {"team": "a"}]),
        ("metadata.roles.0", MISSING),
        ("metadata.", MISSING),
        (".sub", MISSING),
        ("sub.upper", MISSING),
        ("missing", MISSING),
        ("", MISSING),
        (".", MISSING),
    ],
)
def test_a_path_walks_objects_and_nothing_else(path: str, expected: object, claims: Any) -> None:
    assert find_claim(claims, path) == expected


def test_a_whole_key_wins_over_dots() -> None:
    assert find_claim({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert find_claim({"a": {"b.c": 1}}, "a.b.c") is MISSING


@pytest.mark.parametrize("claims", [None, [], "sub", 7])
def test_where_there_are_no_claims_everything_is_missing(claims: object) -> None:
    assert find_claim(claims, "sub") is MISSING


def test_equal_names_are_one_object() -> None:
    first, second = (read_frozen('{"a_claim":{"a_claim":1}}') for _ in range(2))
    names = [*first, *first["a_claim"], *second]
    assert all(name is names[0] for name in names)


def test_names_that_forgers_make_up_are_not_kept_for_ever() -> None:
    """CPython 3.12 never frees what was interned, and a token's names are read unverified."""
    made_up = "-".join(["made", "up"])
    (name,) = read_frozen(f'{{"{made_up}":1}}')
    assert sys.intern(made_up) is not name
