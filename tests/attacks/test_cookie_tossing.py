"""A sibling subdomain sets cookies for the parent domain: it spoils visits, and takes none over."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import cookies

OWN = "https://app.example.com"


@pytest.fixture
def target(keys: RSAKey) -> Target:
    return Target(keys, authorized_parties=[OWN])


def tossed_tokens(target: Target, forger: RSAKey) -> dict[str, str]:
    """Return what somebody can put into a cookie who owns a neighbouring subdomain.

    An account of his own at this instance is among it: its token names his own origin.
    """
    admin: dict[str, Any] = {"sub": "user_evil", "role": "admin"}
    newer = int(time.time()) + 3
    return {
        "garbage": "nonsense",
        "empty": "",
        "forged": target.sign(target.claims(**admin), key=forger),
        "forged-and-newer": target.sign(target.claims(**admin, iat=newer), key=forger),
        "unsigned": target.token(**admin).rpartition(".")[0] + ".",
        "other-issuer": target.sign(target.claims(**admin, iss="https://evil.example"), key=forger),
        "no-issuer": target.sign(target.claims(**admin, iss=None), key=forger),
        "own-account": target.token(**admin, azp="https://evil.example.com"),
        "own-account-without-party": target.token(**admin, azp=None),
    }


def test_no_tossed_cookie_signs_anybody_else_in(target: Target, forger: RSAKey) -> None:
    """Browsers send the cookie with the longer path first, so the tossed ones come before."""
    mine = target.token()
    honest = cookies(
        **{
            f"__session_{SUFFIX}": mine,
            "__session": mine,
            f"__client_uat_{SUFFIX}": 1,
            "__client_uat": 1,
        }
    )["Cookie"]
    target.assert_signed_in({"Cookie": honest})
    names = ("__session", f"__session_{SUFFIX}", "__clerk_handshake")
    uats = (None, "0", "1", "9999999999", "9" * 400, "nonsense")
    for token, name, uat in itertools.product(tossed_tokens(target, forger).values(), names, uats):
        tossed = cookies(**{name: token, "__client_uat": uat, f"__client_uat_{SUFFIX}": uat})
        for sent in (f"{tossed['Cookie']}; {honest}", f"{honest}; {tossed['Cookie']}"):
            assert target.get("/open", {"Cookie": sent}).text in {"user_1", "nobody"}
            assert target.get("/admin", {"Cookie": sent}).status_code in {401, 403}


def test_a_foreign_plain_session_does_not_hide_the_suffixed_one(
    target: Target, forger: RSAKey
) -> None:
    """Two instances on one parent domain share the plain names; that is what suffixes are for."""
    foreign = target.sign(
        target.claims(sub="user_2", iss="https://clerk.other.example"), key=forger
    )
    held = cookies(
        **{
            "__session": foreign,
            "__client_uat": 1,
            f"__session_{SUFFIX}": target.token(),
            f"__client_uat_{SUFFIX}": 1,
        }
    )
    target.assert_signed_in(held)


def test_a_tossed_handshake_of_another_instance_is_passed_over(
    target: Target, forger: RSAKey
) -> None:
    lines = [f"__session={target.token(sub='user_2')}; Path=/", "__client_uat=1; Path=/"]
    tossed = target.sign({"handshake": lines}, key=forger)
    mine = target.token()
    held = cookies(__clerk_handshake=tossed, __session=mine, __client_uat=1)
    target.assert_signed_in(held)
    assert "Set-Cookie" not in target.get("/open", held).headers


def test_a_tossed_redirect_count_stops_handshakes_and_signs_nobody_in(target: Target) -> None:
    for count in ("3", "999999999", "9" * 10, "-1", "1e9", "\u0663"):
        sent = cookies(__client_uat=1, __clerk_redirect_count=count)
        raw = {"HTTP_COOKIE": sent["Cookie"].encode().decode("latin-1")}
        answer = target.client.get(
            "/open",
            headers={"Accept": "text/html", "Sec-Fetch-Dest": "document"},
            environ_overrides=raw,
        )
        assert answer.text in {"nobody", ""}
        assert answer.status_code == (200 if count in {"3", "999999999"} else 307)
