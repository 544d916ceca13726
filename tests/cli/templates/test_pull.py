"""``pull``, and there and back: the same files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from flask_clerk.local import LocalClerk
from tests.cli.templates.conftest import app_in
from tests.cli.templates.conftest import run
from tests.cli.templates.conftest import template
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template
from tests.loopback import Loopback
from tests.loopback import answer_json


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


CLAIMS = {
    "zone": "Zürich — 瑞士",
    "aud": ["https://api.example.com", {"nested": [1, 2.5, True, None, []]}],
    "name": "{{user.full_name || 'Nobody'}}",
    "empty": {},
}


def test_push_and_pull_give_the_same_files(app: Flask, folder: Path) -> None:
    write_template(folder, "one", CLAIMS, lifetime=300)
    write_template(folder, "two words", {})
    write(folder, "session_token", {"role": "{{user.public_metadata.role}}", "a": {"b": []}})
    for path in folder.rglob("*.json"):  # as people write text, and as pull does
        text = json.dumps(json.loads(path.read_text("utf-8")), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", "utf-8")
    before = contents(folder)

    assert run(app, "push", "--yes").exit_code == 0
    assert run(app, "pull").exit_code == 0
    assert contents(folder) == before
    for path in folder.rglob("*.json"):
        path.unlink()
    (folder / "jwt_templates").rmdir()
    assert run(app, "pull").exit_code == 0
    assert contents(folder) == before
    assert run(app, "diff").exit_code == 0


def test_a_file_that_says_the_same_keeps_its_layout(app: Flask, folder: Path) -> None:
    path = write(folder, "jwt_templates/odd", '{"claims":{"b":1,"a":2},\n\n"name":"by name"}')
    assert run(app, "push", "--yes").exit_code == 0
    before = path.read_bytes()

    answer = run(app, "pull")

    assert answer.stdout == "1 the same already.\n"
    assert path.read_bytes() == before
    assert len(contents(folder)) == 1


def test_a_file_written_over_keeps_the_order_of_its_names(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    path = write(
        folder,
        "jwt_templates/api",
        {"lifetime": 60, "name": "api", "claims": {"z": 1, "a": 1, "gone": 1}},
    )
    local.templates.create({"name": "api", "claims": {"new": 2, "a": 2, "z": 1}, "lifetime": 90})

    answer = run(app_with_local, "pull", "--yes")

    assert answer.exit_code == 0
    assert "--- clerk/jwt_templates/api.json\n+++ Clerk: api\n" in answer.stdout
    assert '-    "gone": 1' in answer.stdout
    written = json.loads(path.read_text())
    assert list(written.items()) == [
        ("lifetime", 90),
        ("name", "api"),
        ("claims", {"new": 2, "a": 2, "z": 1}),
        ("allowed_clock_skew", 5),
    ]
    assert list(written["claims"]) == ["z", "a", "new"]


def test_nothing_is_written_over_without_a_yes(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    local.templates.create({"name": "api", "claims": {}})
    local.templates.create({"name": "other", "claims": {}})
    write_template(folder, "api", {"mine": True})
    before = contents(folder)

    answer = run(app_with_local, "pull")

    assert answer.exit_code == 1
    assert "add --yes" in answer.stderr
    assert contents(folder) == before


def test_files_that_the_instance_does_not_know_stay(app_with_local: Flask, folder: Path) -> None:
    path = write_template(folder, "mine")

    answer = run(app_with_local, "pull", "--json")

    assert json.loads(answer.stdout) == {"written": [], "kept": ["clerk/jwt_templates/mine.json"]}
    assert path.exists()
    told = run(app_with_local, "pull").stdout
    assert told == "clerk/jwt_templates/mine.json stays: the instance has no template 'mine'.\n"


def test_unknown_fields_of_an_answer_are_tolerated(folder: Path) -> None:
    answered = {
        **template("api", {"aud": "x"}),
        "id": "jtmp_1",
        "object": "jwt_template",
        "created_at": 1,
        "updated_at": 1,
        "custom_signing_key": False,
        "signing_algorithm": "RS256",
        "invented_later": {"a": 1},
    }
    write(folder, "session_token", {})

    with Loopback().running() as server:
        server.respond = lambda call: (
            answer_json([answered])
            if call.path == "/v1/jwt_templates"
            else answer_json({"errors": []}, 404)
        )
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        answer = run(app, "pull")

    assert answer.stdout == (
        "Wrote clerk/jwt_templates/api.json.\n"
        "clerk/session_token.json stays: only Clerk's dashboard can tell the session token.\n"
    )
    written = json.loads((folder / "jwt_templates/api.json").read_text())
    assert written == template("api", {"aud": "x"})


@pytest.mark.parametrize("name", ["../../outside", "..", "a/b", "a\\b", ""])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    with Loopback().running() as server:
        found = {"id": "jtmp_1", "name": name, "claims": {}}
        server.respond = lambda call: (
            answer_json([found]) if call.path.endswith("jwt_templates") else answer_json({}, 404)
        )
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        answer = run(app, "pull")

    assert answer.exit_code == 1
    assert "name no file can have" in answer.stderr
    assert not list(folder.parent.parent.rglob("outside*"))
    assert contents(folder) == {}


def test_a_file_of_another_name_is_not_taken(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    local.templates.create({"name": "api", "claims": {}})
    path = write(folder, "jwt_templates/api", template("other"))
    before = path.read_bytes()

    answer = run(app_with_local, "pull", "--yes")

    assert answer.exit_code == 1
    assert "clerk/jwt_templates/api.json holds a template of another name" in answer.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("answer", [{"data": [{"id": "jtmp_1"}]}, [{"name": "api"}], "?", [7]])
def test_an_answer_of_another_shape_is_a_sentence(folder: Path, answer: object) -> None:
    with Loopback().running() as server:
        server.respond = lambda call: answer_json(answer)
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        found = run(app, "pull")

    assert found.exit_code == 1
    assert "Error: The Backend API answered in an unknown shape." in found.stderr
