"""The 1,500 recorded requests: a real Flask app decides each as ``@clerk/backend`` did.

A real HTTP server is the Backend API. It answers what the case recorded, and nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask import g
from flask import request
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from flask_clerk import Auth
from flask_clerk import Clerk
from flask_clerk import HandshakeError
from flask_clerk import RequestState
from flask_clerk.core.instance import Instance
from flask_clerk.core.messages import message_for
from flask_clerk.extension import connect
from flask_clerk.globals import clerk_of
from flask_clerk.organizations import organization_matcher
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json

Case = dict[str, Any]

VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "authenticate_request.json").read_text("utf-8")
)
CASES: list[Case] = VECTORS["cases"]
NOW = float(VECTORS["now"])

SETTINGS = {
    "audience": "audience",
    "authorizedParties": "authorized_parties",
    "domain": "domain",
    "isSatellite": "is_satellite",
    "jwtKey": "jwt_key",
    "proxyUrl": "proxy_url",
    "publishableKey": "publishable_key",
    "satelliteAutoSync": "satellite_auto_sync",
    "secretKey": "secret_key",
    "signInUrl": "sign_in_url",
}
#: Clerk's path patterns in the vectors, as Flask URL rules.
RULES = {
    "/orgs/:slug": "/orgs/<slug>",
    "/orgs/:slug/(.*)": "/orgs/<slug>/<path:rest>",
    "/by-id/:id": "/by-id/<id>",
    "/by-id/:id/(.*)": "/by-id/<id>/<path:rest>",
    "/me": "/me",
    "/me/(.*)": "/me/<path:rest>",
}
#: Cases for which Clerk's SDK fetched keys and this package need not: a template token poses as a
#: handshake, and its class is refused before a key is looked for.
SPARED_CALLS = {"11-99"}
AUTH_FIELDS = {
    "actor": "actor",
    "factorVerificationAge": "factor_verification_age",
    "isAuthenticated": "is_authenticated",
    "orgId": "org_id",
    "orgPermissions": "org_permissions",
    "orgRole": "org_role",
    "orgSlug": "org_slug",
    "sessionClaims": "session_claims",
    "sessionId": "session_id",
    "sessionStatus": "session_status",
    "tokenType": "token_type",
    "userId": "user_id",
}


@dataclass
class Seen:
    """What the app itself saw of the request."""

    auths: list[Auth] = field(default_factory=list)
    states: list[RequestState] = field(default_factory=list)
    views: int = 0
    remembered: int = 0


@pytest.fixture(scope="module")
def backend_api() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def case_id(case: Case) -> str:
    expect = case["expect"]
    outcome = "throws" if "throws" in expect else expect["reason"] or expect["status"]
    return f"{case['id']}-{case['request']['method']}-{outcome}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_flask_decides_as_clerk_did(
    case: Case, backend_api: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    """At first sight, and again when the decision may be remembered."""
    seen = Seen()
    backend_api.reset(partial(recorded_answer, case["api"]))
    app = build_app(case["options"], backend_api.url, seen)
    expect = case["expect"]
    response = send(app, case["request"])
    recorded_calls = [] if case["id"] in SPARED_CALLS else expect["api_calls"]
    assert_calls_are_the_recorded_ones(backend_api.calls, recorded_calls)
    if "throws" in expect:
        assert_developer_is_told(response, caplog)
        assert not seen.views
        return
    assert_answer(response, seen, expect)
    seen.views = 0
    assert_answer(send(app, case["request"]), seen, expect)


def test_most_of_those_who_stay_signed_in_are_remembered(backend_api: Loopback) -> None:
    signed_in = [case for case in CASES if case["expect"].get("status") == "signed-in"]
    seen = Seen()
    for case in signed_in:
        backend_api.reset(partial(recorded_answer, case["api"]))
        app = build_app(case["options"], backend_api.url, seen)
        send(app, case["request"])
        send(app, case["request"])
        seen.remembered += seen.states[-1].token is None
    assert len(signed_in) > 300
    assert seen.remembered > len(signed_in) / 2


def test_every_case_has_settings_of_its_own() -> None:
    assert len({case["options"]["secretKey"] for case in CASES}) == len(CASES) == 1500


def test_the_app_answers_a_foreign_satellite_not_at_all(backend_api: Loopback) -> None:
    """Difference 4: Clerk's SDK sends the development browser's token to any origin."""
    recorded = [
        case
        for case in CASES
        if case["expect"].get("reason") == "primary-responds-to-syncing"
        and case["expect"]["status"] == "handshake"
    ]
    assert recorded
    for case in recorded:
        url = case["request"]["url"].replace("satellite.example", "evil.example")
        request = {**case["request"], "url": url}
        response = run({**case, "request": request}, backend_api, Seen())
        assert urlsplit(response.headers.get("Location", "")).hostname != "evil.example"
        assert response.headers.get("X-Clerk-Auth-Reason") != "primary-responds-to-syncing"


def test_an_error_page_may_ask_who_is_there_after_a_failed_handshake(
    backend_api: Loopback,
) -> None:
    case = next(c for c in CASES if "throws" in c["expect"])
    app = build_app(case["options"], backend_api.url, Seen())
    app.register_error_handler(500, lambda error: (f"sorry, {g.auth.user_id}", 500))
    response = send(app, case["request"])
    assert (response.status_code, response.text) == (500, "sorry, None")


def test_in_debug_the_developer_reads_the_repair(backend_api: Loopback) -> None:
    case = next(c for c in CASES if "throws" in c["expect"])
    app = build_app(case["options"], backend_api.url, Seen())
    app.debug = True
    with pytest.raises(HandshakeError, match="clear this site's cookies and try again"):
        send(app, case["request"])


def test_a_view_that_reads_no_auth_stays_as_cacheable_as_it_was(backend_api: Loopback) -> None:
    case = next(c for c in CASES if c["expect"].get("status") == "signed-in" and not c["api"])
    app = build_app(case["options"], backend_api.url, Seen(), reads_auth=False)
    response = send(app, case["request"])
    assert response.status_code == 200
    assert "Cache-Control" not in response.headers
    assert "Vary" not in response.headers


def test_no_origin_is_allowed_to_read_a_resolved_handshake(backend_api: Loopback) -> None:
    """Difference 6: Clerk's SDK answers ``Access-Control-Allow-Origin: null`` with credentials."""
    recorded = [
        case
        for case in CASES
        if any(n == "access-control-allow-origin" for n, _ in case["expect"].get("headers", ()))
    ]
    assert len(recorded) == 96
    for case in recorded:
        response = run(case, backend_api, Seen())
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_the_message_is_one_fixed_sentence_for_each_reason(backend_api: Loopback) -> None:
    """Difference 7: Clerk's SDK puts times, origins and algorithms of the token into it."""
    sentences: dict[str, set[str | None]] = {}
    for case in CASES[:400]:
        if any(name == "x-clerk-auth-message" for name, _ in case["expect"].get("headers", ())):
            response = run(case, backend_api, Seen())
            reason = response.headers["X-Clerk-Auth-Reason"]
            sentences.setdefault(reason, set()).add(response.headers["X-Clerk-Auth-Message"])
    assert len(sentences) > 10
    assert sentences == {reason: {message_for(reason)} for reason in sentences}
    assert all(str(sentence).isascii() for found in sentences.values() for sentence in found)


