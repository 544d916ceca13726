"""The token brings its own key along, or says where to fetch it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.loopback import Answer
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID


@pytest.fixture
def lair(forger: RSAKey) -> Iterator[Loopback]:
    """Return the attacker's server, which hands out his key under every address."""
    key = {**forger.as_dict(private=False), "kid": KID, "alg": "RS256", "use": "sig"}
    loopback = Loopback()
    loopback.respond = lambda call: (
        Answer(200, forger.as_pem(private=False))
        if call.path.endswith(".pem")
        else answer_json({"keys": [key]})
    )
    with loopback.running():
        yield loopback


def brought(parameter: str, forger: RSAKey, lair: Loopback) -> dict[str, Any]:
    der = base64.b64encode(forger.as_der(private=False)).decode()
    parameters: dict[str, dict[str, Any]] = {
        "jwk": {"jwk": {**forger.as_dict(private=False), "kid": KID}},
        "jwk-private": {"jwk": {**forger.as_dict(private=True), "kid": KID}},
        "jku": {"jku": f"{lair.url}/jwks.json"},
        "x5u": {"x5u": f"{lair.url}/chain.pem"},
        "x5c": {"x5c": [der], "x5t": "AAAA", "x5t#S256": "AAAA"},
        "iss": {"iss": lair.url},
        "kid": {"kid": f"{lair.url}/jwks.json"},
        "everything": {
            "jwk": forger.as_dict(private=False),
            "jku": f"{lair.url}/jwks.json",
            "x5u": f"{lair.url}/chain.pem",
            "x5c": [der],
        },
    }
    return parameters[parameter]


PARAMETERS = ["jwk", "jwk-private", "jku", "x5u", "x5c", "iss", "kid", "everything"]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_key_that_the_token_brings_along_is_not_used_and_not_fetched(
    parameter: str, target: Target, forger: RSAKey, lair: Loopback
) -> None:
    header = brought(parameter, forger, lair)
    claims = target.claims(iss=lair.url)
    target.assert_refused(target.sign(claims, header, forger), Reason.TOKEN_INVALID_SIGNATURE)
    target.assert_signed_in(target.sign(claims, header))
    assert lair.calls == []


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_nor_is_it_where_keys_are_fetched_from_clerk(
    parameter: str, keys: RSAKey, forger: RSAKey, lair: Loopback
) -> None:
    clerk = Loopback()
    own = {**keys.as_dict(private=False), "kid": KID}
    clerk.respond = lambda call: answer_json({"keys": [own]})
    with clerk.running():
        target = Target(keys, jwt_key=None, api_url=clerk.url)
        target.assert_signed_in(target.token())
        header = brought(parameter, forger, lair)
        forged = target.sign(target.claims(iss=lair.url), header, forger)
        target.assert_refused(forged, Reason.TOKEN_INVALID_SIGNATURE, Reason.JWK_KID_MISMATCH)
        assert {call.path for call in clerk.calls} == {"/v1/jwks"}
    assert lair.calls == []
