"""``flask clerk doctor``: what is well is green, and each fault is its own line with a repair."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo
from joserfc.jwk import RSAKey
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_clerk import Clerk
from flask_clerk.globals import clerk_of
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.web.app import create_app
from tests.cli.running import run
from tests.local.instances import FAST_HASH
from tests.local.live import serving
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.peers_needed import need_redis_server
from tests.signing import KID
from tests.signing import Signer
from tests.signing import session_claims
from tests.visitors import PUBLISHABLE_KEY

TEST_KEY = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"  # clerk.example.com
LIVE = {"publishable_key": PUBLISHABLE_KEY, "secret_key": "sk_live_verysecret"}
PARTIES = "https://app.example.com"

Line = tuple[str, str]


def make_app(**settings: Any) -> Flask:
    app = Flask("patient", static_folder=None)
    Clerk(app, **settings)
    return app


def examined(app: Flask, *options: str, exit_code: int | None = None) -> dict[str, Line]:
    """Return each line's level and its text, by what it is about."""
    answer = run(app, "doctor", "--json", *options)
    found = json.loads(answer.stdout)
    is_ill = any(line["level"] == "red" for line in found)
    assert answer.exit_code == is_ill
    assert "verysecret" not in answer.output
    assert all(line["repair"] for line in found if line["level"] in ("yellow", "red"))
    return {
        line["about"]: (line["level"], f"{line['finding']} {line['repair']}".strip())
        for line in found
    }


@pytest.fixture
def local(keys: RSAKey) -> LocalClerk:
    local = LocalClerk(MemoryStore(), key=keys, password_method=FAST_HASH)
    seed(local)
    return local


def test_an_app_with_a_local_clerk_is_well(local: LocalClerk) -> None:
    app = make_app(local=local)

    lines = examined(app)

    assert {level for level, _ in lines.values()} == {"green"}
    assert list(lines) == [
        "settings", "keys", "signing keys", "clock", "local Clerk", "authorized parties",
        "proxy headers", "ended sessions", "session cookie", "Cookie header",
    ]  # fmt: skip
    shown = run(app, "doctor")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0] == (
        "green    settings            They fit together; they are for the local Clerk."
    )
    assert shown.stderr == "Measuring the tokens of 3 users …\n"


def test_a_local_clerk_has_no_place_in_production(local: LocalClerk) -> None:
    lines = examined(make_app(local=local), "--production")

    assert lines["local Clerk"][0] == "red"


@pytest.fixture
def served(local: LocalClerk) -> Iterator[dict[str, Any]]:
    """Return settings for a Clerk that answers over HTTP."""
    with serving(create_app(local)) as origin:
        yield {
            "publishable_key": local.publishable_key.value,
            "secret_key": local.secret_key.value,
            "api_url": f"{origin}/api",
            "frontend_api": origin,
        }


def test_keys_of_one_instance_are_well(served: dict[str, Any], local: LocalClerk) -> None:
    lines = examined(make_app(**served))

    kid = local.signing_key.kid
    assert lines["signing keys"] == ("green", f"Fetched: {kid}.")
    assert lines["one instance"][0] == "green"
    assert lines["clock"][0] == "green"
    assert lines["clock"][1].startswith("Within ")
    assert lines["sizes"][0] == "skipped"


def test_keys_of_two_instances_are_found_out(served: dict[str, Any], public_pem: str) -> None:
    other = LocalClerk(MemoryStore(), key=RSAKey.generate_key(2048, private=True))
    with serving(create_app(other)) as elsewhere:
        both = examined(make_app(**{**served, "frontend_api": elsewhere}))
        pem = examined(make_app(**{**served, "frontend_api": elsewhere}, jwt_key=public_pem))
        fitting = examined(make_app(**served, jwt_key=public_pem))

    assert both["one instance"][0] == "red"
    assert "CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY are of two" in both["one instance"][1]
    assert pem["one instance"][0] == "red"
    assert "CLERK_JWT_KEY are of two instances" in pem["one instance"][1]
    assert pem["signing keys"] == ("green", "CLERK_JWT_KEY verifies tokens without a call.")
    assert fitting["one instance"][0] == "green"


def test_a_secret_key_that_clerk_refuses_is_found_out(served: dict[str, Any]) -> None:
    lines = examined(make_app(**{**served, "secret_key": "sk_test_verysecret"}))

    assert lines["signing keys"][0] == "red"
    assert "clerk_key_invalid" in lines["signing keys"][1]
    assert lines["signing keys"][1].endswith("Check CLERK_SECRET_KEY.")
    assert lines["one instance"][0] == "red"


def test_a_clerk_that_cannot_be_reached_is_found_out(sign: Signer) -> None:
    nowhere = "http://127.0.0.1:9"
    app = make_app(
        publishable_key=TEST_KEY, secret_key="sk_test_x", api_url=nowhere, frontend_api=nowhere
    )

    lines = examined(app, "--token", sign(session_claims(time.time())))

    assert lines["signing keys"][0] == "red"
    assert lines["signing keys"][1].endswith("Check the network.")
    assert lines["one instance"][0] == "yellow"
    assert lines["clock"][0] == lines["the token's key"][0] == "skipped"


