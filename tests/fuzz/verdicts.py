"""What is fuzzed where tokens are judged: claims that are signed, and whole requests.

Nobody may be signed in by bytes alone: an acceptance needs a signature that only the fuzzer's
own key can have made, or the seal that stands for one.
"""

from __future__ import annotations

import functools
import json
import string
import sys
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from typing import Final
from typing import TypeVar
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from joserfc.jwk import RSAKey

from flask_clerk.core.auth import SessionAuth
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.constants import Reason
from flask_clerk.core.context import AuthenticateContext
from flask_clerk.core.errors import HandshakeError
from flask_clerk.core.errors import SigningKeyError
from flask_clerk.core.errors import TokenVerificationError
from flask_clerk.core.facts import Facts
from flask_clerk.core.instance import Instance
from flask_clerk.core.jwks import FixedKey
from flask_clerk.core.jwks import RemoteKeys
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.machine_tokens import MachineTokens
from flask_clerk.core.memory import Memory
from flask_clerk.core.request import authenticate_request
from flask_clerk.core.revocation import MemoryRevocations
from flask_clerk.core.state import RequestState
from flask_clerk.core.tokens import CATEGORY_M2M
from flask_clerk.core.tokens import CATEGORY_TEMPLATE
from flask_clerk.core.tokens import JWT_TEMPLATE
from flask_clerk.core.tokens import TOKEN_TYPES
from flask_clerk.core.tokens import read_token
from flask_clerk.core.urls import origin_of
from flask_clerk.core.verdicts import Verdicts
from flask_clerk.core.verify import TokenVerifier
from tests.core.scene import APP
from tests.core.scene import LIVE
from tests.core.scene import NOW
from tests.core.scene import TEST
from tests.core.scene import Headers
from tests.core.scene import StubBackend
from tests.core.scene import facts_about
from tests.signing import Signer
from tests.signing import base64url
from tests.signing import session_claims

_REASONS = {value for name, value in vars(Reason).items() if name.isupper()}
_FOREIGN = "https://satellite.example"
#: Seconds, as ``CLERK_CLOCK_SKEW`` has it by default.
_SKEW: Final = 5
_T = TypeVar("_T")


@functools.cache
def signer() -> Signer:
    return Signer(RSAKey.generate_key(2048, private=True))


@functools.cache
def stranger() -> Signer:
    return Signer(RSAKey.generate_key(2048, private=True))


@functools.cache
def instance(kind: str) -> Instance:
    """Return an instance of one of ``_KINDS``."""
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
        b"\x92": own(session_claims(NOW, sub="mch_1"), {"cat": CATEGORY_TEMPLATE}),
    }


#: The words that may sign a session in, at once or by way of the backend; and a machine.
_SIGNING = (b"\x80", b"\x81", b"\x86", b"\x8e")
_OF_MACHINES = (b"\x84", b"\x88", b"\x89")


class _Seal:
    """What verifies in the place of RSA, which takes many times as long as all that is fuzzed."""

    MARK: Final = b"sealed"

    def verify(self, signature: bytes, *_: object) -> None:
        if signature != self.MARK:
            raise InvalidSignature


class _SealKey(RSAKey):
    def get_op_key(self, operation: str) -> Any:
        return _Seal()


_LAX: Final[dict[str, Any]] = {}
_STRICT: Final = {
    "authorized_parties": [APP],
    "audience": ["api"],
    "issuers": ["https://clerk.example.com"],
}
_HEADERS: Final = [
    base64url(json.dumps({"alg": "RS256", "kid": "ins_test", **more}).encode())
    for more in ({}, {"cat": CATEGORY_M2M}, {"cat": CATEGORY_TEMPLATE}, {"typ": "at+jwt"})
]
#: Of an M2M token, which may name its class or not.
_HEADERS_OF_MACHINES: Final = _HEADERS[:2]


@functools.cache
def judges(*, is_strict: bool) -> tuple[TokenVerifier, MachineTokens]:
    """Return what judges sessions, and what judges all else, by a seal for a signature."""
    settings = {**(_STRICT if is_strict else _LAX), "publishable_key": LIVE.value}
    config = ClerkConfig.load(settings, {}, {})
    key = FixedKey(_SealKey.import_key(signer().key.as_dict(private=False)))
    ended = MemoryRevocations(config, lambda: NOW)
    verifier = TokenVerifier(config, key, lambda: NOW, ended)
    verdicts = Verdicts(0, 0, lambda: NOW)
    return verifier, MachineTokens(verifier, _ask_nobody, verdicts, ended)


def _ask_nobody(token_type: str, token: str) -> Mapping[str, Any]:
    raise AssertionError("a JWT costs no call")


