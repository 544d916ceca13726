"""The app beside which a command works: what it is called, and what it may lack."""

from __future__ import annotations

import pytest
from flask import Flask

from flask_clerk import Clerk
from flask_clerk.cli.app import instance_name
from flask_clerk.core.config import ClerkConfig
from tests.cli.running import run

PUBLISHABLE = "pk_test_aGFwcHktY2F0LTEuY2xlcmsuYWNjb3VudHMuZGV2JA"  # happy-cat-1.clerk.accounts.dev
LIVE = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"  # clerk.example.com


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"secret_key": "sk_test_1"}, "Clerk's development instance"),
        (
            {"publishable_key": PUBLISHABLE, "secret_key": "sk_test_1"},
            "Clerk's development instance happy-cat-1.clerk.accounts.dev",
        ),
        (
            {"publishable_key": LIVE, "secret_key": "sk_live_1"},
            "Clerk's production instance clerk.example.com",
        ),
        (
            {"secret_key": "sk_test_1", "api_url": "http://localhost:5555/api"},
            "the Clerk at http://localhost:5555/api",
        ),
        ({"publishable_key": PUBLISHABLE, "local": True}, "the local Clerk"),
    ],
)
def test_an_instance_is_named_without_its_keys(settings: dict[str, str], name: str) -> None:
    assert instance_name(ClerkConfig.load(settings, {}, {})) == name


def test_an_app_without_clerk_is_told_to_get_one() -> None:
    answer = run(Flask("without"), "templates", "list")

    assert answer.exit_code == 1
    assert "call Clerk(app) or clerk.init_app(app)" in answer.stderr


def test_an_instance_is_called_with_a_secret_key() -> None:
    app = Flask("without a key")
    Clerk(app, publishable_key=PUBLISHABLE)

    answer = run(app, "templates", "list")

    assert answer.exit_code == 1
    assert "The Backend API needs CLERK_SECRET_KEY." in answer.stderr
