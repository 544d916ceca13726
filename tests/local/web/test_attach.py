"""``Clerk(app, local=True)``: the settings that follow, where it is kept, how the two talk."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import g

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from flask_clerk import auth
from flask_clerk import require_auth
from flask_clerk.core.instance import Backend
from flask_clerk.globals import clerk_of
from flask_clerk.local import LocalClerk
from flask_clerk.local import SeedError
from flask_clerk.local.web.attach import open_local


@pytest.fixture
def local(clerk: LocalClerk) -> LocalClerk:
    return clerk


def make_app(local: LocalClerk | bool, path: Path | None = None, **settings: Any) -> Flask:
    app = Flask("attached", instance_path=str(path) if path else None)
    app.testing = True
    Clerk(app, local=local, **settings)

    @app.get("/who")
    @require_auth
    def who() -> str:
        return str(g.auth.user_id)

    return app


def session_of(local: LocalClerk, email: str = "ada+clerk_test@example.com") -> tuple[str, str]:
    """Return the id of a new session of somebody, and a token of it."""
    user = local.users.find(email)
    assert user is not None
    session = local.sessions.create(user.id, local.clients.create().id)
    return session.id, local.minting.session_token(session, origin="http://localhost")


def backend_of(local: LocalClerk) -> Backend:
    """Return what an app with this local Clerk calls its Backend API by."""
    return clerk_of(make_app(local)).instance.backend


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_its_tokens_are_believed(local: LocalClerk) -> None:
    app = make_app(local)
    _, token = session_of(local)

    user = local.users.find("ada+clerk_test@example.com")
    assert user is not None
    assert app.test_client().get("/who", headers=bearer(token)).text == user.id


def test_both_read_one_clock(local: LocalClerk) -> None:
    app = make_app(local)
    _, token = session_of(local)

    local.clock.advance(seconds=120)

    answer = app.test_client().get("/who", headers=bearer(token))
    assert "session-token-expired" in answer.headers["X-Clerk-Auth-Reason"]


def test_a_restart_keeps_people_sessions_and_keys(tmp_path: Path) -> None:
    first = make_app(True, tmp_path)
    _, token = session_of(first.extensions["clerk_local"])

    second = make_app(True, tmp_path)

    assert second.test_client().get("/who", headers=bearer(token)).status_code == 200
    assert [path.name for path in tmp_path.glob("*.sqlite3")] == ["clerk.sqlite3"]


def test_a_seed_file_beside_the_app_says_whom_it_knows(tmp_path: Path) -> None:
    seed = tmp_path / "clerk/seed.json"
    seed.parent.mkdir()
    seed.write_text(json.dumps({"password": "p4ss-word", "users": [{"email": "me@here.example"}]}))
    app = Flask("seeded", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))

    Clerk(app, local=True)

    local: LocalClerk = app.extensions["clerk_local"]
    assert [user.email_addresses[0].email_address for user in local.users.search()] == [
        "me@here.example"
    ]


def test_a_new_one_begins_with_the_templates_beside_its_seed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "clerk/jwt_templates"
    folder.mkdir(parents=True)
    (folder / "api.json").write_text('{"name": "api", "claims": {"aud": "api"}}')
    (folder / "bad.json").write_text('{"name": "bad", "claims": {"sub": 1}}')
    (folder / "broken.json").write_text("{")
    (tmp_path / "clerk/session_token.json").write_text('{"role": "admin"}')

    local = open_local(tmp_path / "instance", tmp_path / "clerk/seed.json")

    assert [found.name for found in local.templates.search()] == ["api"]
    assert local.settings.session_token_claims == {"role": "admin"}
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "bad.json: jwt_templates[0]: You can't use the reserved claim: sub" in told[0]
    assert "broken.json is not JSON" in told[1]
    (folder / "later.json").write_text('{"name": "later", "claims": {}}')
    again = open_local(tmp_path / "instance", tmp_path / "clerk/seed.json")
    assert [found.name for found in again.templates.search()] == ["api"]


def test_a_bad_seed_file_stops_the_app_and_founds_nothing(tmp_path: Path) -> None:
    seed = tmp_path / "clerk/seed.json"
    seed.parent.mkdir()
    seed.write_text('{"userz": []}')
    app = Flask("seeded", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))

    with pytest.raises(SeedError, match="did you mean 'users'"):
        Clerk(app, local=True)

    seed.write_text('{"password": "p4ss-word", "users": [{"email": "me@here.example"}]}')
    again = Flask("seeded", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    Clerk(again, local=True)
    assert len(again.extensions["clerk_local"].users.search()) == 1


def test_keys_of_another_instance_give_way(
    local: LocalClerk, public_pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_JWT_KEY", public_pem)
    monkeypatch.setenv("CLERK_SECRET_KEY", "sk_test_of_another_instance")
    monkeypatch.setenv("CLERK_PROXY_URL", "https://elsewhere.example/clerk")

    app = make_app(local)

    _, token = session_of(local)
    assert app.test_client().get("/who", headers=bearer(token)).status_code == 200
    assert clerk_of(app).instance.config.proxy_url == "/__clerk"


@pytest.mark.parametrize(
    "live",
    [
        {"secret_key": "sk_live_of_production"},
        {"publishable_key": "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"},
    ],
    ids=["secret key", "publishable key"],
)
def test_live_keys_beside_it_stop_the_app(local: LocalClerk, live: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="beside a live") as caught:
        make_app(local, None, **live)

    assert "of_production" not in str(caught.value)


def test_live_keys_in_the_environment_stop_the_app_too(
    local: LocalClerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", "sk_live_of_production")

    with pytest.raises(ConfigurationError, match="CLERK_SECRET_KEY"):
        make_app(local)


def test_the_setting_asks_for_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_LOCAL", "true")
    app = Flask("asked", instance_path=str(tmp_path))

    Clerk(app)

    assert "clerk_local" in app.extensions


def test_a_keyword_has_the_last_word(
    public_pem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_LOCAL", "true")
    app = Flask("asked", instance_path=str(tmp_path))

    Clerk(app, local=False, jwt_key=public_pem)

    assert "clerk_local" not in app.extensions


def test_its_own_pages_are_where_people_sign_in(local: LocalClerk) -> None:
    config = clerk_of(make_app(local)).instance.config

    assert (config.sign_in_url, config.sign_up_url) == ("/__clerk/sign-in", "/__clerk/sign-up")


def test_the_apps_own_pages_win(local: LocalClerk) -> None:
    config = clerk_of(make_app(local, sign_in_url="/enter")).instance.config

    assert config.sign_in_url == "/enter"


def test_an_app_that_is_closed_leaves_it_open(local: LocalClerk) -> None:
    app = make_app(local, require_auth=True)

    assert app.test_client().get("/__clerk/.well-known/jwks.json").status_code == 200


def test_its_own_pages_are_not_sent_through_handshakes(local: LocalClerk) -> None:
    app = make_app(local)

    answer = app.test_client().get("/__clerk/sign-in", headers={"Sec-Fetch-Dest": "document"})

    assert answer.status_code == 200
    assert "X-Clerk-Auth-Status" not in answer.headers


def test_decisions_are_remembered_for_the_dashboard(local: LocalClerk) -> None:
    app = make_app(local)
    session_id, token = session_of(local)

    app.test_client().get("/who", headers=bearer(token))
    app.test_client().get("/who", headers=bearer("forged.token.here"))
    app.test_client().get("/__clerk/.well-known/jwks.json")

    assert [(entry.path, entry.status, entry.reason) for entry in local.log] == [
        ("/who", "signed-in", None),
        ("/who", "signed-out", "token-invalid"),
    ]
    assert local.log[0].session_id == session_id


def test_the_backend_of_the_app_is_the_instance(local: LocalClerk) -> None:
    backend = backend_of(local)
    session_id, _ = session_of(local)
    local.templates.create({"name": "api", "claims": {"hello": "world"}})

    assert backend.fetch_jwks() == local.jwks()
    assert backend.create_token(session_id, None, 30).count(".") == 2
    assert backend.create_token(session_id, "api", None).count(".") == 2
    backend.revoke_session(session_id)
    assert local.sessions.get(session_id).status == "revoked"
    session_id, _ = session_of(local)
    backend.revoke_user(local.sessions.get(session_id).user_id)
    assert local.sessions.get(session_id).status == "revoked"


def test_refusals_of_the_instance_are_those_of_the_backend_api(local: LocalClerk) -> None:
    backend = backend_of(local)
    session_id, _ = session_of(local)

    with pytest.raises(BackendAPIError) as unknown:
        backend.create_token(session_id, "nothing", None)
    with pytest.raises(BackendAPIError) as redeemed:
        backend.fetch_handshake_cookies("no-such-nonce")

    assert (unknown.value.status, unknown.value.codes) == (404, ("resource_not_found",))
    assert redeemed.value.status == 404


def test_faults_reach_the_app(local: LocalClerk) -> None:
    backend = backend_of(local)
    local.faults.limit("backend", retry_after=7, times=1)

    with pytest.raises(BackendAPIError) as limited:
        backend.fetch_jwks()

    assert (limited.value.status, limited.value.retry_after) == (429, 7)
    assert backend.fetch_jwks() == local.jwks()


def test_a_hanging_backend_is_waited_for(local: LocalClerk) -> None:
    local.faults.hang("backend", 0.2, times=1)
    began = time.monotonic()

    assert backend_of(local).fetch_jwks() == local.jwks()
    assert time.monotonic() - began >= 0.2


def test_outside_of_requests_nobody_is_signed_in(local: LocalClerk) -> None:
    with make_app(local).app_context():
        assert not auth.is_signed_in
