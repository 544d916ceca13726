"""Ending access from an app: at once here, at Clerk as well, and told when Clerk did not hear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask import g

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import require_auth
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import Signer
from tests.visitors import Token
from tests.visitors import bearer


@pytest.fixture(scope="module")
def backend_api() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


@pytest.fixture
def app(clerk: Clerk, public_pem: str, backend_api: Loopback) -> Flask:
    backend_api.reset(lambda call: answer_json([]))
    app = Flask("ended", static_folder=None)
    clerk.init_app(app, jwt_key=public_pem, secret_key="sk_test_x", api_url=backend_api.url)

    @app.get("/who")
    @require_auth
    def who() -> dict[str, str | None]:
        return {"user": g.auth.user_id}

    return app


def status(app: Flask, token: str) -> tuple[int, str | None]:
    response = app.test_client().get("/who", headers=bearer(token))
    return response.status_code, response.headers.get("X-Clerk-Auth-Reason")


def test_revoked_session_is_refused_with_the_next_request(
    app: Flask, clerk: Clerk, sign: Signer, backend_api: Loopback
) -> None:
    token, other = Token(sign)(), Token(sign)(sid="sess_2")
    assert status(app, token) == (200, None)
    with app.app_context():
        clerk.revoke_session("sess_1")
    assert status(app, token) == (401, "session-revoked")
    assert status(app, other) == (200, None)
    assert [call.path for call in backend_api.calls] == ["/v1/sessions/sess_1/revoke"]


def test_revoked_user_is_refused_in_every_session(app: Flask, clerk: Clerk, sign: Signer) -> None:
    tokens = [Token(sign)(sid=f"sess_{number}") for number in range(3)]
    assert {status(app, token) for token in tokens} == {(200, None)}
    with app.app_context():
        clerk.revoke_user("user_1")
    assert {status(app, token) for token in tokens} == {(401, "session-revoked")}
    assert status(app, Token(sign)(sub="user_2", sid="sess_9")) == (200, None)


def test_caller_is_told_when_clerk_was_not(
    app: Flask, clerk: Clerk, sign: Signer, backend_api: Loopback
) -> None:
    backend_api.reset(lambda call: answer_json({"errors": [{"code": "oops"}]}, 422))
    with app.app_context(), pytest.raises(BackendAPIError) as raised:
        clerk.revoke_session("sess_1")
    assert raised.value.codes == ("oops",)
    assert status(app, Token(sign)()) == (401, "session-revoked")


def test_two_apps_of_two_instances_share_nothing(
    app: Flask, clerk: Clerk, public_pem: str, sign: Signer
) -> None:
    other = Flask("other", static_folder=None)
    clerk.init_app(other, jwt_key=public_pem)
    other.add_url_rule("/who", view_func=require_auth(lambda: "here"))
    with app.app_context():
        clerk.revoke_session("sess_1")
    assert status(other, Token(sign)()) == (200, None)
