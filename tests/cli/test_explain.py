"""``flask clerk explain``: what is told of a token or a request is what the app then does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from joserfc.jwk import RSAKey

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk import authorization_denied
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_permission
from flask_clerk import require_role
from flask_clerk.cli.wording import how_long
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from flask_clerk.globals import clerk_of
from flask_clerk.local import LocalClerk
from tests.cli.running import run
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token
from tests.visitors import bearer
from tests.visitors import make_app

TEST_KEY = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"  # clerk.example.com
SUFFIX = "_test"


def guarded(app: Flask) -> Flask:
    for rule, decorator in {
        "/me": require_auth,
        "/admin": require_role("admin"),
        "/invoices/<int:number>": require_permission("org:invoices:read"),
        "/fresh": require_auth(reverification="strict"),
        "/form": require_claim("role", "admin"),
        "/api": require_auth(accepts_token="jwt_template"),
    }.items():
        methods = ["POST"] if rule == "/form" else ["GET"]
        app.add_url_rule(rule, rule, decorator(lambda **variables: "in"), methods=methods)
    app.add_url_rule("/open", "open", lambda: "in")
    return app


@pytest.fixture
def app(public_pem: str) -> Flask:
    return guarded(make_app(public_pem))


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def explained(app: Flask, *line: str, stdin: str = "") -> Result:
    return run(app, "explain", *line, input=stdin)


def found(app: Flask, *line: str, stdin: str = "") -> dict[str, Any]:
    answer = explained(app, "--json", *line, stdin=stdin)
    assert answer.exit_code == 0, answer.output
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def told(document: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {
        route["rule"]: (route["status"], route["why"])
        for route in document["routes"]
        if route["rule"] != "/clerk/sign-out"
    }


ANSWERS = [
    ({}, {"/me", "/fresh", "/open"}),
    ({"role": "admin"}, {"/me", "/fresh", "/open", "/form"}),
    ({"fva": [30, -1]}, {"/me", "/open"}),
    ({"o": {"id": "org_1", "rol": "admin"}}, {"/me", "/fresh", "/open", "/admin"}),
    (
        {"o": {"id": "org_1", "per": "read", "fpm": "1"}, "fea": "o:invoices"},
        {"/me", "/fresh", "/open", "/invoices/<int:number>"},
    ),
    ({"sts": "pending"}, {"/open"}),
    ({"exp": 1}, {"/open"}),
]


@pytest.mark.parametrize(("claims", "passed"), ANSWERS)
def test_each_route_is_told_to_answer_as_it_then_does(
    app: Flask, token: Token, claims: dict[str, Any], passed: set[str]
) -> None:
    text = token(**claims)

    routes = told(found(app, text))

    assert {rule for rule, (status, _) in routes.items() if status == 200} == passed
    for rule, (status, _) in routes.items():
        method = "POST" if rule == "/form" else "GET"
        url = rule.replace("<int:number>", "7")
        assert app.test_client().open(url, method=method, headers=bearer(text)).status_code == (
            status
        )


def test_why_a_route_refuses_is_what_is_lacking(app: Flask, token: Token) -> None:
    routes = told(found(app, token(fva=[30, -1])))

    assert routes["/admin"] == (403, "needs role admin")
    assert routes["/invoices/<int:number>"] == (403, "needs permission org:invoices:read")
    assert routes["/fresh"] == (403, "needs reverification strict")
    assert routes["/form"] == (403, 'needs claim role = "admin"')
    assert routes["/api"] == (401, "token-type-mismatch")
    assert told(found(app, token(sts="pending")))["/me"] == (401, "session-pending")


def test_no_signal_of_the_app_hears_of_it(app: Flask, token: Token) -> None:
    heard = []

    def hear(sender: Flask, **what: Any) -> None:
        heard.append(what)

    with authorization_denied.connected_to(hear, app):
        found(app, token())
        assert heard == []
        app.test_client().get("/admin", headers=bearer(token()))
    assert len(heard) == 1


def test_a_session_token_is_taken_apart_for_people(app: Flask, sign: Signer) -> None:
    claims = session_claims(time.time() - 20, role="admin", o={"id": "org_1", "rol": "member"})
    text = sign(claims)

    shown = explained(app, text).stdout

    assert shown.startswith("A session token\n  signed by  ins_test of https://clerk.example.com\n")
    assert re.search(r"  lifetime   1 min, issued 2\d s ago, expires in \d\d s\n", shown)
    assert "\nsignature  ok\n" in shown
    assert "Any is good: CLERK_AUTHORIZED_PARTIES is not set." in shown
    assert "\nClaims\n" in shown
    assert '  role                    "admin"' in shown
    assert '  org_role                "org:member"' in shown
    assert "\n403     GET     /admin" in shown
    assert all(part not in shown for part in text.split("."))


def test_what_is_not_verified_says_so(app: Flask, sign: Signer) -> None:
    stranger = RSAKey.generate_key(2048, private=True)
    text = sign(session_claims(time.time() - 7200), key=stranger)

    document = found(app, text)
    assert document["token"]["is_verified"] is False
    assert document["token"]["refused_for"] == "token-invalid-signature"
    assert document["auth"]["user_id"] is None
    shown = explained(app, text).stdout
    assert "Claims, UNVERIFIED: anybody may have written them" in shown
    assert "signature  wrong    The token's signature is not this instance's." in shown
    assert "issued 2 h ago, expired 1 h 59 min ago" in shown
    assert "exp        wrong    The token has expired. [token-expired]" in shown
    assert all(part not in shown for part in text.split("."))


def test_offline_no_key_is_fetched_and_nothing_is_believed(sign: Signer) -> None:
    app = guarded(Flask("offline", static_folder=None))
    Clerk(app, secret_key="sk_test_secret", api_url="http://127.0.0.1:9")

    document = found(app, "--offline", sign(session_claims(time.time())))

    verdicts = {check["check"]: check["is_right"] for check in document["token"]["checks"]}
    assert verdicts["key"] is verdicts["signature"] is None
    assert verdicts["exp"] is True
    assert document["token"]["is_verified"] is False
    assert told(document)["/me"] == (401, "jwk-remote-failed-to-load")


def test_what_others_wrote_gives_the_terminal_no_orders(public_pem: str, sign: Signer) -> None:
    app = guarded(make_app(public_pem))
    evil = "\x9b2J\x1b]0;owned\x07\u202e"
    claims = session_claims(time.time(), iss=None, **{f"name{evil}": evil})
    text = sign(claims, {"kid": f"ins{evil}"})

    shown = explained(app, text).stdout

    assert shown.replace("\n", "").isprintable()
    assert "signed by  ins\ufffd2J\ufffd]0;owned\ufffd\ufffd of None\n" in shown
    request = explained(app, "--curl", f"curl http://a.test/{evil}").stdout
    assert request.replace("\n", "").isprintable()


def test_a_template_token_is_for_routes_that_accept_one(app: Flask, sign: Signer) -> None:
    text = sign(session_claims(time.time(), sid=None), {"cat": CATEGORY_TEMPLATE})

    document = found(app, text)

    assert document["token"]["kind"] == "JWT-template token"
    assert document["token"]["refused_for"] is None
    assert told(document)["/api"] == (200, "")
    assert told(document)["/me"] == (401, "token-type-mismatch")


def test_a_handshakes_cookies_stay_secret(app: Flask, sign: Signer) -> None:
    text = sign({"handshake": ["__session=verysecret; Path=/", "__client_uat=1"]})

    document = found(app, text)

    assert document["token"]["kind"] == "handshake token"
    assert document["token"]["claims"] == {"handshake": ["__session", "__client_uat"]}
    assert "verysecret" not in explained(app, text).output
    assert "lifetime   without times" in explained(app, text).output


@pytest.mark.parametrize(
    ("text", "kind"), [("ak_1", "opaque API key"), ("mt_1", "opaque M2M token"), ("x", "no JWT")]
)
def test_what_is_no_jwt_is_told_by_its_looks(app: Flask, text: str, kind: str) -> None:
    assert found(app, text)["token"]["kind"] == kind
    shown = explained(app, text).stdout
    assert ("only Clerk can tell" in shown) is kind.startswith("opaque")
    assert ("A JWT has three parts" in shown) is (kind == "no JWT")


def test_a_token_may_come_from_stdin_and_as_a_header(app: Flask, token: Token) -> None:
    text = token()
    for stdin in (f"{text}\n", f"Bearer {text}", f"Authorization: Bearer {text}\n"):
        assert found(app, "-", stdin=stdin)["auth"]["user_id"] == "user_1"


@pytest.fixture
def site(public_pem: str) -> Flask:
    """Return an app with browsers."""
    return guarded(make_app(public_pem, publishable_key=PUBLISHABLE_KEY))


def cookies_of(app: Flask, **values: str) -> str:
    """Return a ``Cookie`` header; names that end in ``_test`` get the instance's own suffix."""
    key = clerk_of(app).instance.config.publishable_key
    assert key is not None
    return "; ".join(
        f"{name.replace(SUFFIX, '_' + key.cookie_suffix)}={value}" for name, value in values.items()
    )


