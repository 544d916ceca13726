"""Machine tokens, decided by ``@clerk/backend`` itself and by this package: the same answers.

Both ask the same loopback server, which answers in the documented shapes of the Backend API.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.instance import Instance
from flask_clerk.core.request import authenticate_request
from flask_clerk.core.tokens import accepted_types
from flask_clerk.extension import connect
from tests.core.scene import HANDSHAKE
from tests.core.scene import SIGNED_IN
from tests.core.scene import SIGNED_OUT
from tests.core.scene import Headers
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.peers_needed import PEERS
from tests.peers_needed import need_node
from tests.peers_needed import need_peers
from tests.signing import KID
from tests.signing import Signer
from tests.signing import session_claims

PUBLISHABLE_KEY = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"
AUDIENCE = "https://api.example.com"
ISSUER = "https://clerk.example.com"

RECORD = {
    "id": "id_1", "revoked": False, "revocation_reason": None, "expired": False,
    "expiration": None, "created_at": 1_700_000_000_000, "updated_at": 1_700_000_000_000,
}  # fmt: skip
API_KEY = {**RECORD, "object": "api_key", "type": "api_key", "name": "Import", "created_by": None,
           "description": None, "last_used_at": None, "claims": {"seats": 3},
           "scopes": ["invoices:read"]}  # fmt: skip
KNOWN: dict[str, Any] = {
    "ak_user": {**API_KEY, "subject": "user_ada"},
    "ak_org": {**API_KEY, "subject": "org_acme", "claims": None, "scopes": []},
    "mt_good": {**RECORD, "object": "machine_to_machine_token", "subject": "mch_importer",
                "claims": {"run": 7}, "scopes": ["mch_books"], "last_used_at": None},
    "oat_good": {**RECORD, "object": "clerk_idp_oauth_access_token", "type": "oauth:access_token",
                 "client_id": "client_1", "subject": "user_ada", "scopes": ["profile"],
                 "aud": [AUDIENCE]},
    "oat_other": {**RECORD, "object": "clerk_idp_oauth_access_token", "type": "oauth:access_token",
                  "client_id": "client_1", "subject": "user_ada", "scopes": ["profile"],
                  "aud": ["https://other.example"]},
    "oat_nobody": {**RECORD, "object": "clerk_idp_oauth_access_token", "client_id": "client_1",
                   "type": "oauth:access_token", "subject": "user_ada", "scopes": []},
}  # fmt: skip
REFUSED = {"ak_400": 400, "ak_401": 401, "ak_404": 404, "mt_404": 404, "oat_404": 404,
           "ak_422": 422, "ak_429": 429, "mt_500": 500}  # fmt: skip
ENDPOINTS = {
    "/api_keys/verify": "secret",
    "/m2m_tokens/verify": "token",
    "/oauth_applications/access_tokens/verify": "access_token",
}

ROUTES: list[Any] = [
    "session_token", "api_key", "m2m_token", "oauth_token", "any",
    ["session_token", "api_key"], ["api_key", "m2m_token"], ["m2m_token", "oauth_token"],
    ["session_token", "api_key", "m2m_token", "oauth_token"],
]  # fmt: skip


def tokens(sign: Signer) -> dict[str, str | None]:
    """Return every kind of token, good and bad, by what it is."""
    now = int(time.time())
    times = {"exp": now + 600, "iat": now, "nbf": now - 10, "iss": ISSUER, "jti": "jti_1"}
    m2m = {**times, "sub": "mch_importer", "aud": [AUDIENCE], "scopes": "mch_a mch_b", "run": 7}
    oauth = {**times, "sub": "user_ada", "client_id": "client_1", "scope": "profile email",
             "aud": AUDIENCE}  # fmt: skip
    session = session_claims(now)
    cat_m2m, cat_template = {"cat": "cl_B7d4PD333AAA"}, {"cat": "cl_B7d4PD222AAA"}
    at_jwt = {"cat": None, "typ": "at+jwt"}
    return {
        "none": None,
        "garbage": "garbage",
        "session": sign(session),
        "session without category": sign(session, {"cat": None}),
        "forged session": sign(session)[:-8] + "AAAAAAAA",
        "template": sign({**times, "sub": "user_ada", "role": "admin"}, cat_template),
        "m2m": sign(m2m, cat_m2m),
        "m2m without category": sign(m2m, {"cat": None}),
        "m2m of the neutral category": sign(m2m, {"cat": "cl_I7d4PD111III"}),
        "m2m posing as a session": sign(m2m),
        "m2m posing as a template": sign(m2m, cat_template),
        "m2m posing as oauth": sign(m2m, {**cat_m2m, "typ": "at+jwt"}),
        "m2m without scopes": sign({**m2m, "scopes": None, "aud": ["mch_x", AUDIENCE]}, cat_m2m),
        "m2m for another audience": sign({**m2m, "aud": ["mch_x"]}, cat_m2m),
        "m2m without custom claims": sign({**times, "sub": "mch_importer"}, cat_m2m),
        "expired m2m": sign({**m2m, "exp": now - 60}, cat_m2m),
        "early m2m": sign({**m2m, "nbf": now + 60}, cat_m2m),
        "forged m2m": sign(m2m, cat_m2m)[:-8] + "AAAAAAAA",
        "m2m of another key": sign(m2m, {**cat_m2m, "kid": "ins_other"}),
        "oauth": sign(oauth, at_jwt),
        "oauth in the long spelling": sign(oauth, {"cat": None, "typ": "application/at+jwt"}),
        "oauth with a list of scopes": sign({**oauth, "scp": ["a", "b"]}, at_jwt),
        "oauth without scopes": sign({**oauth, "scope": None}, at_jwt),
        "oauth for several audiences": sign({**oauth, "aud": ["x", AUDIENCE]}, at_jwt),
        "oauth for another audience": sign({**oauth, "aud": "https://other.example"}, at_jwt),
        "oauth for no audience": sign({**oauth, "aud": None}, at_jwt),
        "expired oauth": sign({**oauth, "exp": now - 60}, at_jwt),
        "oauth without a subject": sign({**oauth, "sub": None}, at_jwt),
        **{name: name for name in (*KNOWN, *REFUSED)},
    }


def browsers(sign: Signer) -> dict[str, dict[str, str]]:
    """Return the headers of browsers that navigate, with cookies, some with a token besides."""
    now = int(time.time())
    page = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
    signed_in = {**page, "Cookie": f"__session={sign(session_claims(now))}; __client_uat=1"}
    expired = sign(session_claims(now - 3600))
    return {
        "a signed-in browser": signed_in,
        "a browser with an expired session": {
            **page, "Cookie": f"__session={expired}; __client_uat=1",
        },
        "a browser whose session is missing": {**page, "Cookie": "__client_uat=1"},
        "a signed-in browser with a key": {**signed_in, "Authorization": "Bearer ak_user"},
        "a signed-in browser with another scheme": {**signed_in, "Authorization": "Basic eDp5"},
        "an expired token in the header": {**page, "Authorization": f"Bearer {expired}"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def backend_api(sign: Signer) -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        server.respond = lambda call: respond(call, sign)
        yield server


def respond(call: Call, sign: Signer) -> Answer:
    if call.path == "/v1/jwks":
        public = sign.key.as_dict(private=False)
        jwk = {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": KID, "alg": "RS256"}
        return as_clerk({"keys": [{**jwk, "use": "sig"}]})
    parameter = ENDPOINTS[call.path.removeprefix("/v1")]
    assert list(call.body) == [parameter]
    token = call.body[parameter]
    if token in KNOWN:
        return as_clerk(KNOWN[token])
    errors = {"errors": [{"code": "x", "message": "x", "long_message": "x"}]}
    return as_clerk(errors, REFUSED[token])


def as_clerk(document: Any, status: int = 200) -> Answer:
    # Clerk's library reads JSON only where the header says so.
    return answer_json(document, status, **{"Content-Type": "application/json"})


def asked(call: Call) -> tuple[str, Any, str]:
    return call.path.removeprefix("/v1"), call.body, call.headers["authorization"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"audience": AUDIENCE},
        {"authorizedParties": ["https://app.example.com"]},
        {"machineSecretKey": "ak_machine"},
    ],
    ids=["plain", "audience", "parties", "machine-key"],
)
def test_clerks_own_library_decides_the_same(
    backend_api: Loopback, sign: Signer, public_pem: str, settings: dict[str, Any]
) -> None:
    node = need_node()
    need_peers("@clerk/backend")
    options = {"apiUrl": backend_api.url, "publishableKey": PUBLISHABLE_KEY,
               "secretKey": "sk_live_secret", "jwtKey": public_pem, **settings}  # fmt: skip
    made = tokens(sign)
    sent = {
        **{
            name: {} if token is None else {"Authorization": f"Bearer {token}"}
            for name, token in made.items()
        },
        **browsers(sign),
    }
    cases = [
        {
            "name": f"{name} on {route}",
            "url": "https://app.example.com/api",
            "headers": headers,
            "acceptsToken": route,
        }
        for route in ROUTES
        for name, headers in sent.items()
    ]
    backend_api.calls.clear()
    done = subprocess.run(
        [node, str(PEERS.parent / "decide.mjs")],
        input=json.dumps({"options": options, "cases": cases}),
        capture_output=True,
        text=True,
        cwd=PEERS.parent,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    theirs, their_calls = json.loads(done.stdout), list(backend_api.calls)

    backend_api.calls.clear()
    instance = instance_of(options)
    for case, their in zip(cases, theirs, strict=True):
        assert decision(case, instance) == their, case["name"]
    assert list(map(asked, backend_api.calls)) == list(map(asked, their_calls))
    assert {their["status"] for their in theirs} == {SIGNED_IN, SIGNED_OUT, HANDSHAKE}


def instance_of(options: dict[str, Any]) -> Instance:
    names = {
        "apiUrl": "api_url", "publishableKey": "publishable_key", "secretKey": "secret_key",
        "jwtKey": "jwt_key", "audience": "audience", "authorizedParties": "authorized_parties",
        "machineSecretKey": "machine_secret_key",
    }  # fmt: skip
    settings = {names[name]: value for name, value in options.items()}
    # Clerk's library remembers no refusals.
    return Instance(ClerkConfig.load({**settings, "token_cache_size": 0}, {}, {}), connect)


def decision(case: dict[str, Any], instance: Instance) -> dict[str, Any]:
    config = instance.config
    context = AuthenticateContext(
        "GET", case["url"], Headers(case["headers"]), config, instance.now()
    )
    state = authenticate_request(context, instance, accepted_types(case["acceptsToken"]))
    auth = state.to_auth()
    names = {
        "id": auth.id, "subject": auth.subject, "name": auth.name, "claims": auth.claims,
        "scopes": auth.scopes, "userId": auth.user_id, "orgId": auth.org_id,
        "machineId": auth.machine_id, "clientId": auth.client_id, "tokenType": auth.token_type,
        "isAuthenticated": auth.is_authenticated,
    }  # fmt: skip
    return {
        "status": state.status,
        "reason": state.reason,
        "tokenType": state.token_type,
        "isSentAway": state.location is not None,
        "auth": None if state.status == HANDSHAKE else names,  # theirs has no auth object then
        "token": auth.get_token(),
        "has": auth.has(role="org:admin"),
    }
