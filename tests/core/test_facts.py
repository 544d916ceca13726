"""The facts hold every text that a remembered decision reads, and what says nothing is left out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from flask_clerk.core.constants import Cookies
from flask_clerk.core.constants import Parameters
from flask_clerk.core.facts import NOTHING
from flask_clerk.core.facts import Key
from flask_clerk.core.facts import facts_of

PLACE = ("https", "app.example.com")
SESSION = "__session=token; __client_uat=5"
USUAL: dict[str, Any] = {
    "method": "GET",
    "query": "",
    "authorization": None,
    "accepts": ("session_token",),
    "cookies": SESSION,
    "destination": "document",
    "referrer": "https://app.example.com/page",
    "place": PLACE,
}


def facts(**changed: Any) -> Key | None:
    """Return the key of the facts."""
    found = facts_of(**{**USUAL, **changed})
    return None if found is None else found[0]


DECISIVE = {
    "another token": {"cookies": "__session=other; __client_uat=5"},
    "another time of sign-in": {"cookies": "__session=token; __client_uat=6"},
    "another order of cookies": {"cookies": "__client_uat=5; __session=token"},
    "a cookie twice": {"cookies": f"{SESSION}; __session=other"},
    "a suffixed cookie": {"cookies": f"{SESSION}; __session_abcdefgh=other"},
    "a development browser": {"cookies": f"{SESSION}; __clerk_db_jwt=dvb"},
    "a handshake": {"cookies": f"{SESSION}; __clerk_handshake=x"},
    "a nonce": {"cookies": f"{SESSION}; __clerk_handshake_nonce=x"},
    "a count of redirects": {"cookies": f"{SESSION}; __clerk_redirect_count=1"},
    "a refresh token": {"cookies": f"{SESSION}; __refresh_abcdefgh=x"},
    "no cookies": {"cookies": None},
    "a token in the header": {"authorization": "Bearer token"},
    "another scheme": {"authorization": "Basic token"},
    "no document": {"destination": "empty"},
    "no destination": {"destination": None},
    "another method": {"method": "POST"},
    "another origin": {"referrer": "https://elsewhere.example/page"},
    "another scheme of the referrer": {"referrer": "http://app.example.com/page"},
    "another port of the referrer": {"referrer": "https://app.example.com:8443/page"},
    "no referrer": {"referrer": None},
    "another host": {"place": ("https", "other.example.com")},
    "other accepted types": {"accepts": ("session_token", "api_key")},
    "an organization to activate": {"activation": ("/orgs/acme", "text/html")},
}


@pytest.mark.parametrize("changed", DECISIVE.values(), ids=DECISIVE.keys())
def test_what_a_decision_reads_makes_other_facts(changed: dict[str, Any]) -> None:
    assert facts(**changed) != facts()


INDIFFERENT = {
    "another page before": {"referrer": "https://app.example.com/another?page=1#x"},
    "a query without Clerk's parameters": {"query": "q=a%20b&page=2&x=%ff%"},
}


@pytest.mark.parametrize("changed", INDIFFERENT.values(), ids=INDIFFERENT.keys())
def test_what_no_decision_reads_makes_the_same_facts(changed: dict[str, Any]) -> None:
    assert facts(**changed) == facts()


def test_where_paths_are_read_all_is_that_a_navigation_is_known_by() -> None:
    usual = {"activation": ("/orgs/acme", "text/html"), "destination": "iframe"}
    others: list[dict[str, Any]] = [
        {"activation": ("/orgs/acme", "*/*")},
        {"activation": ("/orgs/beta", "text/html")},
        {"destination": "empty"},
        {"method": "POST"},
    ]
    assert all(facts(**{**usual, **other}) != facts(**usual) for other in others)


def test_where_no_document_comes_from_is_not_read() -> None:
    script = {"destination": "empty"}
    assert facts(**script, referrer="https://elsewhere.example/") == facts(**script)
    assert facts(**script, place=("http", "other.example")) == facts(**script)


def test_visitors_who_carry_nothing_differ_by_the_kind_of_request_alone() -> None:
    cookies = (None, "", "_ga=GA1.1.1; theme=dark", "a=_b_", "session=eyJfcGVybWFuZW50Ijp0cnVlfQ")
    headers = ("https://evil.example/", None)
    paths = (None, ("/orgs/acme", "text/html"), ("/orgs/beta", None))
    found = {
        facts(cookies=c, referrer=r, activation=a) for c in cookies for r in headers for a in paths
    }
    assert len(found) == 1
    (only,) = found
    assert only is not None
    assert facts(cookies=None, destination="empty") != only


READ_PARAMETERS = (
    Parameters.DEV_BROWSER,
    Parameters.HANDSHAKE,
    Parameters.HANDSHAKE_NONCE,
    Parameters.SYNCED,
    Parameters.SATELLITE_REDIRECT_URL,
)


@pytest.mark.parametrize("name", READ_PARAMETERS)
def test_a_query_that_may_name_clerks_parameters_is_decided_about_each_time(name: str) -> None:
    escaped = "".join(f"%{ord(letter):02x}" for letter in name)
    shouted = "".join(f"%{ord(letter):02X}" for letter in name)
    for spelling in (name, escaped, shouted, name.replace("c", "%63"), quote(name[:-1]) + name[-1]):
        for query in (f"{spelling}=x", f"a=1&{spelling}", f"a=%ff&{spelling}=%ff"):
            assert facts(query=query) is None
    assert facts(query=f"{name[2:]}=x") is not None


def test_every_cookie_of_clerks_has_the_mark_by_which_it_is_found() -> None:
    names = [value for name, value in vars(Cookies).items() if name.isupper()]
    assert len(names) >= 7
    for name in names:
        assert facts(cookies=f"a=b; {name}=x") != facts(cookies="a=b")


@pytest.mark.parametrize(
    ("authorization", "cookies", "carried"),
    [
        (None, None, NOTHING),
        (None, "theme=dark", NOTHING),
        ("", None, ("", None)),
        ("Bearer token", "theme=dark", ("Bearer token", None)),
        (None, SESSION, (None, SESSION)),
    ],
)
def test_texts_that_say_nothing_are_left_out(
    authorization: str | None, cookies: str | None, carried: tuple[str | None, str | None]
) -> None:
    found = facts_of(**{**USUAL, "authorization": authorization, "cookies": cookies})
    assert found is not None
    (key, texts) = found
    assert texts == carried
    assert (key[0] is None) is (carried == NOTHING)


def test_a_key_holds_none_of_the_texts() -> None:
    key = repr(facts(authorization="Bearer secret", cookies="__session=secret"))
    assert "secret" not in key