@pytest.fixture
def loopback(keys: RSAKey) -> Iterator[Loopback]:
    server = Loopback()
    jwks = {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    server.respond = lambda call: answer_json(jwks)
    with server.running():
        yield server


@pytest.mark.parametrize(
    ("token_kid", "level"), [(KID, "green"), ("ins_other", "red"), (None, "red")]
)
def test_a_tokens_key_is_looked_for(
    loopback: Loopback, sign: Signer, token_kid: str | None, level: str
) -> None:
    app = make_app(secret_key="sk_test_x", api_url=loopback.url)
    token = sign(session_claims(time.time()), {"kid": token_kid})

    lines = examined(app, "--token", token)

    assert lines["the token's key"][0] == level
    assert lines["session cookie"][0] == "green"
    assert str(len(token) + len("__session_12345678=")) in lines["session cookie"][1]


@pytest.mark.parametrize("document", [{"keys": []}, {"keys": None}, []])
def test_an_answer_without_keys_is_found_out(loopback: Loopback, document: Any) -> None:
    def respond(call: Call) -> Any:
        return answer_json(document)

    loopback.respond = respond

    lines = examined(make_app(secret_key="sk_test_x", api_url=loopback.url))

    assert lines["signing keys"][0] == "red"


CLOCKS = [(0.0, "green", ""), (20.0, "yellow", "ahead of"), (-40.0, "red", "behind")]


@pytest.mark.parametrize(("ahead", "level", "word"), CLOCKS)
def test_a_clock_is_compared_with_the_servers(
    loopback: Loopback, ahead: float, level: str, word: str
) -> None:
    # A skew of a minute leaves the loaded machines of tests some time.
    skew = 60 if level == "yellow" else 5
    app = make_app(secret_key="sk_test_x", api_url=loopback.url, clock_skew=skew)
    clerk_of(app).instance.clock = lambda: time.time() + ahead

    found, sentence = examined(app)["clock"]

    assert found == level
    assert word in sentence


def test_without_a_server_no_clock_is_compared(public_pem: str) -> None:
    lines = examined(make_app(jwt_key=public_pem), "--development")

    assert lines["clock"] == ("skipped", "There is no server to compare it with.")
    assert lines["keys"][0] == "yellow"
    assert "CLERK_PUBLISHABLE_KEY" in lines["keys"][1]


def test_a_publishable_key_alone_is_a_detour(public_pem: str) -> None:
    lines = examined(make_app(publishable_key=TEST_KEY, jwt_key=public_pem), "--offline")

    assert lines["keys"][0] == "yellow"
    assert "There is no CLERK_SECRET_KEY" in lines["keys"][1]


DEPLOYMENTS: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "authorized parties", "red", "made for another subdomain"),
    ({"authorized_parties": PARTIES}, "authorized parties", "green", PARTIES),
    ({"authorized_parties": f"{PARTIES},http://localhost:5000"}, "authorized parties", "yellow",
     "http://localhost:5000 is no origin of production"),
    ({"publishable_key": None}, "authorized parties", "yellow", "tokens of any origin"),
    ({"proxy_url": "/__clerk"}, "Frontend API proxy", "yellow", "No route of the app"),
    ({"proxy_url": "/served"}, "Frontend API proxy", "green", "The app serves /served/"),
    ({"proxy_url": "/posted"}, "Frontend API proxy", "green", "The app serves /posted/"),
    ({"proxy_url": "https://a.test/c"}, "Frontend API proxy", "green", "At https://a.test/c."),
    ({}, "proxy headers", "yellow", "ends TLS"),
    ({}, "ended sessions", "yellow", "Each worker remembers its own."),
    ({"revocation_url": "redis://127.0.0.1:9"}, "ended sessions", "skipped", "not asked"),
    ({}, "local Clerk", "green", "Off."),
    ({}, "keys", "green", "Both are live keys, for clerk.example.com."),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "about", "level", "words"), DEPLOYMENTS)
def test_production_is_judged_by_its_settings(
    settings: dict[str, Any], about: str, level: str, words: str
) -> None:
    app = make_app(**{**LIVE, **settings})
    app.add_url_rule("/served/<path:path>", "served", lambda path: "")
    app.add_url_rule("/posted/<path:path>", "posted", lambda path: "", methods=["POST"])

    found, sentence = examined(app, "--offline")[about]

    assert found == level
    assert words in sentence


class Middleware:
    def __init__(self, app: Any) -> None:
        self.application = app

    def __call__(self, *call: Any) -> Any:
        return self.application(*call)


