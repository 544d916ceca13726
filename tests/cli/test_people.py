"""``flask clerk users``, ``sessions`` and ``token``: at a local Clerk in the app, and over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import g
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.web.app import create_app
from tests.cli.running import run
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import FAST_HASH
from tests.local.instances import GRACE
from tests.local.instances import organization
from tests.local.instances import person
from tests.local.live import serving
from tests.visitors import bearer


@pytest.fixture
def local(keys: RSAKey) -> LocalClerk:
    local = LocalClerk(MemoryStore(), key=keys, password_method=FAST_HASH)
    seed(local)
    return local


@pytest.fixture(params=["in the app", "over HTTP"])
def app(request: pytest.FixtureRequest, local: LocalClerk) -> Iterator[Flask]:
    """Return an app whose commands talk to the local Clerk, here or in another place."""
    app = Flask("people")
    app.add_url_rule("/me", "me", require_auth(lambda: f"{g.auth.user_id} {g.auth.org_slug}"))
    if request.param == "in the app":
        Clerk(app, local=local)
        yield app
        return
    with serving(create_app(local)) as origin:
        Clerk(
            app,
            publishable_key=local.publishable_key.value,
            secret_key=local.secret_key.value,
            api_url=f"{origin}/api",
        )
        yield app


def printed(app: Flask, *line: str) -> str:
    answer = run(app, *line)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_users_are_listed_and_searched(app: Flask, local: LocalClerk) -> None:
    listed = printed(app, "users", "list").splitlines()
    assert listed[0].split()[:3] == ["ID", "ADDRESS", "NAME"]
    assert {line.split()[1] for line in listed[1:4]} == {ALAN, GRACE, ADA}
    assert listed[-1].startswith("3 at the ")

    found = json.loads(printed(app, "users", "list", "--query", "hopper", "--json"))
    assert [user["id"] for user in found] == [person(local, GRACE).id]
    assert "\n1 or more (--limit 1) at" in printed(app, "users", "list", "--limit", "1")


def test_a_user_is_shown_by_the_beginning_of_the_address(app: Flask, local: LocalClerk) -> None:
    shown = printed(app, "users", "show", "ada")
    fields = dict(line.split(maxsplit=1) for line in shown.splitlines() if "  " in line)
    assert fields["addresses"] == ADA
    assert fields["public_metadata"] == '{"role": "admin"}'
    assert fields["name"] == "Ada Lovelace"

    as_json = json.loads(printed(app, "users", "show", ADA.upper(), "--json"))
    assert as_json["id"] == person(local, ADA).id
    assert printed(app, "users", "show", as_json["id"]) == shown


def test_a_ban_ends_sessions_until_it_is_lifted(app: Flask, local: LocalClerk) -> None:
    session = local.sessions.create(person(local, ADA).id)
    out_already = {"sub": session.user_id, "sid": session.id, "iat": local.clock()}
    revocations = app.extensions["clerk"].instance.revocations
    assert not revocations.ends(out_already)

    assert printed(app, "users", "ban", "ada") == f"Banned {ADA}: every session has ended.\n"
    assert revocations.ends(out_already)
    assert local.sessions.get(session.id).status == "revoked"
    assert "banned" in printed(app, "users", "list")
    refused = run(app, "token", "--user", "ada")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "user_banned" in refused.stderr

    assert printed(app, "users", "unban", "ada") == f"{ADA} may sign in again.\n"
    assert "banned" not in printed(app, "users", "list")


AMBIGUOUS = [
    ("a", f"Error: a may be {ADA}, {ALAN}: type more of it.\n"),
    (
        "lovelace",
        f"Error: No user's id, address or username begins with lovelace; there are {ADA}.\n",
    ),
    (
        "nobody",
        "Error: No user's id, address or username begins with nobody; there are "
        f"{ADA}, {ALAN}, {GRACE}.\n",
    ),
]


@pytest.mark.parametrize(("asked", "error"), AMBIGUOUS)
def test_whoever_is_not_one_user_is_told_who_there_is(app: Flask, asked: str, error: str) -> None:
    for line in (["users", "show", asked], ["token", "--user", asked]):
        answer = run(app, *line)
        assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", error)


def test_among_many_only_the_first_few_are_named(app: Flask, local: LocalClerk) -> None:
    for number in range(20):
        local.users.create(email_addresses=[f"bob{number}@example.com"])

    assert run(app, "users", "show", "bob").stderr.endswith(", 12 more: type more of it.\n")
    one = json.loads(printed(app, "users", "show", "bob1@example.com", "--json"))
    assert one["email_addresses"][0]["email_address"] == "bob1@example.com"


def test_a_user_without_an_address_is_known_by_username_or_id(
    app: Flask, local: LocalClerk
) -> None:
    local.users.create(username="charles")
    nameless = local.users.create()

    listed = {line.split()[1] for line in printed(app, "users", "list").splitlines()[1:6]}
    assert listed == {nameless.id, "charles", ADA, ALAN, GRACE}
    assert "charles" in printed(app, "users", "show", "char")


def test_a_name_gives_the_terminal_no_orders(app: Flask, local: LocalClerk) -> None:
    local.users.create(email_addresses=["eve@example.com"], first_name="Eve\x1b[2J\u202e")

    listed = printed(app, "users", "list")

    assert "Eve\ufffd[2J\ufffd" in listed
    assert listed.replace("\n", "").isprintable()


def test_what_is_done_is_told_to_scripts(app: Flask, local: LocalClerk) -> None:
    session = local.sessions.create(person(local, GRACE).id)

    revoked = json.loads(printed(app, "sessions", "revoke", session.id, "--json"))
    assert revoked == [{"id": session.id, "status": "revoked"}]
    assert json.loads(printed(app, "users", "ban", "ada", "--json"))["banned"] is True
    assert json.loads(printed(app, "users", "unban", "ada", "--json"))["banned"] is False


def test_sessions_are_listed_and_revoked(app: Flask, local: LocalClerk) -> None:
    ada, grace = person(local, ADA), person(local, GRACE)
    session = local.sessions.create(ada.id, organization_id="analytical-engines")
    other = local.sessions.create(grace.id)

    assert {s["id"] for s in listed_sessions(app)} == {other.id, session.id}
    assert [s["id"] for s in listed_sessions(app, "--user", "ada")] == [session.id]
    shown = printed(app, "sessions", "list", "--user", "ada")
    assert shown.splitlines()[1].split()[:3] == [session.id, ada.id, "active"]
    assert organization(local).id in shown

    assert printed(app, "sessions", "revoke", session.id) == f"Revoked {session.id}.\n"
    assert [s["id"] for s in listed_sessions(app, "--status", "active")] == [other.id]
    assert [s["id"] for s in listed_sessions(app, "--status", "revoked")] == [session.id]


def listed_sessions(app: Flask, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed(app, "sessions", "list", "--json", *options))
    return found


def test_a_session_that_is_not_there_cannot_be_revoked(app: Flask, local: LocalClerk) -> None:
    there = local.sessions.create(person(local, ADA).id)

    answer = run(app, "sessions", "revoke", there.id, "sess_none")

    assert answer.exit_code == 1
    assert answer.stdout == f"Revoked {there.id}.\n"
    assert answer.stderr == "Error: There is no session sess_none.\n"
    assert run(app, "sessions", "revoke").exit_code == 2


def test_a_token_signs_its_user_in(app: Flask, local: LocalClerk) -> None:
    token = printed(app, "token", "--user", "ada").strip()
    answer = app.test_client().get("/me", headers=bearer(token))
    assert answer.text == f"{person(local, ADA).id} None"

    line = ["token", "--user", "ada", "--organization", "analytical-engines"]
    token = printed(app, *line, "--expires-in", "3600").strip()
    answer = app.test_client().get("/me", headers=bearer(token))
    assert answer.text == f"{person(local, ADA).id} analytical-engines"
    claims = read_token(token).payload
    assert claims["exp"] - claims["iat"] == 3600


def test_tokens_share_a_live_session_of_the_same_organization(
    app: Flask, local: LocalClerk
) -> None:
    in_organization = ["--organization", organization(local).id]
    personal = [session_of(app), session_of(app)]
    shared = [session_of(app, *in_organization), session_of(app, *in_organization)]
    assert len(set(personal)) == len(set(shared)) == 1
    assert personal[0] != shared[0]

    local.sessions.revoke(personal[0])

    assert session_of(app) not in (personal[0], shared[0])


def session_of(app: Flask, *options: str) -> str:
    token = printed(app, "token", "--user", "ada", *options).strip()
    return str(read_token(token).payload["sid"])


def test_a_token_is_made_from_a_template(app: Flask, local: LocalClerk) -> None:
    local.templates.create({"name": "api", "claims": {"aud": "billing"}})

    token = printed(app, "token", "--user", "grace", "--template", "api").strip()

    assert read_token(token).payload["aud"] == "billing"
    assert not read_token(token).is_session_class


REFUSED = [
    (["--template", "nope"], 1, "Error: There is no JWT template nope.\n"),
    (["--organization", "nope"], 1, "Error: There is no organization nope.\n"),
    (["--expires-in", "5"], 2, "5 is not in the range"),
]


@pytest.mark.parametrize(("options", "code", "error"), REFUSED)
def test_a_token_that_cannot_be_made_is_told_in_a_sentence(
    app: Flask, options: list[str], code: int, error: str
) -> None:
    answer = run(app, "token", "--user", "ada", *options)

    assert (answer.exit_code, answer.stdout) == (code, "")
    assert error in answer.stderr


def test_a_fault_of_clerks_is_told_as_it_is(app: Flask, local: LocalClerk) -> None:
    session = local.sessions.create(person(local, ADA).id)
    local.faults.fail("backend", 403)

    answer = run(app, "sessions", "revoke", session.id)

    assert answer.exit_code == 1
    assert "answered 403" in answer.stderr
    assert local.secret_key.value not in answer.output


def test_whoever_has_no_users_is_told_so(keys: RSAKey) -> None:
    app = Flask("nobody")
    Clerk(app, local=LocalClerk(MemoryStore(), key=keys))

    answer = run(app, "users", "show", "ada")

    assert answer.stderr.endswith("begins with ada: there are no users.\n")


def test_no_token_is_made_with_live_keys() -> None:
    app = Flask("live")
    Clerk(app, secret_key="sk_live_secret")

    answer = run(app, "token", "--user", "ada")

    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: Tokens are made with test keys only")
    assert "secret" not in answer.output


def test_a_local_token_is_for_an_origin_that_the_app_accepts(local: LocalClerk) -> None:
    app = Flask("careful")
    Clerk(app, local=local, authorized_parties="https://app.example.com")
    app.add_url_rule("/me", "me", require_auth(lambda: g.auth.claim("azp")))
    local.templates.create({"name": "api", "claims": {}})

    token = printed(app, "token", "--user", "ada", "--expires-in", "90").strip()
    from_template = printed(app, "token", "--user", "ada", "--template", "api").strip()

    assert app.test_client().get("/me", headers=bearer(token)).text == "https://app.example.com"
    claims = read_token(token).payload
    assert claims["exp"] - claims["iat"] == 90
    assert read_token(from_template).payload["azp"] == "https://app.example.com"
    missing = run(app, "token", "--user", "ada", "--template", "nope")
    assert missing.stderr == "Error: There is no JWT template nope.\n"


def test_clerks_tokens_without_origin_come_with_a_word_where_origins_count(
    local: LocalClerk,
) -> None:
    with serving(create_app(local)) as origin:
        app = Flask("careful")
        Clerk(
            app,
            secret_key=local.secret_key.value,
            api_url=f"{origin}/api",
            authorized_parties="https://app.example.com",
        )

        answer = run(app, "token", "--user", "ada")

    assert answer.exit_code == 0
    assert answer.stdout.count("\n") == 1
    assert "CLERK_AUTHORIZED_PARTIES" in answer.stderr


def test_curl_gets_a_token_of_the_app_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from flask import Flask, g\nfrom flask_clerk import Clerk, require_auth\n"
        "app = Flask(__name__, instance_path=__file__ + '.d')\nClerk(app, local=True)\n"
        "app.testing = True\n"
        "app.add_url_rule('/me', 'me', require_auth(lambda: g.auth.claim('sub')))\n"
    )
    line = [sys.executable, "-m", "flask", "--app", "shop", "clerk"]
    options: dict[str, Any] = {"capture_output": True, "text": True, "cwd": tmp_path, "timeout": 60}

    made = subprocess.run([*line, "token", "--user", "ada"], check=True, **options)
    asking = (
        "import shop, sys; answer = shop.app.test_client().get('/me', headers={'Authorization':"
        " 'Bearer ' + sys.argv[1]}); print(answer.status_code, answer.text)"
    )
    token = made.stdout.strip()
    asked = subprocess.run([sys.executable, "-c", asking, token], check=True, **options)
    assert asked.stdout == f"200 {read_token(token).payload['sub']}\n"

    refused = subprocess.run(
        [*line, "token", "--user", "nobody"], env={**os.environ, "NO_COLOR": "1"}, **options
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: No user's id")
