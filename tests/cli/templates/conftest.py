"""A folder of files, a local Clerk, and an app that reaches it: in place, or over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.web.app import create_app
from tests.cli import running
from tests.local.instances import FAST_HASH
from tests.local.live import serving


@pytest.fixture
def local(keys: RSAKey) -> Iterator[LocalClerk]:
    store = MemoryStore()
    local = LocalClerk(store, key=keys, password_method=FAST_HASH)
    seed(local)
    yield local
    store.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder beside the app, empty; the working directory is the one around it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clerk/jwt_templates").mkdir(parents=True)
    return tmp_path / "clerk"


def app_in(folder: Path, **settings: Any) -> Flask:
    """Return an app that lies beside the folder, in neither debug nor testing mode."""
    app = Flask("templates", root_path=str(folder.parent))
    Clerk(app, **settings)
    return app


@pytest.fixture(params=["in the app", "over HTTP"])
def app(request: pytest.FixtureRequest, local: LocalClerk, folder: Path) -> Iterator[Flask]:
    if request.param == "in the app":
        yield app_in(folder, local=local)
        return
    with serving(create_app(local)) as origin:
        yield app_in(
            folder,
            publishable_key=local.publishable_key.value,
            secret_key=local.secret_key.value,
            api_url=f"{origin}/api",
        )


@pytest.fixture
def app_with_local(local: LocalClerk, folder: Path) -> Flask:
    """Return an app that holds the local Clerk itself."""
    return app_in(folder, local=local)


def run(app: Flask, *arguments: str, **options: Any) -> Result:
    """Return what ``flask clerk templates …`` answered."""
    return running.run(app, "templates", *arguments, **options)


def write(folder: Path, name: str, content: object) -> Path:
    """Write a file as ``pull`` would; text as it is."""
    path = folder / f"{name}.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    path.write_text(text, "utf-8")
    return path


def template(name: str, claims: object = None, **fields: Any) -> dict[str, Any]:
    """Return a template as its file holds it."""
    own = {"role": "{{user.public_metadata.role}}"} if claims is None else claims
    return {"name": name, "claims": own, "lifetime": 60, "allowed_clock_skew": 5, **fields}


def write_template(folder: Path, name: str, claims: object = None, **fields: Any) -> Path:
    """Write a template's file."""
    return write(folder, f"jwt_templates/{name}", template(name, claims, **fields))