def claims(data: bytes) -> None:
    """The payload of a token whose signature is right, of each class in turn."""
    for header in _HEADERS:
        signed = f"{header}.{base64url(data)}"
        sealed = f"{signed}.{base64url(_Seal.MARK)}"
        token = _judged(read_token, sealed)
        if token is None:
            return
        for is_strict in (False, True):
            verifier, machines = judges(is_strict=is_strict)
            found = _judged(verifier.verify_session_token, sealed)
            asked = _STRICT if is_strict else _LAX
            fits = header == _HEADERS[0] and _fits(token.payload, asked)
            assert (found is not None) == fits
            if found is not None:
                assert found == json.loads(data)
                _read_session(SessionAuth(found, sealed))
            lines = _judged(verifier.verify_handshake_token, sealed) or []
            assert all(isinstance(line, str) for line in lines)
            for token_type in (*TOKEN_TYPES[1:], JWT_TEMPLATE):
                machine = _judged(partial(machines.verify, token_type=token_type), sealed)
                if machine is not None:
                    assert isinstance(machine.subject, str)
                    is_machines = machine.subject.startswith("mch_")
                    assert not is_machines or header in _HEADERS_OF_MACHINES
                    assert all(isinstance(scope, str) for scope in machine.scopes)
            forged = f"{signed}.{base64url(b'forged')}"
            assert _judged(verifier.verify_session_token, forged) is None


def _judged(judge: Callable[[str], _T], token: str) -> _T | None:
    """Return what is found in a token; for one that is refused, ``None``."""
    try:
        return judge(token)
    except TokenVerificationError as error:
        assert error.reason in _REASONS
        assert token not in str(error)
        return None


def _fits(says: Mapping[str, Any], asked: Mapping[str, list[str]]) -> bool:
    """Say once more, and otherwise, which claims are those of a session that is good now."""
    subject = says.get("sub")
    if type(subject) is not str or not subject or subject.startswith("mch_"):
        return False
    times = [says.get("exp"), says.get("nbf", 0), says.get("iat", 0)]
    if any(type(time) not in {int, float} or not abs(time) <= sys.float_info.max for time in times):
        return False
    audience = says.get("aud")
    if "audience" in asked and (audience or audience == {}):
        named = audience if isinstance(audience, list) else [audience]
        if not any(each in asked["audience"] for each in named):
            return False
    return (
        times[0] > NOW - _SKEW
        and max(times[1:]) <= NOW + _SKEW
        and says.get("azp") in asked.get("authorized_parties", [says.get("azp")])
        and says.get("iss") in asked.get("issuers", [says.get("iss")])
    )


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


_KINDS: Final = ("api", "production", "development", "satellite")
_ACCEPTED: Final = (
    TOKEN_TYPES[:1],
    TOKEN_TYPES,
    TOKEN_TYPES[1:],
    TOKEN_TYPES[:2],
    TOKEN_TYPES[:3],
)


def request(data: bytes) -> None:
    """A request: a line each for kind, method, URL, ``Authorization``, ``Cookie`` and the rest.

    The length of the kind is what counts: it tells the instance, and what the endpoint accepts.
    """
    for word, meaning in words().items():
        data = data.replace(word, meaning.encode())
    kind, method, path, authorization, cookie, destination, accept, referer = (
        data.decode("latin-1").split("\n") + [""] * 8
    )[:8]
    turn, which = divmod(len(kind), len(_KINDS))
    judge, accepts = instance(_KINDS[which]), _ACCEPTED[turn % len(_ACCEPTED)]
    sent = {
        "Authorization": authorization,
        "Cookie": cookie,
        "Sec-Fetch-Dest": destination,
        "Accept": accept,
        "Referer": referer,
    }
    headers = Headers({name: value for name, value in sent.items() if value})
    url = f"{APP}/{quote(path, safe=string.punctuation)}"  # as a server hands it on
    context = AuthenticateContext(method or "GET", url, headers, judge.config, NOW)
    facts = facts_about(context, accepts)
    try:
        state = authenticate_request(context, judge, accepts)
    except HandshakeError:
        assert judge.config.is_development
        assert facts is None or judge.memory.recall(facts, NOW) is None
        return
    _check(state, context, data)
    if facts is not None:
        _check_memory(judge.memory, facts, context, state)


def _check_memory(
    memory: Memory, facts: Facts, context: AuthenticateContext, state: RequestState
) -> None:
    """Whatever is recalled, of this request or of any before it, is what was decided now."""
    if memory.recall(facts, NOW) is None:
        memory.remember(facts, context, state)
    recalled = memory.recall(facts, NOW)
    if recalled is not None:
        remembered, token = recalled
        assert replace(remembered, token=token) == state


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
