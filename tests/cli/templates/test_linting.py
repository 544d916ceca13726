"""``lint`` as a command: what it knows of the app, what it prints, what it exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk.local import LocalClerk
from tests.cli.templates.conftest import app_in
from tests.cli.templates.conftest import run
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template
from tests.local.instances import ADA
from tests.local.instances import person

UNSAFE = "{{user.unsafe_metadata.role}}"


def lint(app: Flask, *options: str, exit_code: int = 0) -> list[dict[str, Any]]:
    answer = run(app, "lint", "--json", *options)
    assert answer.exit_code == exit_code, answer.output
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def test_a_guards_claim_is_known_from_the_apps_decorators(
    app_with_local: Flask, folder: Path
) -> None:
    app = app_with_local
    app.add_url_rule("/a", "admin", require_claim(("role", "metadata.role"), "x")(lambda: ""))
    app.add_url_rule("/o", "open", lambda: "")
    by_template = require_auth(claim="plan", accepts_token="jwt_template")
    app.add_url_rule("/p", "plans", by_template(lambda: ""), methods=["GET", "POST"])
    write(folder, "session_token", {"fine": 1, "role": UNSAFE, "metadata": {"role": UNSAFE}})
    write_template(folder, "api", {"plan": UNSAFE, "role": UNSAFE})

    found = lint(app, exit_code=1)

    assert [(each["rule"], each["severity"]) for each in found] == [
        ("guarded-claim", "error"),
        ("guarded-claim", "warning"),
        ("guarded-claim", "error"),
        ("guarded-claim", "error"),
    ]
    assert [(each["path"], each["line"]) for each in found] == [
        ("clerk/jwt_templates/api.json", 4),
        ("clerk/jwt_templates/api.json", 5),
        ("clerk/session_token.json", 3),
        ("clerk/session_token.json", 5),
    ]
    assert found[0]["reason"].startswith("plans is guarded by 'plan', which the user can write")


def test_sizes_are_measured_over_a_local_clerks_users(
    app_with_local: Flask, local: LocalClerk, folder: Path
) -> None:
    write(folder, "session_token", {"metadata": "{{user.public_metadata}}"})
    assert lint(app_with_local) == []
    ada = person(local, ADA)
    local.users.merge_metadata(ada.id, public_metadata={"bio": "x" * 1500})

    (warning,) = lint(app_with_local)

    assert warning["rule"] == "size"
    assert ada.id in warning["reason"]
    assert lint(app_with_local, "--strict", exit_code=1) == [warning]


def test_sizes_are_measured_over_given_users(folder: Path) -> None:
    app = app_in(folder, secret_key="sk_test_1")
    write(folder, "session_token", {"team": "{{org.public_metadata}}"})
    acme = {"id": "org_1", "slug": "acme", "public_metadata": {"a": "x" * 4000}}
    users = [
        {"id": "user_1"},
        {"id": "user_2", "organization_memberships": [{"organization": acme}]},
    ]
    write(folder.parent, "users", users)

    assert lint(app) == []
    (error,) = lint(app, "--users", "users.json", exit_code=1)

    assert (error["rule"], error["severity"], error["line"]) == ("size", "error", 2)
    assert "For user_2 in acme the token takes" in error["reason"]


def test_people_read_a_line_for_each_finding(app_with_local: Flask, folder: Path) -> None:
    write_template(folder, "api", {"a": "{{user.private_metadata}}"})
    write(folder, "jwt_templates/broken", '{\n"name":')

    answer = run(app_with_local, "lint")

    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "clerk/jwt_templates/api.json:4: error: {{user.private_metadata}} shows private metadata "
        "to everybody who holds the token. Remove it, or keep what may be seen in "
        "public_metadata. [private-metadata]",
        "clerk/jwt_templates/broken.json:2: error: This is not JSON: Expecting value. "
        "Mend the JSON. [not-json]",
    ]
    assert answer.stderr.endswith("Errors: 2. Warnings: 0. Files: 2.\n")


def test_github_reads_annotations(app_with_local: Flask, folder: Path) -> None:
    write(
        folder, "jwt_templates/a,b:c", {"name": "x", "claims": {"100%": "{{", "b": "{{user.nmae}}"}}
    )
    write_template(folder, "slow", {}, lifetime=3600)

    answer = run(app_with_local, "lint", "--format", "github")

    assert answer.stdout.splitlines() == [
        "::error file=clerk/jwt_templates/a%2Cb%3Ac.json,line=4,title=bad-shortcode::"
        "A shortcode of '100%25' cannot be read. "
        "The shortcode is never closed: add }} (position 0).",
        "::error file=clerk/jwt_templates/a%2Cb%3Ac.json,line=5,title=unknown-shortcode::"
        "{{user.nmae}} is no shortcode that Clerk documents: it is null. "
        "Write {{user.full_name}}.",
        "::warning file=clerk/jwt_templates/slow.json,line=4,title=long-lifetime::"
        "A token outlives its session, revoked or not, by up to 3600 seconds. "
        "Set lifetime to 300 seconds or less, and mint tokens when needed.",
    ]


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--users", "nowhere.json"], ["--lax"]])
def test_wrong_usage_exits_with_2(app_with_local: Flask, arguments: list[str]) -> None:
    assert run(app_with_local, "lint", *arguments).exit_code == 2


def test_without_files_there_is_nothing_to_find(app_with_local: Flask) -> None:
    assert lint(app_with_local, "--folder", "nowhere") == []
