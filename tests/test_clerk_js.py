"""``clerk_js()``: the tags that load clerk-js, for Clerk itself and for a proxy alike."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask import render_template_string

from flask_clerk import Clerk
from flask_clerk import ConfigurationError
from tests.visitors import PUBLISHABLE_KEY


def tags(public_pem: str, template: str = "{{ clerk_js() }}", **settings: Any) -> str:
    app = Flask("scripted")
    Clerk(app, jwt_key=public_pem, **settings)
    with app.test_request_context():
        return render_template_string(template)


def test_scripts_come_from_the_frontend_api(public_pem: str) -> None:
    html = tags(public_pem, publishable_key=PUBLISHABLE_KEY)

    assert 'src="https://clerk.example.com/npm/@clerk/clerk-js@6/dist/clerk.browser.js"' in html
    assert 'src="https://clerk.example.com/npm/@clerk/ui@1/dist/ui.browser.js"' in html
    assert f'data-clerk-publishable-key="{PUBLISHABLE_KEY}"' in html
    assert "data-clerk-proxy-url" not in html


def test_scripts_come_through_a_proxy(public_pem: str) -> None:
    html = tags(public_pem, publishable_key=PUBLISHABLE_KEY, proxy_url="/__clerk")

    assert 'src="/__clerk/npm/@clerk/clerk-js@6/dist/clerk.browser.js"' in html
    assert 'data-clerk-proxy-url="/__clerk"' in html


def test_a_version_and_a_url_of_the_apps_own(public_pem: str) -> None:
    pinned = tags(public_pem, publishable_key=PUBLISHABLE_KEY, js_version="6.40.0")
    own = tags(public_pem, publishable_key=PUBLISHABLE_KEY, js_url="https://cdn.example/c.js")

    assert "@clerk/clerk-js@6.40.0/" in pinned
    assert 'src="https://cdn.example/c.js"' in own


def test_pages_and_ways_back_are_told_to_clerk_js(public_pem: str) -> None:
    html = tags(
        public_pem,
        publishable_key=PUBLISHABLE_KEY,
        sign_in_url="/sign-in",
        sign_up_force_redirect_url="/welcome",
    )

    assert '{"signInUrl": "/sign-in", "signUpForceRedirectUrl": "/welcome"}' in html


def test_a_nonce_is_on_every_script(public_pem: str) -> None:
    html = tags(public_pem, '{{ clerk_js("n0nce\\"") }}', publishable_key=PUBLISHABLE_KEY)

    assert html.count("<script") == html.count(' nonce="n0nce&#34;"') == 3


def test_a_setting_cannot_break_out_of_the_script(public_pem: str) -> None:
    html = tags(
        public_pem, publishable_key=PUBLISHABLE_KEY, sign_in_url="/</script><script>alert(1)"
    )

    assert "</script><script>alert" not in html


def test_without_a_publishable_key_there_is_nothing_to_load(public_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="CLERK_PUBLISHABLE_KEY"):
        tags(public_pem)
