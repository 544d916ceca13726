"""Signatures stripped, borrowed, stretched, and rewritten into others that mean the same."""

from __future__ import annotations

import itertools
from base64 import urlsafe_b64decode
from collections.abc import Callable

import pytest

from flask_clerk.core.constants import Reason
from tests.attacks.target import Target
from tests.signing import base64url

Change = Callable[[bytes, int], bytes]


def _plus_modulus(signature: bytes, modulus: int) -> bytes:
    number = int.from_bytes(signature, "big") + modulus
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


#: RSA reads a signature as a number, and numbers have many spellings.
CHANGES: dict[str, Change] = {
    "stripped": lambda signature, modulus: b"",
    "one-byte": lambda signature, modulus: signature[:1],
    "last-byte-gone": lambda signature, modulus: signature[:-1],
    "first-byte-gone": lambda signature, modulus: signature[1:],
    "leading-zero": lambda signature, modulus: b"\0" + signature,
    "many-leading-zeros": lambda signature, modulus: b"\0" * 256 + signature,
    "trailing-zero": lambda signature, modulus: signature + b"\0",
    "plus-modulus": _plus_modulus,
    "negated": lambda signature, modulus: (modulus - int.from_bytes(signature, "big")).to_bytes(
        256, "big"
    ),
    "twice": lambda signature, modulus: signature * 2,
    "reversed": lambda signature, modulus: signature[::-1],
    "zero": lambda signature, modulus: b"\0" * 256,
    "one": lambda signature, modulus: b"\0" * 255 + b"\1",
    "modulus": lambda signature, modulus: modulus.to_bytes(256, "big"),
    "all-ones": lambda signature, modulus: b"\xff" * 256,
    "first-bit": lambda signature, modulus: bytes([signature[0] ^ 128]) + signature[1:],
    "last-bit": lambda signature, modulus: signature[:-1] + bytes([signature[-1] ^ 1]),
    "ten-kilobytes": lambda signature, modulus: signature * 40,
}


def modulus_of(target: Target) -> int:
    return target.key.public_key.public_numbers().n


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_signature_has_one_spelling(change: Change, target: Target) -> None:
    token = target.token()
    text, _, signature = token.rpartition(".")
    changed = change(urlsafe_b64decode(signature + "=="), modulus_of(target))
    target.assert_refused(f"{text}.{base64url(changed)}", Reason.TOKEN_INVALID_SIGNATURE)
    target.assert_signed_in(token)


def test_the_signature_of_one_token_serves_no_other(target: Target) -> None:
    tokens = [target.token().split("."), target.token(sub="user_2", role="admin").split(".")]
    honest = {".".join(parts) for parts in tokens}
    for header, payload, signature in itertools.product(*zip(*tokens, strict=True)):
        token = f"{header}.{payload}.{signature}"
        if token not in honest:
            target.assert_refused(token, Reason.TOKEN_INVALID_SIGNATURE)
    target.assert_signed_in(".".join(tokens[1]), "user_2")


def test_no_character_of_a_token_can_be_changed(target: Target) -> None:
    """One character in seven, and none of those of the signature's last, which has its own test."""
    token = target.token()
    target.assert_signed_in(token)  # so that an answer could be remembered, and must not be
    for position in range(0, len(token) - 1, 7):
        if token[position] == ".":
            continue
        other = "A" if token[position] != "A" else "B"
        changed = f"{token[:position]}{other}{token[position + 1 :]}"
        assert target.get("/open", {"Authorization": f"Bearer {changed}"}).text == "nobody"
