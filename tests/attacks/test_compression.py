"""Small things that unpack into large ones: bodies, tokens, and answers of the Backend API."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.loopback import Answer
from tests.loopback import Loopback
from tests.signing import KID
from tests.signing import base64url
from tests.signing import to_json

MEGABYTE = 1024 * 1024


@pytest.fixture
def clerk() -> Iterator[Loopback]:
    with Loopback().running() as loopback:
        yield loopback


def test_a_compressed_encrypted_token_is_not_unpacked(target: Target) -> None:
    """A JWE has five parts, and its ``zip`` may stand for gigabytes (RFC 7516, section 4.1.3)."""
    header = base64url(to_json({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}))
    body = base64url(zlib.compress(b"\0" * 10 * MEGABYTE, 9)[:9_000])
    target.assert_refused(f"{header}..AAAAAAAAAAAAAAAA.{body}.AAAA", Reason.TOKEN_INVALID)


def test_a_signed_token_that_says_it_is_compressed_is_read_as_it_stands(target: Target) -> None:
    packed = zlib.compress(to_json(target.claims()), 9)[2:-4]
    target.assert_refused(target.sign(packed, {"zip": "DEF"}), Reason.TOKEN_INVALID)
    target.assert_signed_in(target.token({"zip": "DEF"}))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_an_answer_that_unpacks_into_a_gigabyte_is_not_unpacked(
    encoding: str, keys: RSAKey, clerk: Loopback
) -> None:
    piece = b" " * MEGABYTE
    pack = zlib.compressobj(9, zlib.DEFLATED, 31 if "gzip" in encoding else 15)
    body = b"".join(pack.compress(piece) for _ in range(512)) + pack.flush()
    if encoding == "gzip, gzip":
        body = gzip.compress(body)
    assert len(body) < MEGABYTE
    clerk.respond = lambda call: Answer(200, body, {"Content-Encoding": encoding})
    target = Target(keys, jwt_key=None, api_url=clerk.url)
    token = target.token()
    tracemalloc.start()
    try:
        target.assert_refused(token, Reason.JWK_FAILED_TO_LOAD)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MEGABYTE


def test_an_honest_compressed_answer_is_read(keys: RSAKey, clerk: Loopback) -> None:
    body = gzip.compress(to_json({"keys": [{**keys.as_dict(private=False), "kid": KID}]}))
    clerk.respond = lambda call: Answer(200, body, {"Content-Encoding": "gzip"})
    target = Target(keys, jwt_key=None, api_url=clerk.url)
    target.assert_signed_in(target.token())
