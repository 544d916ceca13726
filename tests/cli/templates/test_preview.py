"""``preview``: the claims and the size of the very token that the local Clerk mints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_clerk.core.tokens import read_token
from flask_clerk.jwt_templates import DOCUMENTED_SHORTCODES
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from tests.cli.templates.conftest import app_in
from tests.cli.templates.conftest import run
from tests.cli.templates.conftest import write
from tests.cli.templates.conftest import write_template
from tests.local.instances import ADA
from tests.local.instances import ALAN
from tests.local.instances import organization
from tests.local.instances import person
from tests.loopback import Loopback
from tests.loopback import answer_json

#: Every shortcode there is, each in a claim of its own.
EVERYTHING = {name.replace(".", "_"): f"{{{{{name}}}}}" for name in sorted(DOCUMENTED_SHORTCODES)}
#: Different in every token, in no other way than the length that a preview knows.
RANDOM = ("jti", "sid")
ORIGIN = "http://localhost:5000"


def session_of(local: LocalClerk, email: str, slug: str | None) -> Session:
    active = None if slug is None else organization(local, slug).id
    return local.sessions.create(person(local, email).id, organization_id=active)


def previewed(app: Flask, *arguments: str) -> dict[str, Any]:
    answer = run(app, "preview", *arguments, "--origin", ORIGIN, "--json")
    assert answer.exit_code == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def expect(preview: dict[str, Any], token: str) -> None:
    """Expect a preview to be this token, in content and in size."""
    minted = read_token(token)
    assert list(preview["claims"]) == list(minted.payload)
    moved = preview["claims"]["iat"] - minted.payload["iat"]  # it was made a moment later
    for name, value in minted.payload.items():
        if name in RANDOM:
            assert len(preview["claims"][name]) == len(value)
        elif name in ("exp", "iat", "nbf"):
            assert preview["claims"][name] == value + moved
        else:
            assert preview["claims"][name] == value, name
    assert preview["bytes"]["token"] == len(token)
    assert preview["bytes"]["cookie"] == len("__session_12345678=") + len(token)


PEOPLE = [(ADA, None), (ADA, "analytical-engines"), (ALAN, None)]


@pytest.mark.parametrize(("email", "slug"), PEOPLE)
def test_a_template_is_previewed_as_it_is_minted(
    app: Flask, local: LocalClerk, folder: Path, email: str, slug: str | None
) -> None:
    write_template(folder, "everything", EVERYTHING, lifetime=90, allowed_clock_skew=0)
    session = session_of(local, email, slug)
    local.templates.create(json.loads((folder / "jwt_templates/everything.json").read_text()))
    token = local.minting.template_token(session, "everything", origin=ORIGIN)
    in_organization = [] if slug is None else ["--organization", slug]

    preview = previewed(app, "everything", "--user", email, *in_organization)

    expect(preview, token)
    custom = {name: value for name, value in preview["claims"].items() if name in EVERYTHING}
    assert preview["custom_claims"] == custom
    assert preview["bytes"]["custom_claims"] == len(json.dumps(custom, separators=(",", ":")))


@pytest.mark.parametrize(("email", "slug"), PEOPLE)
def test_the_session_token_is_previewed_as_it_is_minted(
    app: Flask, local: LocalClerk, folder: Path, email: str, slug: str | None
) -> None:
    write(folder, "session_token", EVERYTHING)
    local.templates.customise_session_token(EVERYTHING)
    token = local.minting.session_token(session_of(local, email, slug), origin=ORIGIN)
    in_organization = [] if slug is None else ["--organization", slug]

    expect(previewed(app, "session_token", "--user", email, *in_organization), token)


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_templates_own_algorithm_counts(
    app_with_local: Flask, local: LocalClerk, algorithm: str
) -> None:
    local.templates.create(
        {
            "name": "signed",
            "claims": {},
            "custom_signing_key": True,
            "signing_algorithm": algorithm,
            "signing_key": "a-secret-of-the-template-itself-" * 2,
        }
    )
    token = local.minting.template_token(session_of(local, ADA, None), "signed", origin=ORIGIN)

    preview = previewed(app_with_local, "signed", "--user", "ada")

    # A template's own key is named by the template's id, which is a character longer.
    assert preview["bytes"]["token"] == pytest.approx(len(token), abs=2)


def test_what_has_no_file_is_taken_from_the_instance(app: Flask, local: LocalClerk) -> None:
    local.templates.create({"name": "there", "claims": {"aud": "there"}})
    local.templates.customise_session_token({"name": "{{user.first_name}}"})

    assert previewed(app, "there", "--user", "ada")["custom_claims"] == {"aud": "there"}
    assert previewed(app, "session_token", "--user", "ada")["custom_claims"] == {"name": "Ada"}


USER = {
    "id": "user_2abc",
    "first_name": "Ada",
    "last_name": None,
    "primary_email_address_id": "idn_2",
    "email_addresses": [
        {"id": "idn_1", "email_address": "old@example.com"},
        {
            "id": "idn_2",
            "email_address": "ada@example.com",
            "verification": {"status": "verified"},
        },
    ],
    "primary_phone_number_id": "idn_3",
    "phone_numbers": [{"id": "idn_3", "phone_number": "+15550100", "verification": None}],
    "primary_web3_wallet_id": "idn_4",
    "web3_wallets": [{"id": "idn_4", "web3_wallet": "0x0"}],
    "public_metadata": {"role": "admin"},
    "created_at": 1_700_000_000_999,
    "organization_memberships": [
        {
            "role": "org:admin",
            "permissions": ["org:sys_domains:read", "org:invoices:read"],
            "public_metadata": {"desk": 7},
            "organization": {"id": "org_1", "name": "Acme", "slug": "acme"},
        }
    ],
    "invented_later": True,
}


def test_a_user_comes_from_a_file(app_with_local: Flask, folder: Path) -> None:
    write(folder.parent, "user", USER)
    write_template(folder, "everything", EVERYTHING)

    custom = previewed(
        app_with_local, "everything", "--user", "user.json", "--organization", "acme"
    )["custom_claims"]

    assert {name: value for name, value in custom.items() if value is not None} == {
        "user_id": "user_2abc",
        "user_first_name": "Ada",
        "user_full_name": "Ada",
        "user_primary_email_address": "ada@example.com",
        "user_email_verified": True,
        "user_primary_phone_address": "+15550100",
        "user_primary_phone_number": "+15550100",
        "user_phone_number_verified": False,
        "user_primary_web3_wallet": "0x0",
        "user_public_metadata": {"role": "admin"},
        "user_created_at": 1_700_000_000,
        "user_organizations": {"org_1": "org:admin"},
        "org_id": "org_1",
        "org_name": "Acme",
        "org_slug": "acme",
        "org_role": "org:admin",
        "org_membership_permissions": ["org:invoices:read"],
        "org_membership_public_metadata": {"desk": 7},
    }


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"email_addresses": None, "primary_email_address_id": "idn_1"},
        {"email_addresses": [7, {"id": "idn_1"}], "primary_email_address_id": "idn_1"},
        {"organization_memberships": "?", "created_at": "?", "public_metadata": None},
        {"organization_memberships": [{}, 7, {"organization": None}]},
    ],
)
def test_a_malformed_user_has_nulls(app_with_local: Flask, folder: Path, user: object) -> None:
    write(folder.parent, "user", user)
    write_template(folder, "everything", EVERYTHING)

    custom = previewed(app_with_local, "everything", "--user", "user.json")["custom_claims"]

    assert {value for value in custom.values() if not isinstance(value, dict)} <= {None, False}
    elsewhere = run(
        app_with_local, "preview", "everything", "--user", "user.json", "--organization", "acme"
    )
    assert "no member of an organization 'acme'" in elsewhere.stderr


def test_people_read_the_claims_and_the_sizes(app_with_local: Flask, folder: Path) -> None:
    write_template(folder, "api", {"aud": "api"})

    answer = run(app_with_local, "preview", "api", "--user", "ada")

    assert answer.exit_code == 0
    claims = json.loads(answer.stdout)
    assert list(claims) == ["aud", "exp", "iat", "iss", "jti", "nbf", "sub"]
    assert answer.stderr.startswith("13 bytes of custom claims, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "--user", "ada"], "There is no template 'nothing': the instance has "),
        (["api", "--user", "zoe"], "No user's id, address or username begins with zoe"),
        (["api", "--user", "ada", "--organization", "acme"], "no member of an organization 'acme'"),
        (["api", "--user", "none.json"], "No such file"),
        (["api", "--user", "users.json"], "holds several users: name one of them"),
        (["api", "--user", "broken.json"], "broken.json is not JSON"),
        (["api", "--user", "numbers.json"], "must hold a user, or a list of users"),
        (["bad", "--user", "ada"], "bad.json:1: Add the field 'claims' to the template."),
    ],
)
def test_what_cannot_be_previewed_is_told(
    app_with_local: Flask, folder: Path, arguments: list[str], message: str
) -> None:
    write_template(folder, "api")
    write(folder, "jwt_templates/bad", '{"name": "bad"}')
    write(folder.parent, "users", [{}, {}])
    write(folder.parent, "broken", "{")
    write(folder.parent, "numbers", [1])

    answer = run(app_with_local, "preview", *arguments)

    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: ")
    assert message in answer.stderr


def test_a_preview_needs_a_user(app_with_local: Flask) -> None:
    answer = run(app_with_local, "preview", "api")
    assert answer.exit_code == 2
    assert "Missing option '--user'" in answer.stderr


def test_a_template_that_this_package_cannot_read_is_told(folder: Path) -> None:
    write(folder.parent, "user", {})
    with Loopback().running() as server:
        server.respond = lambda call: answer_json(
            [{"id": "j", "name": "odd", "claims": {"sub": 1}}]
        )
        app = app_in(folder, secret_key="sk_test_1", api_url=server.url)
        answer = run(app, "preview", "odd", "--user", "user.json")

    assert answer.exit_code == 1
    assert "odd cannot be rendered: You can't use the reserved claim: sub" in answer.stderr
