"""Who may talk to the local Clerk: this machine, while the app is being developed."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_clerk import Clerk
from flask_clerk.globals import clerk_of
from flask_clerk.local import LocalClerk
from flask_clerk.local.web.guard import is_loopback_host

JWKS = "/__clerk/.well-known/jwks.json"


@pytest.fixture
def local(clerk: LocalClerk) -> LocalClerk:
    return clerk


@pytest.fixture
def app(local: LocalClerk) -> Flask:
    app = Flask("guarded")
    app.debug = True
    Clerk(app, local=local)
    return app


def status(app: Flask, host: str = "localhost:5000", **environ: Any) -> int:
    client = app.test_client()
    return client.get(JWKS, headers={"Host": host}, environ_overrides=environ).status_code


def test_this_machine_is_served_while_debugging(app: Flask) -> None:
    assert status(app) == 200
    assert status(app, "127.0.0.1:5000") == 200
    assert status(app, "[::1]:5000", REMOTE_ADDR="::1") == 200


def test_testing_is_as_good_as_debugging(app: Flask) -> None:
    app.debug, app.testing = False, True

    assert status(app) == 200


def test_a_production_app_serves_nothing_and_says_so(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.debug = False

    with caplog.at_level(logging.ERROR):
        assert status(app) == 404

    assert "Remove CLERK_LOCAL in production" in caplog.text


def test_the_app_itself_is_answered_whatever_its_mode(app: Flask, local: LocalClerk) -> None:
    app.debug = False

    assert clerk_of(app).instance.backend.fetch_jwks() == local.jwks()

    headers = {"clerk_local.within": "1", "Clerk-Local-Within": "1"}
    assert app.test_client().get(JWKS, headers=headers).status_code == 404


def test_debug_is_looked_up_late(local: LocalClerk) -> None:
    app = Flask("late")
    Clerk(app, local=local)
    assert status(app) == 404

    app.debug = True
    assert status(app) == 200


@pytest.mark.parametrize("address", ["192.168.1.7", "8.8.8.8", "::ffff:8.8.8.8", "", "localhost"])
def test_other_machines_find_nothing(app: Flask, address: str) -> None:
    assert status(app, REMOTE_ADDR=address) == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "app.internal:80"],
)
def test_a_name_that_resolves_to_this_machine_is_not_this_machine(app: Flask, host: str) -> None:
    assert status(app, host) == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/__clerk"),
        ("GET", "/__clerk/dashboard"),
        ("GET", "/__clerk/dashboard/"),
        ("GET", "/__clerk//dashboard/"),
        ("GET", "/__clerk/sign-in"),
        ("GET", "/__clerk/nowhere"),
        ("OPTIONS", "/__clerk/dashboard/"),
        ("DELETE", "/__clerk/sign-in"),
        ("POST", "/__clerk/v1/client"),
        ("GET", "/__clerk/api/v1/users"),
        ("GET", "/__clerk/static/local_clerk.css"),
    ],
)
@pytest.mark.parametrize("stranger", ["a foreign name", "another machine", "production"])
def test_no_path_and_no_method_answers_a_stranger(
    app: Flask, stranger: str, method: str, path: str
) -> None:
    """Neither by a redirect to a slash, nor by a list of methods, nor in different words."""
    app.debug = stranger != "production"
    client = app.test_client()

    answer = client.open(
        path,
        method=method,
        headers={"Host": "evil.example"} if stranger == "a foreign name" else {},
        environ_overrides={"REMOTE_ADDR": "192.168.1.7"} if stranger == "another machine" else {},
    )

    assert answer.status_code == 404
    assert {"Location", "Allow", "Set-Cookie"}.isdisjoint(answer.headers.keys())


def test_the_socket_counts_not_what_a_proxy_says(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]

    answer = app.test_client().get(
        JWKS,
        headers={"X-Forwarded-For": "127.0.0.1"},
        environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
    )

    assert answer.status_code == 404


def test_names_below_localhost_are_this_machine() -> None:
    assert is_loopback_host("shop.localhost:8000")
    assert not is_loopback_host("notlocalhost")
    assert not is_loopback_host("")
