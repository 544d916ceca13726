"""Headers by which proxies and middlewares talk to one another, sent by the visitor himself."""

from __future__ import annotations

import pytest

from flask_clerk.core.constants import Reason
from tests.attacks.target import NAVIGATION
from tests.attacks.target import Target
from tests.visitors import bearer

FORGED = {
    "X-Clerk-Auth-Status": "signed-in",
    "X-Clerk-Auth-Token": "{token}",
    "X-Clerk-Auth-Signature": "0" * 40,
    "X-Clerk-Auth-Reason": "",
    "X-Clerk-Auth-Message": "",
    "X-Clerk-Clerk-Url": "http://localhost/open",
    "X-Clerk-Request-Data": "e30=",
    "X-Middleware-Subrequest": "middleware",
    "X-Middleware-Rewrite": "/open",
    "X-Original-Url": "/open",
    "X-Rewrite-Url": "/open",
    "X-Forwarded-User": "user_1",
    "X-Authenticated-User": "user_1",
    "X-Remote-User": "user_1",
    "Remote-User": "user_1",
    "X-Forwarded-Access-Token": "{token}",
    "X-Authorization": "Bearer {token}",
    "Proxy-Authorization": "Bearer {token}",
    "X-Forwarded-Authorization": "Bearer {token}",
    "Cookie2": "__session={token}; __client_uat=1",
    "Session": "{token}",
}


@pytest.mark.parametrize("name", FORGED)
def test_nobody_is_signed_in_by_a_header_that_is_not_ours(name: str, target: Target) -> None:
    value = FORGED[name].format(token=target.token())
    target.assert_refused({name: value}, Reason.SESSION_TOKEN_AND_UAT_MISSING)


def test_nor_by_all_of_them_together(target: Target) -> None:
    token = target.token()
    sent = {name: value.format(token=token) for name, value in FORGED.items()}
    target.assert_refused(sent, Reason.SESSION_TOKEN_AND_UAT_MISSING)
    target.assert_signed_in({**sent, **bearer(token)})


def test_underscores_of_wsgi_make_no_header(target: Target) -> None:
    """``HTTP_AUTHORIZATION`` as a header's name is one that servers drop or keep apart."""
    sent = {"HTTP_AUTHORIZATION": f"Bearer {target.token()}", "HTTP-COOKIE": "__session=x"}
    target.assert_refused(sent, Reason.SESSION_TOKEN_AND_UAT_MISSING)


FORWARDED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Host": "evil.example",
    "Forwarded": "host=evil.example;proto=https",
    "X-Original-Host": "evil.example",
    "X-Real-Host": "evil.example",
}


def test_no_proxy_is_believed_that_the_app_does_not_know(target: Target) -> None:
    """The way back would lead elsewhere, with the visitor's fresh session."""
    sent = {**NAVIGATION, "Cookie": "__client_uat=1"}
    honest = target.get("/page", sent)
    assert honest.status_code == 307
    forged = target.get("/page", {**sent, **FORWARDED})
    assert forged.headers["Location"] == honest.headers["Location"]
    assert "evil" not in str(forged.headers)
