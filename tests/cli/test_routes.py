"""``flask clerk routes``: what guards each endpoint, and what no session could ever meet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask.views import MethodView

from flask_clerk import Clerk
from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_permission
from flask_clerk import require_role
from flask_clerk.local import LocalClerk
from tests.cli.running import run
from tests.visitors import make_app

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def routes_of(app: Flask, *options: str) -> list[dict[str, Any]]:
    answer = run(app, "routes", "--json", *options)
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, Any]] = json.loads(answer.output)
    return [route for route in found if route["endpoint"] != "flask_clerk.sign_out"]


def access_of(app: Flask) -> dict[str, str]:
    """Return, for each method and rule, what is asked there."""
    return {
        f"{method} {route['rule']}": ", ".join(route["asks"]) or route["access"]
        for route in routes_of(app)
        for method in route["methods"]
    }


@pytest.fixture
def app(public_pem: str) -> Flask:
    return make_app(public_pem)


def test_a_decorator_above_the_route_is_seen(app: Flask) -> None:
    @require_auth
    @app.get("/above")
    def above() -> str:
        return ""

    @app.get("/below")
    @require_role("admin")
    def below() -> str:
        return ""

    assert access_of(app) == {"GET /above": "signed in", "GET /below": "signed in, role admin"}


def test_each_method_of_a_view_class_is_judged_by_itself(app: Flask) -> None:
    class Invoices(MethodView):
        def get(self) -> str:
            return ""

        @require_permission("org:invoices:manage")
        def post(self) -> str:
            return ""

        @public
        def delete(self) -> str:
            return ""

    app.add_url_rule("/invoices", view_func=Invoices.as_view("invoices"))

    assert access_of(app) == {
        "GET /invoices": "unguarded",
        "POST /invoices": "signed in, permission org:invoices:manage",
        "DELETE /invoices": "public",
    }


def test_a_blueprint_registered_twice_is_guarded_in_both_places(public_pem: str) -> None:
    clerk = Clerk(jwt_key=public_pem)
    app = Flask("twice", static_folder=None)
    clerk.init_app(app)
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/x", "x", lambda: "")
    api = Blueprint("api", __name__)
    api.add_url_rule("/me", "me", lambda: "")
    api.register_blueprint(inner)
    clerk.protect(api, role="admin")
    app.register_blueprint(api, url_prefix="/v1", name="v1")
    app.register_blueprint(api, url_prefix="/v2", name="v2")

    assert access_of(app) == {
        f"GET /{version}/{path}": "signed in, role admin"
        for version in ("v1", "v2")
        for path in ("me", "inner/x")
    }


def test_what_the_setting_closes_says_so(public_pem: str) -> None:
    app = Flask("closed")
    Clerk(app, jwt_key=public_pem, require_auth=True)
    app.add_url_rule("/closed", "closed", lambda: "")
    app.add_url_rule("/open", "open", public(lambda: ""))
    app.add_url_rule("/own", "own", require_auth(lambda: ""))

    assert access_of(app) == {
        "GET /closed": "signed in (CLERK_REQUIRE_AUTH)",
        "GET /open": "public",
        "GET /own": "signed in",
        "GET /static/<path:filename>": "static",
    }


def test_webhooks_are_not_taken_for_an_open_door(public_pem: str) -> None:
    clerk = Clerk(jwt_key=public_pem, webhook_signing_secret="whsec_" + "A" * 32)
    app = Flask("hooked", static_folder=None)
    clerk.init_app(app)
    app.register_blueprint(clerk.webhooks("/webhooks"))

    assert access_of(app) == {"POST /webhooks": "apart"}
    assert "judges its callers itself" in run(app, "routes").stdout
    assert run(app, "routes", "--fail-on-unguarded").exit_code == 0


def test_only_the_methods_that_views_serve_are_listed(app: Flask) -> None:
    class Cors(MethodView):
        def options(self) -> str:
            return ""

        def head(self) -> str:
            return ""

    app.add_url_rule("/cors", view_func=Cors.as_view("cors"))
    app.add_url_rule("/form", "form", lambda: "", methods=["GET", "POST"])

    assert [route["methods"] for route in routes_of(app)] == [["HEAD", "OPTIONS"], ["GET", "POST"]]


def test_a_guard_that_a_decorator_hides_is_pointed_out(app: Flask) -> None:
    def hiding(view: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any) -> Any:
            return view(*args) if args else inner

        return inner

    app.add_url_rule("/hidden", "hidden", hiding(require_auth(lambda: "")))
    app.add_url_rule("/open", "open", hiding(lambda: ""))

    hidden, unguarded = routes_of(app)
    assert hidden["access"] == unguarded["access"] == "unguarded"
    assert "functools.wraps" in hidden["problems"][0]
    assert unguarded["problems"] == []


def test_the_list_is_for_people(app: Flask) -> None:
    app.add_url_rule("/", "home", lambda: "")
    app.add_url_rule(
        "/admin", "admin", require_claim(("role", "metadata.role"), "admin")(lambda: "")
    )

    answer = run(app, "routes")

    assert answer.output.splitlines() == [
        "METHODS  RULE             ENDPOINT              GUARD",
        "GET      /                home                  unguarded",
        "GET      /admin           admin                 signed in, claim role or metadata.role = "
        '"admin"',
        "POST     /clerk/sign-out  flask_clerk.sign_out  public",
    ]


def test_a_function_that_judges_a_claim_is_named(app: Flask) -> None:
    def is_senior(claim: Any) -> bool:
        return bool(claim)

    app.add_url_rule("/x", "x", require_claim("age", is_senior, 99)(lambda: ""))

    assert routes_of(app)[0]["asks"][1] == "claim age = whatever is_senior accepts or 99"


def test_an_unguarded_endpoint_fails_the_build_where_that_is_asked(app: Flask) -> None:
    app.add_url_rule("/me", "me", require_auth(lambda: ""))
    assert run(app, "routes", "--fail-on-unguarded").exit_code == 0

    app.add_url_rule("/open", "open", lambda: "")

    assert run(app, "routes").exit_code == 0
    failed = run(app, "routes", "--fail-on-unguarded")
    assert failed.exit_code == 1
    assert "1 unguarded: guard them with require_auth, or mark them @public." in failed.stderr


def test_colours_are_for_terminals_that_want_them(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.add_url_rule("/open", "open", lambda: "")

    assert "\x1b[31munguarded" in run(app, "routes", color=True).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(app, "routes", color=True).output


UNMEETABLE: list[tuple[Decorator, str]] = [
    (require_role("admin"), ""),
    (require_permission("org:invoices:read"), ""),
    (require_permission("invoices:read"), ""),
    (require_permission("invoices"), "a permission is org:feature:permission"),
    (require_permission("org:sys_memberships:manage"), "carry no system permissions"),
    (require_auth(permission=None), "nobody has it"),  # type: ignore[call-overload]
    (require_claim("role", str.isupper), ""),
    (require_auth(role=None), "nobody has it"),  # type: ignore[call-overload]
    (require_auth(plan=None), "nobody has it"),  # type: ignore[call-overload]
    (require_auth(feature="team:reports"), "write org:feature or user:feature"),
    (require_auth(feature="org:reports", plan="pro"), ""),
    (lambda view: require_role("admin")(require_role("member")(view)), "one role in its active"),
    (lambda view: require_role("org:admin")(require_role("admin")(view)), ""),
]


@pytest.mark.parametrize(("decorator", "problem"), UNMEETABLE)
def test_conditions_against_clerks_rules_are_pointed_out(
    app: Flask, decorator: Decorator, problem: str
) -> None:
    app.add_url_rule("/x", "x", decorator(lambda: ""))

    [route] = routes_of(app)

    assert bool(route["problems"]) is bool(problem)
    assert problem in " ".join(route["problems"])
    shown = run(app, "routes").output
    assert problem in shown


TOKENS: list[tuple[Decorator, str, str]] = [
    (require_auth(accepts_token="api_key"), "api_key", ""),
    (
        require_auth(accepts_token=["session_token", "oauth_token"], scopes=["read", "write"]),
        "signed in or oauth_token, scopes read write",
        "",
    ),
    (
        require_auth(accepts_token="m2m_token", role="admin"),
        "m2m_token, role admin",
        "role admin: m2m_token cannot answer; ask for scopes.",
    ),
    (
        require_auth(accepts_token="jwt_template", claim="tenant", reverification="lax"),
        "jwt_template, claim tenant, reverification lax",
        "reverification lax: jwt_template cannot answer; ask for scopes.",
    ),
    (
        lambda view: require_auth(accepts_token="api_key")(
            require_auth(accepts_token="session_token")(view)
        ),
        "nobody",
        "accepts_token: the guards have no token type in common.",
    ),
]


@pytest.mark.parametrize(("decorator", "asks", "problem"), TOKENS)
def test_accepted_token_types_and_scopes_are_listed(
    app: Flask, decorator: Decorator, asks: str, problem: str
) -> None:
    app.add_url_rule("/x", "x", decorator(lambda: ""))

    [route] = routes_of(app)

    assert ", ".join(route["asks"]) == asks
    assert route["problems"] == ([problem] if problem else [])


def test_the_setting_for_accepted_tokens_counts_where_a_guard_says_nothing(
    public_pem: str,
) -> None:
    app = make_app(public_pem, accepts_token="any", require_auth=True)
    app.add_url_rule("/x", "x", lambda: "")

    assert routes_of(app)[0]["asks"] == [
        "signed in or api_key or m2m_token or oauth_token (CLERK_REQUIRE_AUTH)"
    ]


def test_no_role_is_met_where_the_url_activates_the_personal_account(public_pem: str) -> None:
    app = make_app(
        public_pem, personal_account_patterns="/me/<path:rest>", organization_patterns="/o/<slug>"
    )
    for path in ("/me/<int:page>", "/o/<slug>", "/elsewhere"):
        app.add_url_rule(path, path, require_role("admin")(lambda: ""))

    problems = {route["rule"]: route["problems"] for route in routes_of(app)}

    assert "CLERK_PERSONAL_ACCOUNT_PATTERNS" in problems["/me/<int:page>"][0]
    assert problems["/o/<slug>"] == problems["/elsewhere"] == []


CLAIMS = {"role": "{{user.public_metadata.role}}", "metadata": "{{user.public_metadata}}"}
CLAIM_PROBLEMS = [
    ("role", False),
    ("metadata.role", False),
    ("sub", False),
    ("o.rol", False),
    ("org_role", False),
    ("plain.inner", False),
    ("plain.inner.most", True),
    ("plain.other", True),
    ("department", True),
]


@pytest.mark.parametrize(("path", "is_problem"), CLAIM_PROBLEMS)
def test_a_claim_that_no_session_token_carries_is_pointed_out(
    public_pem: str, tmp_path: Path, path: str, is_problem: bool
) -> None:
    app = Flask("with_claims", static_folder=None, root_path=str(tmp_path))
    Clerk(app, jwt_key=public_pem)
    app.add_url_rule("/x", "x", require_claim(path)(lambda: ""))
    assert routes_of(app)[0]["problems"] == []  # nothing is known of the token

    (tmp_path / "clerk").mkdir()
    claims = {**CLAIMS, "plain": {"inner": 1}}
    (tmp_path / "clerk/session_token.json").write_text(json.dumps(claims))

    problems = routes_of(app)[0]["problems"]
    assert bool(problems) is is_problem
    if is_problem:
        assert problems[0].startswith(f"claim {path}: session tokens do not carry it")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_of_claims_that_is_none_is_told_in_a_sentence(
    public_pem: str, tmp_path: Path, text: str
) -> None:
    app = Flask("with_claims", root_path=str(tmp_path))
    Clerk(app, jwt_key=public_pem)
    (tmp_path / "clerk").mkdir()
    (tmp_path / "clerk/session_token.json").write_text(text)

    answer = run(app, "routes")

    assert answer.exit_code == 1
    assert "/clerk/session_token.json:1: " in answer.stderr


def test_the_local_clerk_knows_its_roles_permissions_and_claims(clerk_local: LocalClerk) -> None:
    app = Flask("with_local", static_folder=None)
    app.testing = True
    Clerk(app, local=clerk_local)
    for name, decorator in {
        "role": require_role("accountant"),
        "permission": require_permission("org:invoices:manage"),
        "claim": require_claim("role", "admin"),
        "fine": require_role("member"),
    }.items():
        app.add_url_rule(f"/{name}", name, decorator(lambda: ""))

    problems = {route["endpoint"]: " ".join(route["problems"]) for route in routes_of(app)}
    assert "the instance has the roles org:admin, org:member" in problems["role"]
    assert "no role grants it" in problems["permission"]
    assert "session tokens do not carry it" in problems["claim"]
    assert problems["fine"] == ""

    clerk_local.organizations.put_role(
        "org:accountant", name="Accountant", permissions=["org:invoices:manage"]
    )
    clerk_local.templates.customise_session_token({"role": "{{user.public_metadata.role}}"})
    assert all(route["problems"] == [] for route in routes_of(app))

    for organization in clerk_local.organizations.search():
        clerk_local.organizations.delete(organization.id)
    problems = {route["endpoint"]: " ".join(route["problems"]) for route in routes_of(app)}
    assert "there is no organization" in problems["fine"]
    assert "there is no organization" in problems["permission"]


def test_an_app_without_clerk_is_told_in_a_sentence() -> None:
    answer = run(Flask("bare"), "routes")

    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: This app has no Clerk yet: call Clerk(app) or clerk.init_app(app).\n"
    )


def test_it_runs_beside_an_app_and_tells_wrong_settings_without_a_stack_trace(
    tmp_path: Path, public_pem: str
) -> None:
    (tmp_path / "shop.py").write_text(
        "from flask import Flask\nfrom flask_clerk import Clerk\n"
        "app = Flask(__name__, static_folder=None)\nClerk(app)\n"
        "app.add_url_rule('/open', 'open', lambda: '')\n"
    )
    line = [sys.executable, "-m", "flask", "--app", "shop", "clerk", "routes", "--json"]

    def started(**environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, capture_output=True, text=True, cwd=tmp_path, timeout=60, env=environ
        )

    done = started(CLERK_JWT_KEY=public_pem)
    assert {route["rule"]: route["access"] for route in json.loads(done.stdout)} == {
        "/open": "unguarded",
        "/clerk/sign-out": "public",
    }
    refused = started()
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: No key is set: set CLERK_PUBLISHABLE_KEY")
    assert "Traceback" not in refused.stderr
