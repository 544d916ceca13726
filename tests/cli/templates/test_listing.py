"""``list`` and ``diff``: how files and instance stand to each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from flask_clerk.local import LocalClerk
from tests.cli.templates.conftest import run
from tests.cli.templates.conftest import template
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template


@pytest.fixture
def four(local: LocalClerk, folder: Path) -> None:
    """Lay out a template of each state."""
    write_template(folder, "here", lifetime=90)
    for name in ("changed", "same"):
        write_template(folder, name)
        local.templates.create(template(name))
    local.templates.update("changed", {"lifetime": 120})
    local.templates.create({"name": "there", "claims": {}})


@pytest.mark.usefixtures("four")
def test_both_sides_are_listed_with_their_state(app: Flask, folder: Path) -> None:
    write(folder, "session_token", {"a": 1})

    answer = run(app, "list")

    assert answer.exit_code == 0
    assert [line.split() for line in answer.stdout.splitlines()] == [
        ["NAME", "STATE", "FILE", "LIFETIME"],
        ["changed", "different", "clerk/jwt_templates/changed.json", "60", "s"],
        ["here", "only", "here", "clerk/jwt_templates/here.json", "90", "s"],
        ["same", "same", "clerk/jwt_templates/same.json", "60", "s"],
        ["there", "only", "at", "Clerk", "-", "60", "s"],
        ["session_token", "different", "clerk/session_token.json", "-"],
    ]
    as_json = json.loads(run(app, "list", "--json").stdout)
    assert as_json[3] == {
        "name": "there",
        "state": "only at Clerk",
        "file": None,
        "is_session_token": False,
    }


@pytest.mark.usefixtures("four")
def test_a_difference_is_shown_and_told_by_the_exit_code(app: Flask) -> None:
    answer = run(app, "diff")

    assert answer.exit_code == 1
    assert (
        "--- Clerk: changed\n"
        "+++ clerk/jwt_templates/changed.json\n"
        "@@ -3,6 +3,6 @@\n"
        '   "claims": {\n'
        '     "role": "{{user.public_metadata.role}}"\n'
        "   },\n"
        '-  "lifetime": 120,\n'
        '+  "lifetime": 60,\n'
        '   "allowed_clock_skew": 5\n'
        " }\n"
    ) in answer.stdout
    as_json = json.loads(run(app, "diff", "--json").stdout)
    assert [each["name"] for each in as_json] == ["changed", "here", "there"]
    assert as_json[2]["diff"].startswith("--- Clerk: there\n+++ clerk/jwt_templates/there.json\n")


def test_without_a_difference_the_exit_code_is_0(app: Flask, folder: Path) -> None:
    assert run(app, "diff").exit_code == 0
    write_template(folder, "api", {"b": 1, "a": [True]})
    assert run(app, "push", "--yes").exit_code == 0
    write_template(folder, "api", {"a": [True], "b": 1})

    answer = run(app, "diff", "--json")

    assert (answer.exit_code, json.loads(answer.stdout)) == (0, [])


def test_true_is_not_1(app_with_local: Flask, local: LocalClerk, folder: Path) -> None:
    local.templates.create({"name": "api", "claims": {"a": True}})
    write_template(folder, "api", {"a": 1})
    assert run(app_with_local, "diff").exit_code == 1


@pytest.mark.parametrize(("environ", "has_colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_obey_no_color(
    app_with_local: Flask,
    folder: Path,
    environ: dict[str, str],
    has_colours: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    write_template(folder, "api")

    answer = run(app_with_local, "diff", env=environ, color=True)

    assert ("\x1b[32m" in answer.stdout) is has_colours
    assert "\x1b" not in run(app_with_local, "diff").stdout