def test_cookies_are_believed_or_not_with_the_reason(site: Flask, sign: Signer) -> None:
    old = sign(session_claims(time.time() - 30))
    new = sign(session_claims(time.time(), sub="user_2"))
    header = cookies_of(
        site, __session=new, __session_test=old, __client_uat="1", __client_uat_test="1"
    )

    document = found(site, "--cookie", header, "--url", "https://app.example.com/me")

    assert document["cookies"]["why"] == "The plain session cookie is newer."
    assert [each["counts"] for each in document["cookies"]["found"]] == [True, False, True, False]
    assert document["auth"]["user_id"] == "user_2"
    assert document["answer"]["request"] == "GET https://app.example.com/me"
    assert document["answer"]["status"] == 200
    shown = explained(
        site, "--cookie", f"Cookie: {header}", "--url", "https://app.example.com/me"
    ).stdout
    assert [line.split()[1] for line in shown.splitlines()[1:5]] == ["counts", "ignored"] * 2
    assert shown.endswith("GET https://app.example.com/me: 200\n")
    assert new.split(".")[1] not in shown


def test_a_navigation_that_goes_through_a_handshake_is_told_so(site: Flask, token: Token) -> None:
    header = cookies_of(site, __session=token.expired(), __client_uat="1")

    document = found(site, "--cookie", header)

    assert document["answer"]["status"] == 307
    assert document["answer"]["why"].startswith("session-token-expired-refresh-")
    assert document["auth"]["is_signed_in"] is False


