"""Every target of the fuzzer notices a fault: one is planted, beside an input that meets it."""

from __future__ import annotations

import base64
import json
import re
from itertools import count
from typing import Any
from urllib.parse import unquote
from urllib.parse import urljoin

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from standardwebhooks import Webhook

from flask_clerk import webhooks
from flask_clerk.cli import asked
from flask_clerk.core import context
from flask_clerk.core import jwks
from flask_clerk.core import keys
from flask_clerk.core import tokens
from flask_clerk.core import verify
from flask_clerk.jwt_templates import parse_text
from tests.fuzz import readers
from tests.fuzz import verdicts
from tests.fuzz.corpus import TARGETS
from tests.signing import base64url

SHORT = rsa.generate_private_key(65_537, 1024).public_key().public_numbers().n
RENDERED = count()


class Gullible(Webhook):
    """Takes any signature."""

    def verify(self, data: bytes | str, *_: Any, **__: Any) -> Any:
        return json.loads(data)


#: By target: where the fault is planted, what it is, and the input.
PLANTED: dict[str, tuple[Any, str, Any, bytes]] = {
    "token": (
        tokens,
        "_is_canonical",
        lambda segment: True,
        b'{"alg":"RS256"}\n{}\na\n\x1bB',  # behind the signature's two characters, a third
    ),
    "cookies": (context, "_percent_decode", unquote, b"planted=%zz%41"),
    "set_cookies": (
        readers,
        "set_cookie_headers",
        lambda lines: [("Set-Cookie", line) for line in lines],
        b"planted=1\r\nother=2",
    ),
    "redirect": (
        readers,
        "safe_redirect",
        lambda target, base, allowed: urljoin(base, target),
        b"//planted.example",
    ),
    "query": (readers, "without", lambda url, *names: url, b"?__session=planted"),
    "template": (
        readers,
        "render_claims",
        lambda parsed, context: {"planted": next(RENDERED)},
        b'{"planted":1}',
    ),
    "shortcodes": (readers, "parse_text", lambda text: parse_text("other"), b"planted"),
    "publishable_key": (
        keys,
        "_HOST",
        re.compile(".*"),
        b"pk_test_" + base64.b64encode(b"planted/$"),
    ),
    "secret": (keys, "_what_it_is", lambda value: f"it is {value}", b"planted_secret_key"),
    "claims": (verify, "CLAIM_CHECKS", (), b'{"sub":"planted","exp":1}'),
    "jwks": (
        jwks,
        "is_strong",
        lambda key: True,
        json.dumps(
            {
                "keys": [
                    {
                        "kid": "ins_test",
                        "kty": "RSA",
                        "e": "AQAB",
                        "n": base64url(SHORT.to_bytes(128, "big")),
                    }
                ]
            }
        ).encode(),
    ),
    "request": (
        verify,
        "check_signature",
        lambda token, key: None,
        b"\nGET\n\nBearer \x83\n\n\n\n",
    ),
    "webhook": (
        webhooks,
        "_load_library",
        lambda: Gullible,
        b'\nmsg_planted\n0\nv1,c2lnbmVk\n{"type":"planted","data":{}}',
    ),
    "curl": (asked, "_method", lambda found: "planted", b"curl http://localhost/"),
}


def test_every_target_has_a_planted_fault() -> None:
    assert set(PLANTED) == set(TARGETS)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("target", PLANTED)
def test_a_planted_fault_is_noticed(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    room, name, fault, data = PLANTED[target]
    _forget()
    TARGETS[target](data)  # as long as there is none, nothing is wrong with the input
    _forget()
    monkeypatch.setattr(room, name, fault)
    with pytest.raises(AssertionError):
        TARGETS[target](data)
    _forget()


def _forget() -> None:
    """Forget what was read and judged with a fault, or without it."""
    tokens.read_token.cache_clear()
    verdicts.instance.cache_clear()
    verdicts.judges.cache_clear()
