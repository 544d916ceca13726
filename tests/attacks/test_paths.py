"""Paths that a router and a guard may read differently: the guard is the endpoint's alone."""

from __future__ import annotations

import itertools

import pytest
from flask import Blueprint
from joserfc.jwk import RSAKey

from flask_clerk import public
from flask_clerk import require_auth
from tests.attacks.target import SECRET
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.visitors import bearer


@pytest.fixture
def target(keys: RSAKey) -> Target:
    """Return an app that is closed but for one view, with guards of every kind."""
    target = Target(keys, require_auth=True)
    books = Blueprint("books", __name__, url_prefix="/books")
    books.add_url_rule("/all", view_func=lambda: SECRET, endpoint="all")
    books.add_url_rule("/<path:rest>", view_func=lambda rest: SECRET, endpoint="rest")
    target.clerk.protect(books)
    target.app.register_blueprint(books)
    target.app.add_url_rule("/closed", "closed", lambda: SECRET)
    target.app.add_url_rule("/slash/", "slash", require_auth(lambda: SECRET))
    target.app.add_url_rule("/public", "public", public(lambda: "everybody"))
    target.app.add_url_rule("/<path:rest>", "any", require_auth(lambda rest: SECRET))
    return target


SPELLINGS = [
    "{0}", "/{0}", "//{0}", "{0}/", "{0}//", "{0}/.", "{0}/..", "{0};", "{0};x=1", "{0};.css",
    "{0}.css", "{0}.json", "{0}%2f", "{0}/%2e", "{0}%00", "{0}\x00", "{0}%20", "{0} ", "{0}%3f",
    "{0}%23", "{0}\\", "/.{0}", "/..{0}", "/%2e%2e{0}", "/public/..{0}", "/public/%2e%2e{0}",
    "/public;{0}", "/public%2f..{0}", "/static/..{0}", "/static/../..{0}", "/static{0}",
    "/clerk/sign-out/..{0}", "/__clerk{0}", "/.well-known{0}", "/.well-known/..{0}", "\\{0}",
    "/\\{0}", "/%2f{0}", "%2f{0}", "/%5c{0}", "/x/../{0}",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
@pytest.mark.parametrize("path", ["/closed", "/page", "/books/all", "/slash/"])
def test_no_spelling_of_a_path_goes_around_its_guard(
    path: str, spelling: str, target: Target
) -> None:
    spelt = spelling.format(path)
    for changed in (spelt, spelt.upper(), spelt.replace("e", "%65"), spelt.replace("s", "\u017f")):
        answer = target.client.get(
            "/", environ_overrides={"PATH_INFO": changed.encode().decode("latin-1")}
        )
        assert answer.status_code in {401, 404, 405, 308}, changed
        assert SECRET not in answer.text


def test_the_honest_paths_are_open_to_somebody(target: Target) -> None:
    for path, sent in itertools.product(
        ("/closed", "/page", "/books/all", "/books/a%2f..%2fb", "/slash/", "/a%2fb"),
        (bearer(target.token()), session_cookies(target.token())),
    ):
        assert target.get(path, sent).text == SECRET
    assert target.get("/public").text == "everybody"


def test_a_mount_point_changes_no_guard(target: Target) -> None:
    for prefix in ("/public", "/static", "/clerk/sign-out", "/.well-known", "//"):
        answer = target.client.get(
            "/closed", environ_overrides={"SCRIPT_NAME": prefix, "PATH_INFO": "/closed"}
        )
        assert answer.status_code == 401


def test_an_endpoint_that_is_called_static_is_not_thereby_open(target: Target) -> None:
    target.app.add_url_rule("/assets", "static", lambda: SECRET)
    blueprint = Blueprint("more", __name__)
    blueprint.add_url_rule("/more", endpoint="static", view_func=lambda: SECRET)
    target.app.register_blueprint(blueprint)
    for path in ("/assets", "/more"):
        assert target.get(path).status_code == 401