def test_a_forwarded_host_is_not_believed(backend_api: Loopback) -> None:
    """Difference 3: it counts when the app uses ``ProxyFix``, and not before."""
    case = next(c for c in CASES if c["expect"].get("reason") == "dev-browser-missing")
    app = build_app(case["options"], backend_api.url, Seen())
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    headers = {**case["request"]["headers"], **forged}
    response = send(app, {**case["request"], "headers": headers})
    assert_headers(response, case["expect"])
    assert "evil" not in str(response.headers)


def run(case: Case, backend_api: Loopback, seen: Seen) -> TestResponse:
    backend_api.reset(partial(recorded_answer, case["api"]))
    return send(build_app(case["options"], backend_api.url, seen), case["request"])


def build_app(
    options: dict[str, Any], api_url: str, seen: Seen, *, reads_auth: bool = True
) -> Flask:
    app = Flask("vectors")
    Clerk(app, api_url=api_url, **settings_of(options))
    clerk = clerk_of(app)
    config = clerk.instance.config
    clerk.instance = Instance(
        config, connect, clock=lambda: NOW, organization_of=organization_matcher(config)
    )

    @app.route("/", methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path: str = "") -> str:
        seen.views += 1
        if reads_auth:
            seen.auths.append(g.auth)
        return "a page"

    @app.after_request
    def look(response: Response) -> Response:
        seen.states.append(clerk.visit_of(request).state)
        if reads_auth:
            seen.auths.append(g.auth)
        return response

    return app


