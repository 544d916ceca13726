"""The people behind the ids: ``g.auth.user``, ``g.auth.session``, fresh claims after a change."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import redirect
from flask.typing import ResponseReturnValue

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import auth
from flask_clerk import require_claim
from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.testing import LocalClient
from tests.loopback import Answer
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import Signer
from tests.signing import session_claims

ALAN = "alan+clerk_test@example.com"
SECRET = "sk_test_do_not_tell_anybody"


# --- whom Clerk knows ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as running:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield running


@pytest.fixture
def asking(server: Loopback, public_pem: str) -> tuple[Flask, Clerk]:
    """Return an app whose Backend API is the server, and which knows how to verify tokens."""
    app = Flask("asking", static_folder=None)
    return app, Clerk(app, jwt_key=public_pem, secret_key=SECRET, api_url=server.url)


def visit(app: Flask, sign: Signer, view: Callable[[], Any], signed_in: bool = True) -> Any:
    """Return what a view returns for Ada, or for nobody."""
    app.add_url_rule("/", view_func=lambda: {"found": view()})
    headers = {"Authorization": f"Bearer {sign(session_claims(time.time()))}"} if signed_in else {}
    return app.test_client().get("/", headers=headers).json["found"]


def test_clerks_user_is_asked_for_once_a_request(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer_json({"id": "user_1", "first_name": "Ada"}))
    found = visit(asking[0], sign, lambda: [g.auth.user.first_name, auth.user.id])
    assert found == ["Ada", "user_1"]
    [call] = server.calls
    assert (call.path, call.headers["authorization"]) == ("/v1/users/user_1", f"Bearer {SECRET}")


def test_clerk_is_not_asked_before_somebody_asks_for_the_user(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer_json({}))
    assert visit(asking[0], sign, lambda: g.auth.user_id) == "user_1"
    assert server.calls == []


def test_the_session_as_clerk_has_it_is_asked_for_once(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    shown = {"id": "sess_1", "status": "active", "last_active_at": 1, "expire_at": 2}
    server.reset(lambda call: answer_json({**shown, "abandon_at": 3}))
    found = visit(asking[0], sign, lambda: [g.auth.session.status, g.auth.session.abandon_at])
    assert found == ["active", 3]
    assert [call.path for call in server.calls] == ["/v1/sessions/sess_1"]


def test_the_apps_own_user_comes_first(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer_json({}))
    app, clerk = asking
    clerk.user_loader(lambda user_id: f"own {user_id}")
    assert visit(app, sign, lambda: g.auth.user) == "own user_1"
    assert server.calls == []


def test_nobody_has_neither_user_nor_session(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer_json({}))
    found = visit(asking[0], sign, lambda: [g.auth.user, g.auth.session], signed_in=False)
    assert found == [None, None]
    assert server.calls == []


def test_somebody_whom_clerk_has_deleted_is_nobody(
    asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer_json({"errors": [{"code": "resource_not_found"}]}, 404))
    assert visit(asking[0], sign, lambda: [g.auth.user, g.auth.session]) == [None, None]


@pytest.mark.parametrize(
    "answer", [Answer(500, b"{}"), Answer(200, b"<html>"), Answer(401, b"{}")], ids=str
)
@pytest.mark.parametrize("name", ["user", "session"])
def test_a_backend_api_that_fails_is_an_error_and_not_nobody(
    name: str, answer: Answer, asking: tuple[Flask, Clerk], server: Loopback, sign: Signer
) -> None:
    server.reset(lambda call: answer)

    def ask() -> str:
        with pytest.raises(BackendAPIError, match="The Backend API") as caught:
            getattr(g.auth, name)
        return str(caught.value)

    assert SECRET not in visit(asking[0], sign, ask)


def test_without_loader_and_secret_key_there_is_no_user(public_pem: str, sign: Signer) -> None:
    app = Flask("keyless", static_folder=None)
    Clerk(app, jwt_key=public_pem)

    def ask() -> str:
        with pytest.raises(BackendAPIError) as caught:
            g.auth.user  # noqa: B018
        return str(caught.value)

    message = visit(app, sign, ask)
    assert "clerk.user_loader" in message
    assert "CLERK_SECRET_KEY" in message


def test_a_token_is_minted_from_a_template_for_as_long_as_asked(
    clerk_local: LocalClerk, clerk_client: LocalClient, app: Flask
) -> None:
    clerk_local.templates.create({"name": "api", "claims": {"aud": "api"}})
    app.add_url_rule("/token", view_func=lambda: g.auth.get_token("api", expires_in=90) or "none")
    assert clerk_client.get("/token").text == "none"
    session = clerk_client.sign_in(ALAN)
    claims = read_token(clerk_client.get("/token").text).payload
    assert (claims["sub"], claims["aud"]) == (session.user_id, "api")
    assert claims["exp"] - claims["iat"] == 90


# --- a change that the next request sees -----------------------------------------------------


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def app(clerk: Clerk, clerk_local: LocalClerk, settings: dict[str, Any]) -> Flask:
    """Return an app in which whoever is signed in can become an admin."""
    clerk_local.update_settings(session_token_claims={"role": "{{user.public_metadata.role}}"})
    app = Flask("promoting", static_folder=None)
    app.testing = True
    clerk.init_app(app, local=clerk_local, **settings)

    @app.post("/promote")
    def promote() -> ResponseReturnValue:
        clerk.client.users.update_metadata(g.auth.user_id, public_metadata={"role": "admin"})
        assert g.auth.claim("role") is None
        return clerk.refresh_claims(redirect("/books", 303))

    @app.get("/books")
    @require_claim("role", "admin")
    def books() -> ResponseReturnValue:
        return {"role": g.auth.claim("role"), "metadata": g.auth.user.public_metadata}

    return app


ADMIN = {"role": "admin", "metadata": {"role": "admin"}}


def test_changed_metadata_shows_with_the_next_request(clerk_client: LocalClient) -> None:
    clerk_client.sign_in(ALAN)
    assert clerk_client.get("/books").status_code == 403
    answer = clerk_client.post("/promote")
    assert answer.headers["Cache-Control"] == "private"
    assert clerk_client.get(answer.location).json == ADMIN


def test_without_a_refresh_it_shows_only_when_the_token_is_renewed(
    clerk: Clerk, app: Flask, clerk_client: LocalClient, clerk_local: LocalClerk
) -> None:
    session = clerk_client.sign_in(ALAN)
    with app.app_context():
        clerk.client.users.update_metadata(session.user_id, public_metadata={"role": "admin"})
    assert clerk_client.get("/books").status_code == 403
    clerk_local.clock.advance(seconds=66)
    assert clerk_client.get("/books").json == ADMIN


class TestWithAuthorizedParties:
    """A token that the Backend API mints has no ``azp``: such an app would refuse it."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"authorized_parties": ["http://localhost"]}

    def test_the_refresh_cookie_brings_a_token_for_this_origin(
        self, clerk_client: LocalClient
    ) -> None:
        clerk_client.sign_in(ALAN)
        assert clerk_client.post("/promote").status_code == 303
        assert clerk_client.get("/books").json == ADMIN

    def test_without_one_the_next_page_goes_through_a_handshake(
        self, clerk_client: LocalClient
    ) -> None:
        clerk_client.sign_in(ALAN)
        suffix = clerk_client.local.publishable_key.cookie_suffix
        clerk_client.delete_cookie(f"__refresh_{suffix}", domain="localhost")
        assert clerk_client.post("/promote").status_code == 303
        assert clerk_client.get("/books").status_code == 401
        page = {
            "Sec-Fetch-Dest": "document", "Accept": "text/html", "Referer": "http://localhost/",
        }  # fmt: skip
        answer = clerk_client.get("/books", headers=page, follow_redirects=True)
        assert [step.status_code for step in answer.history] == [307, 307, 307]
        assert answer.json == ADMIN
        assert clerk_client.get("/books").json == ADMIN


@pytest.mark.parametrize("body", ["text", {"a": 1}, ("made", 201)], ids=str)
def test_whatever_a_view_returns_becomes_the_response(
    body: ResponseReturnValue, clerk: Clerk, app: Flask, clerk_client: LocalClient
) -> None:
    app.add_url_rule("/any", view_func=lambda: clerk.refresh_claims(body))
    assert "Set-Cookie" not in clerk_client.get("/any").headers
    clerk_client.sign_in(ALAN)
    answer = clerk_client.get("/any")
    assert answer.status_code == (201 if isinstance(body, tuple) else 200)
    assert any(line.startswith("__session=") for line in answer.headers.getlist("Set-Cookie"))
