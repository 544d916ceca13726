"""The door of an endpoint is looked at once, and again whenever something about it may differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Blueprint
from flask import Flask
from flask import request
from flask.views import MethodView

from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk.decorators import make_guard
from flask_clerk.endpoints import Door
from flask_clerk.endpoints import Doors
from flask_clerk.globals import clerk_of
from flask_clerk.guards import mark
from tests.visitors import make_app


@pytest.fixture
def app(public_pem: str) -> Flask:
    app = make_app(public_pem)
    app.add_url_rule("/page", "page", lambda: "a page", methods=["GET", "POST"])
    return app


def status(app: Flask, path: str = "/page", method: str = "GET") -> int:
    return app.test_client(use_cookies=False).open(path, method=method).status_code


def open_door(app: Flask, doors: Doors, method: str = "GET") -> Door:
    with app.test_request_context("/page", method=method):
        return doors.of(request, clerk_of(app).instance.config)


def test_a_door_is_looked_at_once(app: Flask) -> None:
    doors = Doors(app)
    assert open_door(app, doors) is open_door(app, doors)
    assert open_door(app, doors) is not open_door(app, doors, "POST")
    assert open_door(app, doors).guards == ()


def test_a_door_is_looked_at_by_the_settings_of_now(app: Flask) -> None:
    doors = Doors(app)
    config = clerk_of(app).instance.config
    closed = replace(config, require_auth=True, accepts_token=("session_token", "api_key"))
    with app.test_request_context("/page"):
        assert doors.of(request, config).guards == ()
        door = doors.of(request, closed)
    assert (len(door.guards), door.accepts) == (1, closed.accepts_token)


def replace_the_view(app: Flask) -> None:
    app.view_functions["page"] = require_auth(lambda: "a page")


def mark_the_view(app: Flask) -> None:
    require_auth(app.view_functions["page"])


@pytest.mark.parametrize("change", [replace_the_view, mark_the_view])
def test_a_guard_that_comes_late_guards_from_then_on(
    change: Callable[[Flask], None], app: Flask
) -> None:
    assert status(app) == 200
    change(app)
    assert status(app) == 401


def test_a_view_that_is_made_public_late_is_open_from_then_on(public_pem: str) -> None:
    app = make_app(public_pem, require_auth=True)
    app.add_url_rule("/page", "page", lambda: "a page")
    assert status(app) == 401
    public(app.view_functions["page"])
    assert status(app) == 200


def test_a_method_of_a_view_class_may_be_guarded_late(app: Flask) -> None:
    class Page(MethodView):
        def get(self) -> str:
            return "a page"

    app.add_url_rule("/class", view_func=Page.as_view("class"))
    assert status(app, "/class") == 200
    Page.get = require_auth(Page.get)  # type: ignore[method-assign]
    assert status(app, "/class") == 401


def test_a_blueprint_may_be_protected_late(app: Flask) -> None:
    blueprint = Blueprint("area", __name__)
    blueprint.add_url_rule("/area", view_func=lambda: "an area", endpoint="area")
    app.register_blueprint(blueprint)
    assert status(app, "/area") == 200
    mark(blueprint, make_guard())
    assert status(app, "/area") == 401


def test_methods_that_a_client_makes_up_fill_no_memory(app: Flask) -> None:
    doors = Doors(app)
    for number in range(100):
        assert open_door(app, doors, f"M{number}").guards == ()
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        open_door(app, doors, method)
    assert len(doors) == 4
