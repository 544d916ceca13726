"""What is fuzzed where tokens are judged: claims that are signed, and whole requests.

Nobody may be signed in by bytes alone: an acceptance needs a signature that only the fuzzer's
own key can have made.
"""

from __future__ import annotations

import functools
import json
import string
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from joserfc.jwk import RSAKey

from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Reason
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.errors import SigningKeyError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.instance import Instance
from flask_clerk.core.jwks import RemoteKeys
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.request import authenticate_request
from flask_clerk.core.state import RequestState
from flask_clerk.core.tokens import TOKEN_TYPES
from flask_clerk.core.urls import origin_of
from tests.core.scene import APP
from tests.core.scene import LIVE
from tests.core.scene import NOW
from tests.core.scene import TEST
from tests.core.scene import Headers
from tests.core.scene import StubBackend
from tests.signing import Signer
from tests.signing import session_claims

_REASONS = {value for name, value in vars(Reason).items() if name.isupper()}
_FOREIGN = "https://satellite.example"


@functools.cache
def signer() -> Signer:
    return Signer(RSAKey.generate_key(2048, private=True))


@functools.cache
def stranger() -> Signer:
    return Signer(RSAKey.generate_key(2048, private=True))


@functools.cache
def instance(kind: str) -> Instance:
    """Return an instance of a kind: ``api``, ``production``, ``development`` or ``satellite``."""
    key: PublishableKey = TEST if kind in {"development", "satellite"} else LIVE
    settings: dict[str, Any] = {
        "secret_key": f"sk_{'test' if key.is_development else 'live'}_secret",
        "jwt_key": signer().key.as_pem(private=False).decode("ascii"),
    }
    if kind != "api":
        settings["publishable_key"] = key.value
    if kind == "development":
        settings["allowed_redirect_origins"] = [_FOREIGN]
    if kind == "satellite":
        settings |= {
            "is_satellite": True,
            "domain": "satellite.example",
            "sign_in_url": "https://primary.example/sign-in",
        }
    backend = StubBackend()
    backend.handshake = [f"__session={good()}; Path=/"]
    backend.refreshed = [f"__session={good()}; Path=/"]
    return Instance(ClerkConfig.load(settings, {}, {}), lambda config: backend, clock=lambda: NOW)


@functools.cache
def good() -> str:
    return signer()(session_claims(NOW))


@functools.cache
def words() -> dict[bytes, str]:
    """Return what the fuzzer can write by one byte: tokens that it could not find by itself."""
    own, other = signer(), stranger()
    return {
        b"\x80": good(),
        b"\x81": own(session_claims(NOW - 300)),
        b"\x82": own(session_claims(NOW + 300)),
        b"\x83": other(session_claims(NOW)),
        b"\x84": own(session_claims(NOW), {"cat": "cl_B7d4PD222AAA"}),
        b"\x85": own(session_claims(NOW), {"alg": "none"}),
        b"\x86": own({"handshake": [f"__session={good()}; Path=/", "__client_uat=1; Path=/"]}),
        b"\x87": own({"handshake": ["x\r\ny=1", 7, None]}),
        b"\x88": own(session_claims(NOW, sub="mch_1"), {"cat": "cl_B7d4PD333AAA"}),
        b"\x89": own(session_claims(NOW), {"typ": "at+jwt", "cat": None}),
        b"\x8a": f"_{LIVE.cookie_suffix}",
        b"\x8b": f"_{TEST.cookie_suffix}",
        b"\x8c": "__session",
        b"\x8d": "__client_uat",
        b"\x8e": "__clerk_handshake",
        b"\x8f": "__clerk_db_jwt",
        b"\x90": "__clerk_redirect_url=",
        b"\x91": "__refresh",
    }


#: The words that may sign a session in, at once or by way of the backend; and a machine.
_SIGNING = (b"\x80", b"\x81", b"\x86", b"\x8e")
_OF_MACHINES = (b"\x84", b"\x88", b"\x89")


