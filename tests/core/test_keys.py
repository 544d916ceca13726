"""Publishable keys, secret keys and PEM texts: what they say, and what is refused unshown."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from flask_clerk.core.errors import ConfigurationError
from flask_clerk.core.keys import PublishableKey
from flask_clerk.core.keys import SecretKey
from flask_clerk.core.keys import import_public_key

SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PKCS1 = serialization.PublicFormat.PKCS1


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("value", "host", "is_development"),
    [
        ("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", "clerk.example.com", True),
        ("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "clerk.example.com", False),
        ("pk_test_" + encoded("localhost:5001$"), "localhost:5001", True),
        ("pk_test_" + encoded("a.b-c.lcl.dev$"), "a.b-c.lcl.dev", True),
        ("pk_test_" + base64.b64encode(b"clerk.example.co$").decode(), "clerk.example.co", True),
    ],
)
def test_a_publishable_key_names_the_frontend_api(
    value: str, host: str, is_development: bool
) -> None:
    key = PublishableKey.parse(value)
    assert (key.value, key.frontend_api, key.is_development) == (value, host, is_development)


@pytest.mark.parametrize(
    ("value", "suffix"),
    [
        ("pk_test_Zm9vLWJhci0xMy5jbGVyay5hY2NvdW50cy5kZXYk", "nx2hSE6I"),
        ("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "naoXFJnI"),
    ],
)
def test_the_cookie_suffix_is_the_one_that_clerks_sdk_uses(value: str, suffix: str) -> None:
    assert PublishableKey.parse(value).cookie_suffix == suffix


def test_a_built_key_is_the_one_that_is_parsed() -> None:
    key = PublishableKey.build("localhost:5001")
    assert key == PublishableKey.parse(key.value)
    assert key.is_development
    assert not PublishableKey.build("clerk.example.com", "production").is_development


BAD_PUBLISHABLE_KEYS = [
    pytest.param("", "pk_test_ or pk_live_", id="empty"),
    pytest.param("sk_test_verysecret", "this one is a secret key", id="secret-key"),
    pytest.param("ak_verysecret", "this one is an API key", id="api-key"),
    pytest.param("whsec_verysecret", "this one is a webhook signing key", id="signing-secret"),
    pytest.param("pk_prod_verysecret", "this one is a publishable key", id="other-environment"),
    pytest.param("verysecret", "this value does not", id="anything"),
    pytest.param("pk_test_", "names no Frontend API", id="nothing-behind"),
    pytest.param("pk_test_verysecret!", "cannot be decoded", id="no-base64"),
    pytest.param("pk_test_verysecretü", "cannot be decoded", id="non-ascii"),
    pytest.param("pk_test_A", "cannot be decoded", id="impossible-length"),
    pytest.param("pk_test_" + encoded("verysecret.com"), "no Frontend API", id="no-dollar"),
    pytest.param("pk_test_" + encoded("verysecret$x"), "no Frontend API", id="more-behind"),
    pytest.param("pk_test_" + encoded("a.com$$"), "no Frontend API", id="two-dollars"),
    pytest.param("pk_test_" + encoded("$"), "no Frontend API", id="no-host"),
    pytest.param("pk_test_" + encoded("a@evil.com$"), "no Frontend API", id="user-information"),
    pytest.param("pk_test_" + encoded("a.com/x$"), "no Frontend API", id="path"),
    pytest.param("pk_test_" + encoded("https://a.com$"), "no Frontend API", id="scheme"),
    pytest.param("pk_test_" + encoded("a.com:x$"), "no Frontend API", id="port-of-letters"),
    pytest.param("pk_test_" + encoded("a.com\n$"), "no Frontend API", id="line-break"),
    pytest.param("pk_test_" + encoded("clerk.exämple.com$"), "cannot be decoded", id="umlaut"),
]


@pytest.mark.parametrize(("value", "words"), BAD_PUBLISHABLE_KEYS)
def test_a_bad_publishable_key_is_refused_and_never_shown(value: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        PublishableKey.parse(value)
    assert words in refused.value.message
    assert "CLERK_PUBLISHABLE_KEY" in refused.value.message
    assert "verysecret" not in str(refused.value) + repr(refused.value)


@pytest.mark.parametrize("value", ["sk_test_x", "sk_live_x", "sk_test_", "sk_live_A-b_c.d"])
def test_a_secret_key_is_hidden_from_every_repr(value: str) -> None:
    key = SecretKey.parse(value)
    assert key.value == value
    assert key.is_development == value.startswith("sk_test_")
    assert repr(key) == str(key) == "SecretKey()"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((value, "CLERK_SECRET_KEY begins with sk_test_") for value in (
            "pk_test_verysecret", "verysecret", "sk_verysecret", "SK_TEST_verysecret",
        )),
        *((value, "CLERK_SECRET_KEY has a character that no key has") for value in (
            "sk_test_verysecret\n", "sk_test_verysecretü", "sk_test_very\x00secret", "sk_test_a b",
        )),
    ],
)  # fmt: skip
def test_a_bad_secret_key_is_refused_and_never_shown(value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        SecretKey.parse(value)
    assert "secret\n" not in repr(refused.value)
    assert "verysecret" not in repr(refused.value)


def test_a_machine_key_begins_with_ak() -> None:
    assert SecretKey.parse("ak_x", "CLERK_MACHINE_SECRET_KEY", "ak").value == "ak_x"
    with pytest.raises(ConfigurationError, match="CLERK_MACHINE_SECRET_KEY begins with ak_;"):
        SecretKey.parse("sk_test_x", "CLERK_MACHINE_SECRET_KEY", "ak")


def without_header_lines(pem: str) -> str:
    return "\n".join(line for line in pem.splitlines() if "-----" not in line)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as-it-is": lambda pem: pem,
    "literal-line-breaks": lambda pem: pem.replace("\n", "\\n"),
    "literal-windows-line-breaks": lambda pem: pem.replace("\n", "\\r\\n"),
    "windows-line-breaks": lambda pem: pem.replace("\n", "\r\n"),
    "on-one-line": lambda pem: pem.replace("\n", ""),
    "with-spaces-for-line-breaks": lambda pem: pem.replace("\n", " "),
    "without-header-lines": without_header_lines,
    "without-header-lines-on-one-line": lambda pem: without_header_lines(pem).replace("\n", ""),
    "in-quotes": lambda pem: f'"{pem.strip()}"',
    "indented": lambda pem: pem.replace("\n", "\n    "),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_pem_key_is_read_however_it_was_pasted(
    spelling: str, public_pem: str, keys: RSAKey
) -> None:
    found = import_public_key(SPELLINGS[spelling](public_pem))
    assert found.public_key.public_numbers() == keys.public_key.public_numbers()
    assert not found.is_private


def test_a_pkcs1_public_key_is_read_too(keys: RSAKey) -> None:
    pem = keys.public_key.public_bytes(serialization.Encoding.PEM, PKCS1).decode()
    assert "BEGIN RSA PUBLIC KEY" in pem
    found = import_public_key(pem)
    assert found.public_key.public_numbers() == keys.public_key.public_numbers()


def pem_of(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, SPKI).decode()


def test_a_private_key_is_refused_and_never_shown(keys: RSAKey) -> None:
    pem = keys.as_pem(private=True).decode()
    with pytest.raises(ConfigurationError, match="holds a private key") as refused:
        import_public_key(pem)
    assert pem.splitlines()[1] not in repr(refused.value)


def test_a_private_key_without_header_lines_is_none_either(keys: RSAKey) -> None:
    body = without_header_lines(keys.as_pem(private=True).decode())
    with pytest.raises(ConfigurationError) as refused:
        import_public_key(body)
    assert body.splitlines()[0] not in repr(refused.value)


NO_KEYS = [
    pytest.param("verysecret", id="anything"),
    pytest.param("sk_test_verysecret", id="secret-key"),
    pytest.param("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", id="no-body"),
    pytest.param("-----BEGIN PUBLIC KEY-----\nverysecret\n-----END PUBLIC KEY-----", id="no-key"),
    pytest.param('{"kty":"RSA","n":"verysecret","e":"AQAB"}', id="jwk"),
    pytest.param("verysecretключ", id="cyrillic"),
    pytest.param("verysecret\ud800", id="lone-surrogate"),
    pytest.param("\x00", id="nul"),
    pytest.param(" ", id="blank"),
    pytest.param(pem_of(ec.generate_private_key(ec.SECP256R1()).public_key()), id="elliptic-curve"),
]


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_rsa_public_key_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(
        ConfigurationError, match="CLERK_JWT_KEY is not a PEM public key"
    ) as refused:
        import_public_key(text)
    error: BaseException | None = refused.value
    while error is not None:
        assert "verysecret" not in repr(error)
        error = error.__cause__


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_key_too_short_for_rs256_is_refused_whether_warnings_are_errors_or_not(
    action: str,
) -> None:
    pem = pem_of(rsa.generate_private_key(65537, 1024).public_key())
    with warnings.catch_warnings():
        warnings.simplefilter("error" if action == "error" else "ignore", SecurityWarning)
        with pytest.raises(ConfigurationError, match="2048 bits"):
            import_public_key(pem)