@pytest.mark.parametrize(
    ("trusted", "level"),
    [({}, "yellow"), ({"x_proto": 0}, "red"), ({"x_host": 1}, "green")],
)
def test_proxy_fix_is_found_behind_other_middleware(trusted: dict[str, int], level: str) -> None:
    app = make_app(**LIVE)
    app.wsgi_app = Middleware(ProxyFix(app.wsgi_app, **trusted))  # type: ignore

    assert examined(app, "--offline")["proxy headers"][0] == level


def test_what_production_is_can_be_said(served: dict[str, Any]) -> None:
    app = make_app(**served)

    assert examined(app, "--offline")["authorized parties"][0] == "green"
    lines = examined(app, "--offline", "--production")
    assert lines["kind of keys"][0] == lines["authorized parties"][0] == "red"
    lines = examined(make_app(**LIVE), "--offline", "--development")
    assert lines["authorized parties"][0] == lines["ended sessions"][0] == "green"


SIZES = [
    (1000, "green", "green"),
    (2500, "green", "yellow"),
    (3900, "yellow", "red"),
    (4200, "red", "red"),
]


@pytest.mark.parametrize(("size", "cookie", "header"), SIZES)
def test_tokens_are_measured_against_what_browsers_and_servers_take(
    sign: Signer, size: int, cookie: str, header: str
) -> None:
    token = sign(session_claims(time.time()))
    longer = sign(session_claims(time.time(), pad="x" * ((size - len(token)) * 3 // 4)))
    assert abs(len(longer) - size) < 40

    answer = run(make_app(**LIVE), "doctor", "--offline", "--json", "--token", "-", input=longer)

    levels = {line["about"]: line["level"] for line in json.loads(answer.stdout)}
    assert (levels["session cookie"], levels["Cookie header"]) == (cookie, header)
    assert longer not in answer.output


def test_the_largest_token_of_the_local_clerks_people_counts(local: LocalClerk) -> None:
    user = local.users.create(email_addresses=["bulky@example.com"])
    local.users.update(user.id, public_metadata={"notes": "x" * 3000})
    local.templates.customise_session_token({"notes": "{{user.public_metadata.notes}}"})

    lines = examined(make_app(local=local))

    assert lines["session cookie"][0] == "red"
    assert user.id in lines["session cookie"][1]
    assert local.sessions.search() == []


def test_people_without_a_token_are_no_trouble(keys: RSAKey) -> None:
    lines = examined(make_app(local=LocalClerk(MemoryStore(), key=keys)))

    assert lines["session cookie"][0] == "green"


def test_redis_is_asked(tmp_path: Path, loopback: Loopback) -> None:
    from tests.scaling.redis_server import RedisServer

    server = RedisServer(need_redis_server(), tmp_path)
    settings = {
        **LIVE,
        "api_url": loopback.url,
        "frontend_api": loopback.url,
        "revocation_url": server.url,
    }
    apps = [make_app(**settings), make_app(**settings)]
    try:
        server.start()
        alive = examined(apps[0])["ended sessions"]
        server.stop()
        dead = examined(apps[1])["ended sessions"]
    finally:
        for app in apps:
            app.extensions["clerk"].instance.revocations.close()
        server.close()

    assert alive[0] == "green"
    assert "is connected" in alive[1]
    assert dead[0] == "red"
    assert "Start Redis" in dead[1]


def test_settings_that_stop_the_app_are_the_one_line() -> None:
    app = Flask("broken")

    def create() -> Flask:
        Clerk(app, publishable_key=TEST_KEY, secret_key="sk_live_verysecret")
        return app

    answer = run(app, "doctor", obj=ScriptInfo(create_app=create))

    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "red      settings            CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY are of two kinds: "
        "set two test keys or two live keys, both of one instance."
    ]


def test_an_app_without_clerk_is_the_one_line() -> None:
    answer = run(Flask("bare"), "doctor")

    assert answer.exit_code == 1
    assert "red      settings            This app has no Clerk yet" in answer.stdout


def test_a_token_that_is_none_is_told_in_a_sentence() -> None:
    answer = run(make_app(**LIVE), "doctor", "--offline", "--token", "verysecret")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "Error: A JWT has three parts of base64url, separated by dots.\n"


def test_it_guards_a_deployment_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from flask import Flask\nfrom flask_clerk import Clerk\n"
        "app = Flask(__name__, static_folder=None)\nClerk(app)\n"
    )
    line = [sys.executable, "-m", "flask", "--app", "shop", "clerk", "doctor", "--offline"]
    keys = {"CLERK_PUBLISHABLE_KEY": PUBLISHABLE_KEY, "CLERK_SECRET_KEY": "sk_live_verysecret"}

    def started(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, capture_output=True, text=True, cwd=tmp_path, timeout=60, env={**keys, **more}
        )

    assert started().returncode == 1
    done = started(CLERK_AUTHORIZED_PARTIES=PARTIES)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"green    authorized parties  {PARTIES}." in done.stdout
    assert "verysecret" not in done.stdout