def claims(data: bytes) -> None:
    """The payload of a token, signed with the instance's own key."""
    text = signer()(data)
    for kind in ("api", "production"):
        judged = instance(kind)
        try:
            found = judged.verify_token(text)
        except TokenVerificationError as error:
            assert error.reason in _REASONS
            assert text not in str(error)
        else:
            assert found == json.loads(data)
            assert isinstance(found["sub"], str)
            assert found["sub"]
            assert found["exp"] > NOW - 5
            _read_session(SessionAuth(found, text))
        try:
            lines = judged.verify_handshake_token(text)
        except TokenVerificationError as error:
            assert error.reason in _REASONS
        else:
            assert all(isinstance(line, str) for line in lines)
    for token_type in TOKEN_TYPES[1:]:
        _verify_machine_token(text, token_type)
    for header in ({"typ": "at+jwt", "cat": None}, {"cat": "cl_B7d4PD333AAA"}):
        for token_type in TOKEN_TYPES[1:]:
            _verify_machine_token(signer()(data, header), token_type)
    forged = stranger()(data)
    try:
        instance("api").verify_token(forged)
    except TokenVerificationError:
        return
    raise AssertionError("a stranger's signature was believed")


def _verify_machine_token(text: str, token_type: str) -> None:
    try:
        instance("api").verify_machine_token(text, token_type)
    except TokenVerificationError as error:
        assert error.reason in _REASONS


def _read_session(auth: SessionAuth) -> None:
    assert isinstance(auth.org_permissions, (list, type(None)))
    for asked in (
        {"role": "org:admin"},
        {"permission": "org:a:b"},
        {"feature": "a"},
        {"plan": "user:a"},
        {"reverification": "strict"},
    ):
        assert auth.has(**asked) in {True, False}
    assert auth.claim("o.id.x.y") is None or isinstance(auth.claim("o"), dict)
    repr(auth)
    json.dumps(auth.session_claims)


def jwks(data: bytes) -> None:
    """What the JWKS endpoint answers."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    keys = RemoteKeys(lambda: document, 300, lambda: NOW)
    for kid in ("ins_test", "", None):
        try:
            key = keys.get(kid)
        except SigningKeyError as error:
            assert error.reason in _REASONS
        else:
            assert key.public_key.key_size >= 2048


def request(data: bytes) -> None:
    """A request: a line each for kind, method, URL, ``Authorization``, ``Cookie`` and the rest."""
    for word, meaning in words().items():
        data = data.replace(word, meaning.encode())
    kind, method, path, authorization, cookie, destination, accept, referer = (
        data.decode("latin-1").split("\n") + [""] * 8
    )[:8]
    kinds = ("api", "production", "development", "satellite")
    judge = instance(kinds[len(kind) % 4])
    sent = {
        "Authorization": authorization,
        "Cookie": cookie,
        "Sec-Fetch-Dest": destination,
        "Accept": accept,
        "Referer": referer,
    }
    headers = Headers({name: value for name, value in sent.items() if value})
    url = f"{APP}/{quote(path, safe=string.punctuation)}"  # as a server hands it on
    accepts = TOKEN_TYPES[: 1 + len(kind) % len(TOKEN_TYPES)]
    context = AuthenticateContext(method or "GET", url, headers, judge.config, NOW)
    try:
        state = authenticate_request(context, judge, accepts)
    except HandshakeError:
        assert judge.config.is_development
        return
    _check(state, context, data)


def _check(state: RequestState, context: AuthenticateContext, sent: bytes) -> None:
    if state.is_signed_in:
        assert any(words()[word].encode() in sent for word in _SIGNING)
        assert state.claims is not None
        assert state.claims["sub"] == "user_1"
    elif state.to_auth().is_authenticated:
        assert any(words()[word].encode() in sent for word in _OF_MACHINES)
    else:
        assert state.reason
        assert state.to_auth().user_id is None
    for name, value in state.headers:
        assert value.isascii(), name
        assert value.isprintable(), name
    if state.location is not None:
        origins = {
            origin_of(context.frontend_api),
            APP,
            _FOREIGN,
            origin_of(context.config.sign_in_url or ""),
        }
        assert origin_of(state.location) in origins - {None}
    assert good() not in repr(state)


VERDICTS: dict[str, Callable[[bytes], None]] = {"claims": claims, "jwks": jwks, "request": request}
