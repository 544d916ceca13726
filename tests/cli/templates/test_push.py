"""``push``: files become templates, and nothing is changed by mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from flask_clerk.local import LocalClerk
from tests.cli.templates.conftest import app_in
from tests.cli.templates.conftest import run
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json

KEY = "an-own-secret-of-32-characters-"
SESSION = {"fullName": "{{user.full_name}}"}


def names(local: LocalClerk) -> list[str]:
    return sorted(found.name for found in local.templates.search())


def test_push_creates_and_updates(app: Flask, local: LocalClerk, folder: Path) -> None:
    local.templates.create({"name": "old", "claims": {"aud": "old"}, "lifetime": 90})
    write_template(folder, "new", {"aud": "new"})
    write_template(folder, "old", {"aud": "newer"}, lifetime=90)
    write(folder, "session_token", SESSION)

    answer = run(app, "push", "--yes")

    assert answer.exit_code == 0
    assert "+++ clerk/jwt_templates/new.json" in answer.stdout
    assert '-    "aud": "old"\n+    "aud": "newer"' in answer.stdout
    assert answer.stdout.endswith(
        "Created new.\nUpdated old.\nUpdated session_token.\n3 changes made.\n"
    )
    assert local.templates.get("new").definition["claims"] == {"aud": "new"}
    assert local.templates.get("old").definition["claims"] == {"aud": "newer"}
    assert local.settings.session_token_claims == SESSION
    again = run(app, "push", "--yes")
    assert again.exit_code == 0
    assert again.stdout.startswith("Nothing to push: ")


def test_push_deletes_only_when_told_to(app: Flask, local: LocalClerk, folder: Path) -> None:
    local.templates.create({"name": "forgotten", "claims": {}})

    kept = run(app, "push", "--yes")
    assert kept.exit_code == 0
    assert "forgotten has no file and stays; --prune deletes it." in kept.stderr
    assert names(local) == ["forgotten"]

    pruned = run(app, "push", "--yes", "--prune")
    assert pruned.stdout.endswith("Deleted forgotten.\n1 change made.\n")
    assert names(local) == []


def test_without_its_file_the_session_token_stays(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    local.templates.customise_session_token(SESSION)

    answer = run(app_with_local, "push", "--yes", "--prune")

    assert (answer.exit_code, answer.stdout) == (
        0,
        "Nothing to push: the local Clerk has what the files say.\n",
    )
    assert local.settings.session_token_claims == SESSION


def test_the_files_may_be_anywhere(
    app_with_local: Flask, local: LocalClerk, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "jwt_templates").mkdir()
    path = write_template(elsewhere, "api")

    answer = run(app_with_local, "push", "--yes", "--folder", str(elsewhere))

    assert answer.exit_code == 0
    assert f"+++ {path}\n" in answer.stdout
    assert names(local) == ["api"]


def test_prune_needs_a_folder(app_with_local: Flask, local: LocalClerk, folder: Path) -> None:
    local.templates.create({"name": "precious", "claims": {}})

    answer = run(app_with_local, "push", "--yes", "--prune", "--folder", "elsewhere")

    assert answer.exit_code == 1
    assert "--prune would delete every template" in answer.stderr
    assert names(local) == ["precious"]


def test_push_asks_and_without_a_terminal_refuses(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    write_template(folder, "new")

    answer = run(app_with_local, "push", input="y\n")

    assert answer.exit_code == 1
    assert answer.stderr == "Error: Nothing was changed: this is no terminal, so add --yes.\n"
    assert names(local) == []


WRONG = [
    pytest.param('{"name": "bad",\n  "claims": {', "bad.json:2: This is not JSON: ", id="syntax"),
    pytest.param(
        '{"name": "a", "name": "b"}', "bad.json:1: This is not JSON: duplicate", id="twin"
    ),
    pytest.param("[]", "bad.json:1: This is no JSON object.", id="a list"),
    pytest.param(
        '{\n  "name": "bad",\n  "claims": {\n    "a": {\n      "b": ["{{user.id"]\n}}}',
        "bad.json:5: The shortcode is never closed",
        id="shortcode",
    ),
    pytest.param(
        '{\n  "name": "bad",\n  "claims": {\n    "sub": "x"\n}}',
        "bad.json:4: You can't use the reserved claim: sub.",
        id="reserved",
    ),
    pytest.param(
        '{\n  "name": "bad",\n  "claims": {"lifetime": 1},\n  "lifetime": 1}',
        "bad.json:4: Set lifetime to a whole number of seconds",
        id="range",
    ),
    pytest.param(
        '{\n  "name": "bad",\n  "claims": {},\n  "lifetme": 60}',
        "bad.json:4: A template has no field 'lifetme': use name, ",
        id="unknown field",
    ),
    pytest.param(
        '{"name": "good", "claims": {}}',
        "good.json:1: The template 'good' is in clerk/jwt_templates/bad.json already",
        id="one name twice",
    ),
    pytest.param(
        '{\n  "name": "bad",\n  "claims": {},\n  "custom_signing_key": true,\n'
        '  "signing_algorithm": "HS256"\n}',
        "bad.json:1: A template's own signing key is set in the dashboard",
        id="signing key",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_one_wrong_file_of_several_changes_nothing(
    app: Flask, local: LocalClerk, folder: Path, text: str, message: str
) -> None:
    write_template(folder, "good")
    write(folder, "jwt_templates/bad", text)
    write(folder, "session_token", SESSION)

    answer = run(app, "push", "--yes")

    assert answer.exit_code == 1
    assert "Error: Nothing was done. Mend first:\nclerk/jwt_templates/" in answer.stderr
    assert message in answer.stderr
    assert names(local) == []
    assert local.settings.session_token_claims == {}


def test_every_wrong_file_is_told(app_with_local: Flask, folder: Path) -> None:
    write(folder, "jwt_templates/one", "{")
    (folder / "jwt_templates/two.json").write_bytes(b"\xff\xfe{}")
    write(folder, "session_token", '{\n  "o": 1\n}')

    answer = run(app_with_local, "push", "--yes")

    assert [line.partition(": ")[0] for line in answer.stderr.splitlines()[1:]] == [
        "clerk/jwt_templates/one.json:1",
        "clerk/jwt_templates/two.json:1",
        "clerk/session_token.json:2",
    ]


def test_a_templates_own_signing_key_is_left_alone(
    app: Flask, local: LocalClerk, folder: Path
) -> None:
    signing = {"custom_signing_key": True, "signing_algorithm": "HS256"}
    local.templates.create(
        {
            "name": "signed",
            "claims": {},
            **signing,
            "signing_key": KEY,
        }
    )
    run(app, "pull")
    path = folder / "jwt_templates/signed.json"
    pulled = json.loads(path.read_text())
    assert {name: pulled[name] for name in signing} == signing
    assert "own-secret" not in path.read_text()
    path.write_text(path.read_text().replace('"claims": {}', '"claims": {"aud": "x"}'))

    answer = run(app, "push", "--yes")

    assert answer.exit_code == 0, answer.stderr
    stored = local.templates.get("signed")
    assert stored.definition["claims"] == {"aud": "x"}
    assert stored.signing_key == KEY
    assert stored.definition["custom_signing_key"] is True


def dying(after: int, created: list[str]) -> Loopback:
    """Return a Backend API that creates so many templates and then hangs up for good."""
    loopback = Loopback()

    def respond(call: Call) -> Answer:
        if call.path == "/v1/jwt_templates" and call.method == "GET":
            there = [{"id": f"jtmp_{n}", "name": n, "claims": {}, "x": 1} for n in created]
            return answer_json(there)
        if call.method == "POST" and len(created) < after:
            created.append(call.body["name"])
            return answer_json({**call.body, "id": "jtmp_new", "object": "jwt_template"})
        if call.method == "POST":
            return Answer(promised=10)  # the connection ends before the answer does
        return answer_json({"errors": [{"code": "resource_not_found"}]}, 404)

    loopback.respond = respond
    return loopback


@pytest.mark.parametrize("as_json", [False, True])
def test_a_push_that_fails_halfway_is_completed_by_the_next(folder: Path, as_json: bool) -> None:
    for name in ("one", "two", "three"):
        write_template(folder, name, {})
    created: list[str] = []
    options = ["--json"] if as_json else []

    with dying(1, created).running() as server:
        app = app_in(folder, secret_key="sk_test_very-secret", api_url=server.url)
        failed = run(app, "push", "--yes", *options)

    assert failed.exit_code == 1
    assert created == ["one"]
    assert "Stopped at create three: The Backend API could not be reached" in failed.stderr
    assert "Done: create one.\nNot done: create three, create two." in failed.stderr
    assert "Push again: it does what is left." in failed.stderr
    assert "very-secret" not in failed.stdout + failed.stderr
    if as_json:
        told = json.loads(failed.stdout)
        assert [step["name"] for step in told["done"]] == ["one"]
        assert [step["name"] for step in told["not_done"]] == ["three", "two"]

    with dying(3, created).running() as server:
        app = app_in(folder, secret_key="sk_test_very-secret", api_url=server.url)
        completed = run(app, "push", "--yes", *options)

    assert completed.exit_code == 0
    assert created == ["one", "three", "two"]


def test_what_clerk_refuses_is_a_sentence(app_with_local: Flask, local: LocalClerk) -> None:
    local.faults.fail("backend", 500)

    answer = run(app_with_local, "push", "--yes")

    assert answer.exit_code == 1
    assert answer.stderr == "Error: The Backend API answered 500 internal_clerk_error.\n"


def test_clerks_own_session_token_is_for_the_dashboard(folder: Path) -> None:
    """Clerk's Backend API has no endpoint for it (``bapi/2026-05-12.yml``)."""
    write(folder, "session_token", SESSION)

    with dying(0, []).running() as server:
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        answer = run(app, "push", "--yes")
        differences = run(app, "diff")

    assert answer.exit_code == 0
    assert "clerk/session_token.json is not pushed" in answer.stderr
    assert '"fullName": "{{user.full_name}}"' in answer.stderr
    assert (differences.exit_code, differences.stdout) == (0, "")


def test_only_an_instance_elsewhere_is_asked_for_its_session_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback().running() as server:
        server.respond = lambda call: answer_json([])
        monkeypatch.setattr("flask_clerk.cli.templates.remote.API_URL", server.url)
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        assert run(app, "push", "--yes").exit_code == 0

    assert [call.path for call in server.calls] == ["/v1/jwt_templates"]
