"""The ``kid`` as a path, a query, a URL, a property of an object: it is looked up, nothing more."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.signing import SESSION_HEADER
from tests.signing import base64url
from tests.signing import to_json

KIDS: list[Any] = [
    "../../../../../../dev/null",
    "/proc/sys/kernel/randomize_va_space",
    "..\\..\\windows\\win.ini",
    "file:///dev/null",
    "http://169.254.169.254/latest/meta-data",
    "' UNION SELECT 'key",
    "x' OR '1'='1",
    "key; touch /tmp/owned",
    "$(touch /tmp/owned)",
    "| cat /etc/passwd",
    "ins_test\x00.pem",
    "ins_test\r\nX-Injected: yes",
    "{{ 7 * 7 }}",
    "%(asctime)s %n",
    "__proto__",
    "__class__",
    "keys",
    "",
    " ins_test",
    "INS_TEST",
    "\uff49ns_test",
    "k" * 8_000,
    None,
    0,
    True,
    [KID],
    {"kid": KID},
]


@pytest.fixture
def clerk(keys: RSAKey) -> Iterator[Loopback]:
    """Return Clerk, with one key."""
    loopback = Loopback()
    loopback.respond = lambda call: answer_json(
        {"keys": [{**keys.as_dict(private=False), "kid": KID}]}
    )
    with loopback.running():
        yield loopback


@pytest.mark.parametrize("kid", KIDS, ids=lambda kid: repr(kid)[:30])
def test_a_strange_kid_finds_no_key(
    kid: Any, keys: RSAKey, forger: RSAKey, clerk: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    target = Target(keys, jwt_key=None, api_url=clerk.url)
    caplog.set_level("DEBUG", "flask_clerk")
    target.assert_signed_in(target.token())
    header = {"kid": kid}
    target.assert_refused(target.sign(target.claims(), header, forger), Reason.JWK_KID_MISMATCH)
    # Though the right key signed it: a key is had by its name or not at all.
    target.assert_refused(target.sign(target.claims(), header), Reason.JWK_KID_MISMATCH)
    assert {(call.path, *call.query) for call in clerk.calls} == {("/v1/jwks",)}
    assert len(clerk.calls) <= 2
    target.assert_signed_in(target.token())
    if isinstance(kid, str) and len(kid) > 5:
        assert kid not in caplog.text


@pytest.mark.parametrize("kid", ["/dev/null", "../../../../../../dev/null", ""])
def test_the_contents_of_a_known_file_are_no_key(kid: str, target: Target) -> None:
    header = {**SESSION_HEADER, "alg": "HS256", "kid": kid}
    text = f"{base64url(to_json(header))}.{base64url(to_json(target.claims()))}"
    forged = f"{text}.{base64url(hmac.digest(b'', text.encode(), hashlib.sha256))}"
    target.assert_refused(forged, Reason.TOKEN_INVALID_ALGORITHM)
