"""Content-Security-Policy: what clerk-js needs of each kind of instance, with Flask-Talisman."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask import render_template_string
from flask_talisman import Talisman

from flask_clerk import Clerk
from flask_clerk.core.keys import PublishableKey
from flask_clerk.csp import header_value
from flask_clerk.testing import make_local
from tests.visitors import PUBLISHABLE_KEY

DEVELOPMENT = PublishableKey.build("happy-cat-1.clerk.accounts.dev").value


def policy_of(public_pem: str, **settings: Any) -> dict[str, set[str]]:
    app = Flask("page", static_folder=None)
    clerk = Clerk(app, jwt_key=public_pem, **settings)
    return {name: set(sources) for name, sources in clerk.content_security_policy(app).items()}


def test_a_production_instance_has_its_frontend_api_and_clerks_hosts(public_pem: str) -> None:
    assert policy_of(public_pem, publishable_key=PUBLISHABLE_KEY) == {
        "default-src": {"'self'"},
        "connect-src": {"'self'", "https://clerk.example.com", "https://*.protect.clerk.com:*"},
        "form-action": {"'self'", "https://clerk.example.com", "https://accounts.example.com"},
        "frame-src": {"'self'", "https://challenges.cloudflare.com", "https://*.protect.clerk.com"},
        "img-src": {"'self'", "data:", "https://img.clerk.com"},
        "script-src": {"'self'", "https://clerk.example.com", "https://challenges.cloudflare.com",
                       "https://*.protect.clerk.com"},
        "style-src": {"'self'", "'unsafe-inline'"},
        "worker-src": {"'self'", "blob:"},
    }  # fmt: skip


def test_a_development_instance_also_tells_clerk_how_it_is_used(public_pem: str) -> None:
    policy = policy_of(public_pem, publishable_key=DEVELOPMENT)
    assert policy["connect-src"] == {
        "'self'", "https://happy-cat-1.clerk.accounts.dev", "https://*.protect.clerk.com:*",
        "https://clerk-telemetry.com", "https://*.clerk-telemetry.com",
    }  # fmt: skip
    assert "https://happy-cat-1.accounts.dev" in policy["form-action"]


@pytest.mark.parametrize(
    ("settings", "script_host"),
    [
        ({"proxy_url": "/__clerk"}, None),
        ({"proxy_url": "https://proxy.example.com/clerk"}, "https://proxy.example.com"),
        ({"frontend_api": "https://fapi.example.com"}, "https://fapi.example.com"),
        ({"proxy_url": "/__clerk", "js_url": "https://cdn.example.com/clerk.js"},
         "https://cdn.example.com"),
        ({"is_satellite": True, "domain": "satellite.example"}, "https://clerk.satellite.example"),
    ],
)  # fmt: skip
def test_scripts_come_from_where_the_settings_say(
    public_pem: str, settings: dict[str, Any], script_host: str | None
) -> None:
    policy = policy_of(public_pem, publishable_key=PUBLISHABLE_KEY, **settings)
    clerks = {"https://challenges.cloudflare.com", "https://*.protect.clerk.com"}
    assert policy["script-src"] - clerks == {"'self'"} | ({script_host} - {None})


def test_a_sign_in_page_elsewhere_may_follow_a_form(public_pem: str) -> None:
    url = "https://sign.example.com/in"
    policy = policy_of(public_pem, publishable_key=PUBLISHABLE_KEY, sign_in_url=url)
    assert policy["form-action"] == {
        "'self'", "https://clerk.example.com", "https://sign.example.com",
    }  # fmt: skip


def test_a_local_clerk_is_the_app_itself() -> None:
    local = make_local()
    app = Flask("page", static_folder=None)
    app.testing = True
    clerk = Clerk(app, local=local)
    assert clerk.content_security_policy(app) == {
        "default-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
    }
    local.store.close()


def test_the_apps_own_sources_and_billing_are_added(public_pem: str) -> None:
    app = Flask("page", static_folder=None)
    clerk = Clerk(app, jwt_key=public_pem, publishable_key=PUBLISHABLE_KEY)
    with app.app_context():
        plain = clerk.content_security_policy()
        policy = clerk.content_security_policy(
            billing=True, img_src=["https://cdn.example", "'self'"], object_src="'none'"
        )
    assert policy["img-src"] == ["'self'", "data:", "https://img.clerk.com", "https://cdn.example"]
    assert policy["object-src"] == ["'none'"]
    assert "https://js.stripe.com" in policy["script-src"]
    assert "https://js.stripe.com" not in plain["script-src"]
    assert "'unsafe-inline'" not in policy["script-src"]


def test_a_header_is_made_of_it(public_pem: str) -> None:
    policy = {"default-src": ["'self'"], "script-src": ["'self'", "https://a.example"]}
    assert header_value(policy) == "default-src 'self'; script-src 'self' https://a.example"
    assert header_value(policy, "abc") == (
        "default-src 'self'; script-src 'self' https://a.example 'nonce-abc'"
    )
    assert policy["script-src"] == ["'self'", "https://a.example"]


def test_flask_talisman_takes_it_with_a_nonce_for_the_inline_script(public_pem: str) -> None:
    app = Flask("page", static_folder=None)
    app.testing = True
    clerk = Clerk(app, jwt_key=public_pem, publishable_key=PUBLISHABLE_KEY)
    Talisman(
        app,
        content_security_policy=clerk.content_security_policy(app, img_src="https://cdn.example"),
        content_security_policy_nonce_in=["script-src"],
        force_https=False,
    )
    page = "{{ clerk_js(nonce=csp_nonce()) }}"
    app.add_url_rule("/", "page", lambda: render_template_string(page))
    response = app.test_client().get("/")
    header = dict(
        line.strip().split(" ", 1)
        for line in response.headers["Content-Security-Policy"].split(";")
    )
    nonce = response.text.split('nonce="')[1].split('"')[0]
    assert response.text.count(f'nonce="{nonce}"') == response.text.count("<script")
    assert header["img-src"] == "'self' data: https://img.clerk.com https://cdn.example"
    assert set(header["script-src"].split()) == {
        "'self'", "https://clerk.example.com", "https://challenges.cloudflare.com",
        "https://*.protect.clerk.com", f"'nonce-{nonce}'",
    }  # fmt: skip
