"""Fifty browsers that sign in at once, over real HTTP, with SQLite behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask import g
from joserfc.jwk import RSAKey

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local import SQLiteStore
from flask_clerk.local import seed
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.live import serving

BROWSERS = 50


@pytest.fixture
def local(tmp_path: Path, keys: RSAKey) -> Iterator[LocalClerk]:
    store = SQLiteStore(tmp_path / "clerk.sqlite3")
    local = LocalClerk(store, key=keys, password_method=FAST_HASH)
    seed(local)
    yield local
    store.close()


def sign_in(url: str) -> tuple[int, str]:
    """Sign in as Ada in a browser of its own; return the last status and the session's id."""
    browser = requests.Session()
    api = f"{url}/__clerk/v1"
    dev_browser = browser.post(f"{api}/dev_browser", timeout=60).json()["id"]
    answer = browser.post(
        f"{api}/client/sign_ins",
        params={"__clerk_db_jwt": dev_browser},
        data={"identifier": ADA, "password": DEFAULT_PASSWORD, "strategy": "password"},
        headers={"Origin": url},
        timeout=60,
    ).json()
    page = browser.get(
        f"{url}/who",
        params={"__clerk_db_jwt": dev_browser},
        headers={"Accept": "text/html"},
        timeout=60,
    )
    return page.status_code, answer["response"]["created_session_id"]


def test_no_session_is_lost_and_no_answer_is_an_error(local: LocalClerk) -> None:
    app = Flask("crowded", static_folder=None)
    app.testing = True
    Clerk(app, local=local)
    app.add_url_rule("/who", view_func=require_auth(lambda: str(g.auth.user_id)))

    with serving(app) as url, ThreadPoolExecutor(BROWSERS) as pool:
        results = list(pool.map(sign_in, [url] * BROWSERS))

    assert {status for status, _ in results} == {200}
    known = {session.id for session in local.sessions.search(status="active")}
    assert len({session_id for _, session_id in results} & known) == BROWSERS
