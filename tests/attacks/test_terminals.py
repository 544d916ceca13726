"""Texts of strangers on a developer's terminal: escape sequences, letters that turn lines round."""

from __future__ import annotations

import time

import pytest
from joserfc.jwk import RSAKey

from flask_clerk.cli import clerk
from tests.attacks.target import Target
from tests.signing import session_claims

EVIL = [
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b2J",
    "\r\x1b[2Kok",
    "\x08\x08\x08",
    "\u202egnp.exe",
    "\u2066\u2069",
    "line\nSIGNATURE ok",
    "\u2028ok",
    "\U000e0041\U000e007f",
]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_token_that_is_explained_moves_no_cursor(
    evil: str, options: list[str], keys: RSAKey, forger: RSAKey
) -> None:
    target = Target(keys)
    claims = session_claims(time.time(), iss=evil, sid=evil, **{evil: evil})
    token = target.sign(claims, {"kid": evil}, forger)
    done = target.app.test_cli_runner().invoke(
        clerk, ["explain", *options, "-"], input=token, color=True
    )
    assert done.exit_code == 0, done.output
    assert "UNVERIFIED" in done.output or options
    for line in done.output.split("\n"):
        assert all(part.isprintable() for part in line.split("\x1b[") if part)
    assert "\nSIGNATURE ok" not in done.output
