"""Apps within apps, and contexts that outlive a request: an identity that stays behind."""

from __future__ import annotations

from flask import Flask
from flask import current_app
from flask import g
from joserfc.jwk import RSAKey
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from flask_clerk import auth
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.visitors import bearer


def test_an_app_that_calls_another_lends_it_nobody(keys: RSAKey, forger: RSAKey) -> None:
    outer, inner = Target(keys), Target(forger)

    def around() -> list[str | None]:
        before = g.auth.user_id
        own = inner.get("/open").text
        with_token = inner.get("/open", bearer(inner.token(sub="user_2"))).text
        with_outers = inner.get("/open", bearer(outer.token())).text
        return [before, own, with_token, with_outers, g.auth.user_id, auth.user_id]

    outer.app.add_url_rule("/around", "around", around)
    for sent, expected in ((bearer(outer.token()), "user_1"), ({}, None)):
        seen = outer.get("/around", sent).get_json()
        assert seen == [expected, "nobody", "user_2", "nobody", expected, expected]


def test_another_apps_context_within_a_request_judges_by_its_own_keys(
    keys: RSAKey, forger: RSAKey
) -> None:
    outer, inner = Target(keys), Target(forger)

    def around() -> list[str | None]:
        with inner.app.app_context():
            assert current_app.name == inner.app.name
            within = auth.user_id
        return [within, auth.user_id]

    outer.app.add_url_rule("/around", "around", around)
    assert outer.get("/around", bearer(outer.token())).get_json() == [None, "user_1"]
    assert outer.get("/around", bearer(inner.token())).get_json() == ["user_1", None]


def test_the_same_request_handed_on_to_another_app_is_judged_anew(
    keys: RSAKey, forger: RSAKey
) -> None:
    """Whatever the outer app has found out is of no meaning to the inner one."""
    outer, inner = Target(keys), Target(forger)

    def hand_on() -> str:
        from flask import request

        assert g.auth.user_id == "user_1"
        environ = {**request.environ, "PATH_INFO": "/open"}
        return Client(inner.app).open(environ).text

    outer.app.add_url_rule("/hand-on", "hand_on", hand_on)
    assert outer.get("/hand-on", bearer(outer.token())).text == "nobody"
    assert outer.get("/hand-on", session_cookies(outer.token())).text == "nobody"


def test_mounted_copies_of_one_app_agree(target: Target) -> None:
    client = Client(DispatcherMiddleware(Flask("empty"), {"/a": target.app, "/b/c": target.app}))
    for path in ("/a/open", "/b/c/open"):
        assert client.get(path, headers=bearer(target.token())).text == "user_1"
        assert client.get(path).text == "nobody"


def test_an_outer_application_context_keeps_no_visitor(target: Target) -> None:
    with target.app.app_context():
        for _ in range(2):
            target.assert_signed_in(target.token())
            target.assert_signed_in(session_cookies(target.token(sub="user_2")), "user_2")
            target.assert_refused({})
            assert not g.auth.is_signed_in
            assert auth.user_id is None
        assert list(g) == []


def test_an_outer_request_context_keeps_no_visitor_for_the_next(target: Target) -> None:
    with target.app.test_request_context("/open", headers=bearer(target.token())):
        assert auth.user_id == "user_1"
        target.assert_refused({})
        target.assert_signed_in(target.token(sub="user_2"), "user_2")
        assert auth.user_id == "user_1"
