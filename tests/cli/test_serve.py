"""``flask clerk serve``: a local Clerk in a process of its own, and an app that uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.local import LocalClerk
from flask_clerk.local import SQLiteStore
from flask_clerk.local.web.attach import DATABASE
from tests.cli.served import served
from tests.local.instances import ADA

PAGE = {"Accept": "text/html"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "clerk"


@pytest.fixture
def settings(folder: Path) -> Iterator[dict[str, str]]:
    """Return the settings that the command prints."""
    with served(folder) as settings:
        yield settings


def test_an_app_signs_in_at_a_local_clerk_of_another_process(
    settings: dict[str, str], folder: Path
) -> None:
    local = LocalClerk(SQLiteStore(folder / DATABASE))
    app = Flask("elsewhere")
    app.testing = True
    app.config.from_mapping(settings, CLERK_SECRET_KEY=local.secret_key.value)
    Clerk(app, redirect_to_sign_in=True)
    app.add_url_rule("/who", view_func=require_auth(lambda: str(g.auth.user_id)))
    client = app.test_client()

    away = client.get("/who", headers=PAGE)
    assert away.location.startswith(f"{settings['CLERK_FRONTEND_API']}/v1/client/handshake?")
    back = requests.get(away.location, allow_redirects=False, timeout=10).headers["Location"]
    assert client.get(back, headers=PAGE).status_code == 307
    to_sign_in = client.get("/who", headers=PAGE)
    assert to_sign_in.location.startswith(settings["CLERK_SIGN_IN_URL"])
    assert requests.get(to_sign_in.location, timeout=10).status_code == 200

    ada = local.users.find(ADA)
    assert ada is not None
    browser = client.get_cookie("__clerk_db_jwt")
    assert browser is not None
    visitor = local.clients.create(browser.value)
    local.sessions.create(ada.id, visitor.id)
    again = client.get(f"/who?__clerk_db_jwt={browser.value}", headers=PAGE)
    back = requests.get(again.location, allow_redirects=False, timeout=10).headers["Location"]
    client.get(back, headers=PAGE)
    assert client.get("/who", headers=PAGE).text == ada.id


def test_a_bad_seed_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"userz": []}')
    command = [sys.executable, "-m", "flask", "clerk", "serve", "--seed", str(seed)]

    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert "did you mean 'users'" in done.stderr
    assert "Traceback" not in done.stderr