class NoCalls:
    """A Backend API that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


def with_keys(public_pem: str) -> Flask:
    app = guarded(
        make_app(public_pem, publishable_key=PUBLISHABLE_KEY, secret_key="sk_live_secret")
    )
    vars(clerk_of(app).instance)["backend"] = NoCalls()
    return app


def test_nothing_is_renewed_or_redeemed_by_looking(public_pem: str, token: Token) -> None:
    app = with_keys(public_pem)
    expired = cookies_of(app, __session=token.expired(), __client_uat="1", __refresh_test="r")

    renewed = found(app, "--cookie", expired)["answer"]
    redeemed = found(app, "--cookie", "__clerk_handshake_nonce=abc", "--url", "http://a.test/me")

    assert renewed["status"] == 307
    assert "renewed by the Backend API" in renewed["note"]
    assert redeemed["answer"]["why"] == "session-token-missing"
    assert "was not redeemed here" in redeemed["answer"]["note"]
    shown = explained(
        app, "--cookie", "__clerk_handshake_nonce=abc", "--url", "http://a.test/me"
    ).stdout
    assert "There is no session token." in shown
    assert shown.endswith("was not redeemed here.\n")


def test_a_bad_handshake_in_development_is_told(public_pem: str) -> None:
    app = guarded(make_app(public_pem, publishable_key=TEST_KEY))

    document = found(app, "--cookie", "__clerk_handshake=nonsense")

    assert document["answer"]["status"] == 500
    assert document["answer"]["why"] == "token-invalid"


CURLS = [
    ("curl 'http://a.test/me' -H 'Authorization: Bearer TOKEN'", "GET http://a.test/me", 200),
    ("curl http://a.test/me --oauth2-bearer TOKEN -sS", "GET http://a.test/me", 200),
    ("curl -sSL -H 'cookie: __session=TOKEN; __client_uat=1' --url http://a.test/me "
     "-A 'Mozilla/5.0 https://a.test'", "GET http://a.test/me", 200),
    ("curl -XPOST http://a.test/form \\\n  -b '__session=TOKEN; __client_uat=1'",
     "POST http://a.test/form", 403),
    ("http://a.test/form -d a=b -H $'authorization: Bearer TOKEN'", "POST http://a.test/form", 403),
    ("curl -G -d a=b http://a.test/me", "GET http://a.test/me", 401),
    ("curl -I http://a.test/open -e http://b.test/", "HEAD http://a.test/open", 200),
    ("curl http://a.test/nowhere", "GET http://a.test/nowhere", 404),
    ("curl -X DELETE http://a.test/me", "DELETE http://a.test/me", 405),
]  # fmt: skip


@pytest.mark.parametrize(("line", "request_line", "status"), CURLS)
def test_a_curl_command_is_read_as_curl_reads_it(
    site: Flask, token: Token, line: str, request_line: str, status: int
) -> None:
    answer = found(site, "--curl", "-", stdin=line.replace("TOKEN", token()))["answer"]

    assert (answer["request"], answer["status"]) == (request_line, status)


def test_static_files_are_for_everybody(public_pem: str, token: Token) -> None:
    app = Flask("with_files")
    Clerk(app, jwt_key=public_pem)

    assert found(app, "--cookie", "a=b", "--url", "/static/x")["answer"]["status"] == 200
    assert told(found(app, token()))["/static/<path:filename>"] == (200, "")


WRONG = [
    ([], "Give one of TOKEN"),
    (["a", "--cookie", "b"], "Give one of TOKEN"),
    (["two words"], "A token is one word"),
    (["--curl", "curl 'http://a.test"], "cannot be read: No closing quotation"),
    (["--curl", "curl -H"], "an option of it lacks its value"),
    (["--curl", "curl a.test"], "names no URL"),
    (["--cookie", "__session=☃"], "A header cannot be read"),
]


@pytest.mark.parametrize(("line", "error"), WRONG)
def test_wrong_usage_is_told_with_exit_code_2(app: Flask, line: list[str], error: str) -> None:
    answer = explained(app, *line)

    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert error in answer.stderr


def test_the_local_clerks_tokens_are_explained_with_its_clock(clerk_local: LocalClerk) -> None:
    app = guarded(Flask("with_local", static_folder=None))
    Clerk(app, local=clerk_local)
    clerk_local.clock.advance(seconds=3600)
    user = clerk_local.users.find("ada+clerk_test@example.com")
    assert user is not None
    session = clerk_local.sessions.create(user.id)
    text = clerk_local.minting.session_token(session)

    document = found(app, text)

    assert document["auth"]["session_id"] == session.id
    assert document["token"]["signed_by"]["issuer"] == document["token"]["signed_by"]["app_issuer"]
    assert "(this app's instance)" in explained(app, text).stdout
    clerk_of(app).instance.revocations.revoke_session(session.id)
    assert found(app, text)["token"]["refused_for"] == "session-revoked"
    assert told(found(app, text))["/me"] == (401, "session-revoked")


def test_a_bystander_asks_only_for_what_changes_nothing(app: Flask, token: Token) -> None:
    from flask_clerk.cli.answers import bystander

    backend = bystander(clerk_of(app), is_offline=False).instance.backend
    with pytest.raises(BackendAPIError, match="only looked at"):
        backend.revoke_session("sess_1")


def test_a_token_goes_through_a_pipe(tmp_path: Path, token: Token, public_pem: str) -> None:
    (tmp_path / "shop.py").write_text(
        "from flask import Flask\nfrom flask_clerk import Clerk, require_auth\n"
        "app = Flask(__name__, static_folder=None)\nClerk(app)\n"
        "app.add_url_rule('/me', 'me', require_auth(lambda: ''))\n"
    )
    text = token()

    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop", "clerk", "explain", "-"],
        input=text, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True,
        env={"CLERK_JWT_KEY": public_pem},
    )  # fmt: skip

    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "200     GET     /me" in done.stdout
    assert text.split(".")[2] not in done.stdout


SPANS = [(0.2, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3601, "1 h"), (93_600, "1 d 2 h")]


@pytest.mark.parametrize(("seconds", "words"), SPANS)
def test_a_time_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert how_long(seconds) == words
