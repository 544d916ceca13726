"""Every place that sends a browser on, and every target that should not be reached from it."""

from __future__ import annotations

from urllib.parse import parse_qs
from urllib.parse import quote
from urllib.parse import urlsplit

import pytest
from flask import g
from flask import render_template_string
from flask import request
from joserfc.jwk import RSAKey

from tests.attacks.target import Target

EVIL = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "HtTpS://evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "https://localhost@evil.example",
    "https://localhost:80@evil.example",
    "http://localhost.evil.example",
    "http://localhost%2eevil.example",
    "http://localhost%00.evil.example",
    "http://evil.example#@localhost",
    "http://evil.example?@localhost",
    "http://evil.example\\@localhost",
    "http://[::1]@evil.example",
    "http://localhost:80:80@evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\x00//evil.example",
    "\u3000//evil.example",
    "//\u3002evil.example",
    "/\u2215evil.example",
    "http://\uff45vil.example",
    "http://localhost\u3002evil.example",
    ".//\\evil.example",
    "./\\\\evil.example",
    "?\\x",
    "https://accounts.example.com.evil.example",
    "http://localhost:8080/",
    "https://localhost/",
]
HONEST = {
    "/page?a=1": "http://localhost/page?a=1",
    "page": "http://localhost/page",
    "?tab=2": "http://localhost/leave?tab=2",
    "http://localhost/page": "http://localhost/page",
    "https://shop.example.com/cart": "https://shop.example.com/cart",
}


@pytest.fixture
def target(keys: RSAKey) -> Target:
    target = Target(keys, allowed_redirect_origins=["https://shop.example.com"])
    target.app.add_url_rule(
        "/leave", "leave", lambda: g.auth.redirect_to_sign_in(request.args["to"])
    )
    target.app.add_url_rule(
        "/links",
        "links",
        lambda: render_template_string(
            "{{ clerk_sign_in_url(request.args.to) }}\n{{ clerk_sign_up_url(request.args.to) }}"
        ),
    )
    return target


def way_back(location: str) -> str:
    """Return where Clerk's page would send the visitor back to."""
    url = urlsplit(location.replace("&amp;", "&"))
    assert (url.scheme, url.netloc) == ("https", "accounts.example.com")
    return parse_qs(url.query)["redirect_url"][0]


@pytest.mark.parametrize("to", EVIL, ids=repr)
def test_signing_in_leads_back_to_no_other_site(to: str, target: Target) -> None:
    answer = target.client.get("/leave", query_string={"to": to})
    assert way_back(answer.headers["Location"]) == "http://localhost/"
    for link in target.client.get("/links", query_string={"to": to}).text.split():
        assert way_back(link) == "http://localhost/"


@pytest.mark.parametrize(("to", "expected"), HONEST.items())
def test_signing_in_leads_back_to_this_app(to: str, expected: str, target: Target) -> None:
    answer = target.client.get("/leave", query_string={"to": to})
    assert way_back(answer.headers["Location"]) == expected


@pytest.mark.parametrize("to", EVIL, ids=repr)
def test_signing_out_leads_to_no_other_site(to: str, target: Target) -> None:
    answer = target.client.post(
        "/clerk/sign-out", data={"redirect_url": to}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_signing_out_leads_on_in_this_app(target: Target) -> None:
    for to in ("/page", "https://shop.example.com/"):
        answer = target.client.post(
            "/clerk/sign-out", data={"redirect_url": to}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.headers["Location"] in {"http://localhost/page", to}


@pytest.mark.parametrize("prefix", ["//evil.example", "/\\evil.example", "///evil.example"])
def test_a_prefix_that_is_a_host_leads_nowhere(prefix: str, target: Target) -> None:
    """A proxy's prefix, believed by the app, that the proxy took over from its client."""
    answer = target.client.post(
        "/clerk/sign-out",
        headers={"Sec-Fetch-Site": "same-origin"},
        environ_overrides={"SCRIPT_NAME": prefix},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] in {"/evil.example/", "/%5Cevil.example/"}


@pytest.mark.parametrize("to", [*EVIL, "https://shop.example.com.evil.example/"], ids=repr)
def test_a_development_primary_answers_no_stranger(to: str, keys: RSAKey) -> None:
    """The answer carries the development browser, by which its session is found."""
    target = Target(
        keys,
        publishable_key="pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
        secret_key="sk_test_secret",
        allowed_redirect_origins=["https://shop.example.com"],
    )
    held = {"Cookie": "__clerk_db_jwt=dvb_secret", "Accept": "text/html"}
    answer = target.get(f"/open?__clerk_redirect_url={quote(to)}", held)
    assert "dvb_secret" not in answer.headers.get("Location", "")
    honest = target.get("/open?__clerk_redirect_url=https%3A%2F%2Fshop.example.com%2Fcart", held)
    assert honest.headers["Location"].startswith("https://shop.example.com/cart?")
    assert "dvb_secret" in honest.headers["Location"]


@pytest.mark.parametrize("path", ["//evil.example/%2e%2e", "/\\evil.example", "/\t/evil.example"])
def test_a_handshake_comes_back_to_the_page_it_left(path: str, target: Target) -> None:
    sent = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Cookie": "__client_uat=1"}
    answer = target.client.get("/", headers=sent, environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 307
    url = urlsplit(answer.headers["Location"])
    assert (url.scheme, url.netloc) == ("https", "clerk.example.com")
    back = parse_qs(url.query)["redirect_url"][0]
    assert back.startswith("http://localhost/")
    assert "\\" not in back
