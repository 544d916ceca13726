"""What an app's own tests get: keys, tokens, clients that sign in, and fixtures."""

from __future__ import annotations

import copy
import itertools

import pytest
from flask import Flask
from flask import g

from flask_clerk import Clerk
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_permission
from flask_clerk import require_role
from flask_clerk.testing import ClerkClient
from flask_clerk.testing import ClerkKeys
from flask_clerk.testing import install

pytest_plugins = ["pytester"]


def make_app(**settings: object) -> Flask:
    app = Flask("tested")
    app.testing = True
    Clerk(app, secret_key="sk_live_of_production", **settings)

    @app.get("/who")
    @require_auth
    def who() -> str:
        return str(g.auth.user_id)

    @app.get("/admin")
    @require_claim("role", "admin")
    def admin() -> str:
        return "the books"

    return app


@pytest.fixture
def client(clerk_keys: ClerkKeys) -> ClerkClient:
    return install(make_app(), clerk_keys)


def test_nobody_is_signed_in_at_first(client: ClerkClient) -> None:
    assert client.get("/who").status_code == 401


def test_a_client_signs_in_and_out(client: ClerkClient) -> None:
    client.sign_in("user_ada")
    assert client.get("/who").text == "user_ada"

    client.sign_out()
    assert client.get("/who").status_code == 401


def test_claims_reach_the_guards(client: ClerkClient) -> None:
    client.sign_in("user_ada", claims={"role": "member"})
    assert client.get("/admin").status_code == 403

    client.sign_in("user_ada", claims={"role": "admin"})
    assert client.get("/admin").status_code == 200


def test_an_expired_session_is_sent_through_a_handshake(client: ClerkClient) -> None:
    client.sign_in(expires_in=-10)

    answer = client.get("/who", headers={"Sec-Fetch-Dest": "document"})

    assert answer.status_code == 307
    assert "session-token-expired" in answer.headers["X-Clerk-Auth-Reason"]


def test_tokens_fit_the_apps_parties_and_audience(clerk_keys: ClerkKeys) -> None:
    app = make_app(authorized_parties=["https://app.example.com"], audience=["the-api"])
    client = install(app, clerk_keys)

    client.sign_in("user_ada")
    assert client.get("/who").text == "user_ada"

    client.sign_in("user_ada", claims={"azp": "https://elsewhere.example"})
    assert client.get("/who").status_code == 401


def test_a_claim_can_be_left_out(client: ClerkClient) -> None:
    client.sign_in("user_ada", claims={"exp": None})

    assert client.get("/who").headers["X-Clerk-Auth-Reason"] == "token-verification-failed"


def test_a_server_name_decides_where_cookies_go(clerk_keys: ClerkKeys) -> None:
    app = make_app()
    app.config["SERVER_NAME"] = "app.example:8080"
    client = install(app, clerk_keys)

    client.sign_in("user_ada")

    assert client.get("/who").text == "user_ada"


def test_an_app_without_clerk_is_told_so(clerk_keys: ClerkKeys) -> None:
    with pytest.raises(RuntimeError, match="no Clerk yet"):
        install(Flask("bare"), clerk_keys)


def test_keys_show_nothing_of_themselves(clerk_keys: ClerkKeys) -> None:
    assert repr(clerk_keys) == "<ClerkKeys of clerk.testing.example>"


def test_settings_make_an_app_that_believes_the_keys(
    clerk_keys: ClerkKeys, clerk_settings: dict[str, str]
) -> None:
    app = Flask("made")
    app.config.from_mapping(clerk_settings)
    Clerk(app)
    app.add_url_rule("/who", view_func=require_auth(lambda: str(g.auth.user_id)))
    header = {"Authorization": f"Bearer {clerk_keys.session_token('user_grace')}"}

    assert app.test_client().get("/who", headers=header).text == "user_grace"


def test_three_lines_are_enough_in_a_users_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from flask import Flask
        from flask_clerk import Clerk, require_claim

        @pytest.fixture
        def app(clerk_settings):
            app = Flask(__name__)
            app.config.from_mapping(clerk_settings)
            Clerk(app)
            app.add_url_rule("/admin", view_func=require_claim("role", "admin")(lambda: "in"))
            return app

        def test_only_admins_see_the_books(clerk_client):
            clerk_client.sign_in("user_ada", claims={"role": "admin"})
            assert clerk_client.get("/admin").status_code == 200

        def test_nobody_else_does(clerk_client):
            assert clerk_client.get("/admin").status_code == 401
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_session_that_begins_as_a_second_ends_is_good(clerk_keys: ClerkKeys) -> None:
    seconds = itertools.count(1_800_000_000)
    keys = copy.copy(clerk_keys)
    keys.clock = lambda: next(seconds)
    client = install(make_app(), keys)
    client.sign_in("user_ada")
    assert client.get("/who").text == "user_ada"


def test_an_organization_can_be_active(clerk_keys: ClerkKeys) -> None:
    app = make_app()
    app.add_url_rule("/manage", "manage", require_permission("org:invoices:manage")(lambda: "in"))
    app.add_url_rule("/lead", "lead", require_role("admin")(lambda: "in"))
    client = install(app, clerk_keys)

    client.sign_in(org_id="org_1", org_role="admin", org_permissions=["org:invoices:manage"])
    assert client.get("/manage").status_code == 200
    assert client.get("/lead").status_code == 200

    client.sign_in(org_id="org_1", org_role="org:member")
    assert client.get("/manage").status_code == 403


def test_a_client_can_sign_out_by_the_apps_own_form(client: ClerkClient) -> None:
    client.sign_in("user_ada")

    assert client.post("/clerk/sign-out").status_code == 303
    assert client.get("/who").status_code == 401
