"""One token in many spellings: only the canonical one is a token (RFC 7515, section 2)."""

from __future__ import annotations

import string

import pytest

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.attacks.target import session_cookies

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def padded(part: str) -> str:
    return part + "=" * (-len(part) % 4)


SPELLINGS = {
    "padded": lambda part: part + "=" * (-len(part) % 4 or 4),
    "one-equals": lambda part: f"{part}=",
    "line-break": lambda part: f"{part[:8]}\n{part[8:]}",
    "carriage-return": lambda part: f"{part[:8]}\r\n {part[8:]}",
    "space": lambda part: f"{part[:8]} {part[8:]}",
    "tab": lambda part: f"{part[:8]}\t{part[8:]}",
    "null": lambda part: f"{part[:8]}\0{part[8:]}",
    "exclamation-mark": lambda part: f"{part[:8]}!{part[8:]}",
    "standard-alphabet": lambda part: f"{part[:8]}+/{part[8:]}",
    "percent": lambda part: f"%{ord(part[0]):02x}{part[1:]}",
    "full-width": lambda part: f"{chr(ord(part[0]) + 0xFEE0)}{part[1:]}",
    "trailing-dash": lambda part: f"{part}-",
}


@pytest.mark.parametrize("which", [0, 1, 2], ids=["header", "payload", "signature"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_token_has_one_spelling(spelling: object, which: int, target: Target) -> None:
    assert callable(spelling)
    parts = target.token().split(".")
    parts[which] = spelling(parts[which])
    spelt = ".".join(parts)
    raw = spelt.encode().decode("latin-1")  # as bytes arrive in WSGI
    environ = {"HTTP_AUTHORIZATION": f"Bearer {raw}"}
    assert target.client.get("/open", environ_overrides=environ).text == "nobody"
    environ = {"HTTP_COOKIE": session_cookies(raw)["Cookie"]}
    cookie_answer = target.client.get("/open", environ_overrides=environ)
    if spelt.count("%"):
        # Cookies are percent-decoded, as npm's cookie does: this one is the token itself.
        assert cookie_answer.text == "user_1"
    else:
        assert cookie_answer.text == "nobody"


def test_bits_beyond_the_last_byte_are_no_bits(target: Target) -> None:
    """A 256-byte signature ends in a character of which only two bits are used."""
    token = target.token()
    target.assert_signed_in(token)
    last = _ALPHABET.index(token[-1])
    twins = [token[:-1] + _ALPHABET[last | stray] for stray in range(16) if _ALPHABET[last | stray]]
    assert len({twin for twin in twins if twin != token}) == 15
    for twin in twins:
        if twin != token:
            target.assert_refused(twin, Reason.TOKEN_INVALID)
