"""What was decided for one request is served to another: poisoned memories and poisoned caches.

An app that has seen everything must answer each request as one that has seen nothing.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import g
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from flask_clerk.core.instance import Instance
from flask_clerk.extension import connect
from flask_clerk.globals import clerk_of
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import cookies
from tests.attacks.target import session_cookies
from tests.signing import MovableClock
from tests.visitors import bearer

Request = dict[str, Any]


def organization_settings() -> dict[str, Any]:
    return {
        "organization_patterns": ["/orgs/<slug>"],
        "authorized_parties": ["https://app.example.com"],
    }


def make(keys: RSAKey) -> Target:
    target = Target(keys, **organization_settings())
    target.app.add_url_rule("/orgs/<slug>", "org", lambda slug: g.auth.user_id or "nobody")
    return target


def variants(target: Target, forger: RSAKey) -> dict[str, Request]:
    """Return requests of which each differs from another in one string only."""
    now = int(time.time())
    mine, other = target.token(), target.token(sub="user_2")
    head, _, signature = mine.rpartition(".")
    held = session_cookies(mine)
    navigating = {**held, **NAVIGATION}
    return {
        "nobody": {},
        "bearer": {"headers": bearer(mine)},
        "bearer-of-another": {"headers": bearer(other)},
        "bearer-with-another-signature": {"headers": bearer(f"{head}.{signature[::-1]}")},
        "bearer-unsigned": {"headers": bearer(f"{head}.")},
        "bearer-longer": {"headers": bearer(f"{mine}A")},
        "bearer-twice": {"headers": {"Authorization": f"Bearer {mine} {mine}"}},
        "scheme-in-lower-case": {"headers": {"Authorization": f"bearer {mine}"}},
        "basic": {"headers": {"Authorization": f"Basic {mine}"}},
        "basic-with-cookie": {"headers": {**held, "Authorization": f"Basic {mine}"}},
        "bare": {"headers": {"Authorization": mine}},
        "bearer-and-anothers-cookie": {"headers": {**bearer(mine), **session_cookies(other)}},
        "cookie": {"headers": held},
        "cookie-of-another": {"headers": session_cookies(other)},
        "cookie-forged": {"headers": session_cookies(target.sign(target.claims(), key=forger))},
        "cookie-without-uat": {"headers": cookies(__session=mine)},
        "cookie-plain-only": {"headers": cookies(__session=mine, __client_uat=1)},
        "cookie-signed-out-since": {"headers": session_cookies(mine, now + 30)},
        "cookie-signed-out": {"headers": session_cookies(mine, 0)},
        "cookie-with-anothers-suffix": {
            "headers": {"Cookie": held["Cookie"].replace(SUFFIX, "AAAAAAAA")}
        },
        "cookie-with-handshake": {
            "headers": {"Cookie": f"{held['Cookie']}; __clerk_handshake=nonsense"}
        },
        "cookie-with-good-handshake": {
            "headers": {
                "Cookie": f"{held['Cookie']}; __clerk_handshake="
                + target.sign({"handshake": [f"__session={other}; Path=/"]})
            }
        },
        "cookie-in-other-order": {
            "headers": {"Cookie": "; ".join(reversed(held["Cookie"].split("; ")))}
        },
        "cookie-behind-another": {
            "headers": {"Cookie": f"{session_cookies(other)['Cookie']}; {held['Cookie']}"}
        },
        "cookie-quoted": {"headers": cookies(__session=f'"{mine}"', __client_uat=1)},
        "navigation": {"headers": navigating},
        "navigation-in-a-frame": {"headers": {**held, "Sec-Fetch-Dest": "iframe"}},
        "navigation-signed-out-since": {
            "headers": {**session_cookies(mine, now + 30), **NAVIGATION}
        },
        "navigation-looping": {
            "headers": {
                **NAVIGATION,
                "Cookie": session_cookies(mine, now + 30)["Cookie"] + "; __clerk_redirect_count=3",
            }
        },
        "navigation-from-elsewhere": {
            "headers": {**navigating, "Referer": "https://evil.example/"}
        },
        "navigation-from-here": {"headers": {**navigating, "Referer": "http://localhost/x"}},
        "navigation-by-post": {"headers": navigating, "method": "POST"},
        "navigation-to-another-host": {
            "headers": {**navigating, "Host": "other.example", "Referer": "http://localhost/x"}
        },
        "navigation-over-https": {
            "headers": {**navigating, "Referer": "http://localhost/x"},
            "base_url": "https://localhost",
        },
        "organization": {"headers": navigating, "path": "/orgs/acme"},
        "organization-of-another": {"headers": navigating, "path": "/orgs/other"},
        "organization-by-post": {"headers": held, "path": "/orgs/acme", "method": "POST"},
        "parameter-handshake": {"headers": held, "query_string": "__clerk_handshake=nonsense"},
        "parameter-other": {"headers": navigating, "query_string": "__clerk_help=1"},
        "expired": {"headers": bearer(target.token(exp=now - 30))},
        "expired-navigation": {
            "headers": {**session_cookies(target.token(exp=now - 30)), **NAVIGATION}
        },
        "other-party": {"headers": bearer(target.token(azp="https://evil.example"))},
        "pending": {"headers": bearer(target.token(sts="pending"))},
    }


def ask(target: Target, request: Request) -> TestResponse:
    return target.client.open(**{"path": "/open", "method": "GET", **request})


def judged(answer: TestResponse) -> dict[str, Any]:
    """Return all of an answer that tells how the request was judged."""
    seen = dict(answer.headers)
    seen["Set-Cookie"] = "|".join(answer.headers.getlist("Set-Cookie"))
    return {"status": answer.status_code, "text": answer.text, **seen}


def test_no_two_requests_share_an_answer_whatever_was_seen_before(
    keys: RSAKey, forger: RSAKey
) -> None:
    warm = make(keys)
    asked = variants(warm, forger)
    alone = {name: judged(ask(make(keys), request)) for name, request in asked.items()}
    assert {answer["text"] for answer in alone.values()} >= {"user_1", "user_2", "nobody", ""}
    for first, second in itertools.product(asked, repeat=2):
        ask(warm, asked[first])
        assert judged(ask(warm, asked[second])) == alone[second], (first, second)


def test_a_memory_of_no_size_and_of_size_one_answer_alike(keys: RSAKey, forger: RSAKey) -> None:
    alone = make(keys)
    asked = variants(alone, forger)
    for size in (0, 1, 3):
        small = Target(keys, token_cache_size=size, **organization_settings())
        for name in asked:
            if name.startswith("organization"):
                continue
            for _ in range(2):
                assert judged(ask(small, asked[name])) == judged(ask(make(keys), asked[name]))


@pytest.mark.parametrize("held", ["bearer", "cookie"])
def test_what_is_remembered_ends_with_the_token(held: str, keys: RSAKey) -> None:
    target = Target(keys)
    clock = MovableClock(time.time())
    app_clerk = clerk_of(target.app)
    app_clerk.instance = Instance(app_clerk.instance.config, connect, clock=clock)
    token = target.token(exp=int(clock.now) + 60)
    sent = bearer(token) if held == "bearer" else session_cookies(token)
    for _ in range(3):
        target.assert_signed_in(sent)
    clock.advance(66)
    target.assert_refused(sent)
    clock.advance(-66)
    target.assert_signed_in(sent)
    clock.advance(-30)
    target.assert_refused(sent)
    clock.advance(30)
    target.assert_signed_in(sent)


def test_a_shared_cache_can_keep_no_answer_that_names_somebody(target: Target) -> None:
    for sent in (bearer(target.token()), session_cookies(target.token())):
        answer = target.get("/open", sent)
        assert answer.text == "user_1"
        assert "private" in answer.headers["Cache-Control"]
        assert {"Cookie", "Authorization"} <= set(answer.vary)
    refused = target.get("/page")
    assert "private" in refused.headers["Cache-Control"]


def test_threads_that_share_a_token_and_those_that_forge_it_get_their_own_answers(
    target: Target, forger: RSAKey
) -> None:
    mine, other = target.token(), target.token(sub="user_2")
    forged = target.sign(target.claims(sub="user_2"), key=forger)
    asked = [
        (bearer(mine), "user_1"),
        (session_cookies(mine), "user_1"),
        (bearer(other), "user_2"),
        (session_cookies(other), "user_2"),
        (bearer(forged), "nobody"),
        ({}, "nobody"),
        (session_cookies(mine, 0), "nobody"),
        (session_cookies(forged), "nobody"),
    ]
    start = threading.Barrier(16)
    wrong: list[str] = []

    def visit(sent: dict[str, str], expected: str) -> None:
        start.wait(timeout=60)
        for _ in range(25):
            if target.get("/open", sent).text != expected:
                wrong.append(expected)

    run([functools.partial(visit, *one) for one in asked * 2])
    assert wrong == []


def test_what_one_thread_does_to_its_claims_no_other_sees(target: Target) -> None:
    """A remembered object is shared: it must not be possible to promote oneself in it."""

    def promote() -> str:
        attempts: list[Callable[[], Any]] = [
            lambda: g.auth.session_claims.update(role="admin"),
            lambda: g.auth.session_claims.__setitem__("role", "admin"),
            lambda: g.auth.session_claims["o"].update(rol="admin"),
            lambda: g.auth.session_claims["list"].append("admin"),
            lambda: setattr(g.auth, "org_role", "org:admin"),
            lambda: g.auth.org_permissions.append("org:all:all"),
            lambda: g.auth.session_claims.setdefault("role", "admin"),
        ]
        refused = 0
        for attempt in attempts:
            try:
                attempt()
            except (TypeError, AttributeError):
                refused += 1
        return f"{refused} of {len(attempts)}"

    target.app.add_url_rule("/promote", "promote", promote)
    token = target.token(o={"id": "org_1", "rol": "member", "per": "", "fpm": ""}, list=["member"])
    assert target.get("/promote", bearer(token)).text == "7 of 7"
    assert target.get("/admin", bearer(token)).status_code == 403


def run(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