def settings_of(options: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {"allowed_redirect_origins": ["https://satellite.example"]}
    for name, value in options.items():
        if name == "clockSkewInMs":
            settings["clock_skew"] = value / 1000
        elif name == "organizationSyncOptions":
            settings["organization_patterns"] = [RULES[p] for p in value["organizationPatterns"]]
            personal = [RULES[pattern] for pattern in value["personalAccountPatterns"]]
            settings["personal_account_patterns"] = personal
        else:
            is_pem = value == "@public_key_pem"
            settings[SETTINGS[name]] = VECTORS["public_key_pem"] if is_pem else value
    return settings


def send(app: Flask, recorded: dict[str, Any]) -> TestResponse:
    url = urlsplit(recorded["url"])
    return app.test_client(use_cookies=False).open(
        url.path,
        method=recorded["method"],
        base_url=f"{url.scheme}://{url.netloc}",
        query_string=url.query,
        headers=recorded["headers"],
    )


def recorded_answer(api: dict[str, Any], call: Call) -> Answer:
    if call.path == "/v1/jwks" and "jwks" in api:
        return answer_json(api["jwks"])
    if call.path == "/v1/clients/handshake_payload" and "handshake" in api:
        return answer_json(api["handshake"])
    if call.path.endswith("/refresh") and "refresh" in api:
        return answer_json(api["refresh"]["body"], api["refresh"]["status"])
    return answer_json({"errors": [{"code": "resource_not_found", "message": "x"}]}, 404)


def assert_answer(response: TestResponse, seen: Seen, expect: dict[str, Any]) -> None:
    assert_state(seen.states[-1], expect)
    assert_headers(response, expect)
    if expect["status"] != "handshake":
        assert_auth(seen.auths[-1], expect)
    is_redirect = any(name == "location" for name, _ in expect["headers"])
    assert (response.status_code, seen.views) == ((307, 0) if is_redirect else (200, 1))
    assert response.text == ("" if is_redirect or response.request.method == "HEAD" else "a page")


def assert_calls_are_the_recorded_ones(calls: list[Call], recorded: list[dict[str, Any]]) -> None:
    made = []
    for call in calls:
        body = dict(call.body) if call.body else None
        if body is not None:
            del body["request_headers"]  # ours besides; the recording stops at the origin
        made.append(
            {
                "method": call.method,
                "path": call.path,
                "query": call.query,
                "authorization": call.headers["authorization"],
                "body": body,
            }
        )
    assert made == recorded


def assert_developer_is_told(response: TestResponse, caplog: pytest.LogCaptureFixture) -> None:
    assert response.status_code == 500
    assert "handshake" not in response.text
    raised = [record.exc_info for record in caplog.records if record.levelno == logging.ERROR]
    assert [info[0].__name__ for info in raised if info and info[0]] == ["HandshakeError"]
    assert "clear this site's cookies and try again" in caplog.text


def assert_state(state: RequestState, expect: dict[str, Any]) -> None:
    assert (state.status, state.reason) == (expect["status"], expect["reason"])
    assert state.token in (expect["token"], None)  # what is remembered leaves it out


def assert_headers(response: TestResponse, expect: dict[str, Any]) -> None:
    recorded = expect["headers"]
    single = dict(recorded)
    for name in ("x-clerk-auth-status", "x-clerk-auth-reason"):
        assert response.headers.get(name) == single.get(name)
    assert ("x-clerk-auth-message" in response.headers) == ("x-clerk-auth-message" in single)
    set_cookies = [value for name, value in recorded if name == "set-cookie"]
    assert response.headers.getlist("Set-Cookie") == set_cookies
    assert normal(response.headers.get("Location")) == normal(single.get("location"))
    # The view of this test reads g.auth, which makes its answer private where it is shown.
    assert response.headers.get("Cache-Control") == single.get("cache-control", "private")
    assert set(response.vary) == {"Cookie", "Authorization"}


def normal(url: str | None) -> object:
    """Return a redirect's target, its query as a set and without the dated API version."""
    if url is None:
        return None
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = frozenset(pair for pair in pairs if pair[0] != "__clerk_api_version")
    return (parts.scheme, parts.netloc, parts.path, query, parts.fragment)


def assert_auth(auth: Auth, expect: dict[str, Any]) -> None:
    recorded = expect["auth"]
    assert {name: getattr(auth, AUTH_FIELDS[name]) for name in recorded} == recorded
    assert bool(auth) is recorded["isAuthenticated"]
    assert auth.get_token() == (expect["token"] if auth else None)
