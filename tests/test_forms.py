"""Forms whose session expired while the person was typing."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask import request
from flask.testing import FlaskClient

from flask_clerk import Clerk
from flask_clerk import kept_form
from flask_clerk import require_auth
from flask_clerk.forms import KEPT_FOR
from flask_clerk.forms import MAX_FORM_SIZE
from flask_clerk.globals import clerk_of
from tests.signing import Signer
from tests.visitors import PUBLISHABLE_KEY
from tests.visitors import Token

FORM_OF_THIS_APP = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def token(sign: Signer) -> Token:
    return Token(sign)


def hold(client: FlaskClient, session_token: str) -> None:
    """Let a browser hold a session."""
    client.set_cookie("__session", session_token)
    client.set_cookie("__client_uat", "1")


@pytest.fixture
def app(public_pem: str) -> Flask:
    app = Flask("forms")
    app.testing = True
    app.secret_key = "a secret of this test"
    Clerk(app, jwt_key=public_pem, publishable_key=PUBLISHABLE_KEY)

    @app.route("/new", methods=["GET", "POST"])
    @require_auth(keep_form=True)
    def new() -> dict[str, Any]:
        if request.method == "POST":
            return {"saved": request.form.to_dict(flat=False)}
        kept = kept_form()
        return {"kept": None if kept is None else kept.to_dict(flat=False)}

    @app.route("/other", methods=["GET", "POST"])
    @require_auth
    def other() -> dict[str, Any]:
        return {"kept": kept_form() is not None}

    return app


@pytest.fixture
def client(app: Flask, token: Token) -> FlaskClient:
    """Return a browser whose session has expired."""
    client = app.test_client()
    hold(client, token.expired())
    return client


def test_a_form_outlives_its_session(client: FlaskClient, token: Token) -> None:
    fields = {"title": ["Notes", "A to G"], "amount": "120"}

    posted = client.post("/new", data=fields, headers=FORM_OF_THIS_APP)
    assert posted.status_code == 303
    assert posted.location == "http://localhost/new"

    on_the_way = client.get(posted.location, headers={"Sec-Fetch-Dest": "document"})
    assert on_the_way.status_code == 307
    assert on_the_way.location.startswith("https://clerk.example.com/v1/client/handshake?")

    hold(client, token())
    assert client.get("/new").json == {"kept": {"title": ["Notes", "A to G"], "amount": ["120"]}}
    assert client.get("/new").json == {"kept": None}


def test_a_form_is_kept_for_its_own_page_only(client: FlaskClient, token: Token) -> None:
    client.post("/new", data={"a": "1"}, headers=FORM_OF_THIS_APP)
    hold(client, token())

    assert client.get("/other").json == {"kept": False}
    assert client.get("/new").json == {"kept": {"a": ["1"]}}


def test_a_form_with_a_good_session_is_posted(client: FlaskClient, token: Token) -> None:
    hold(client, token())

    answer = client.post("/new", data={"a": "1"}, headers=FORM_OF_THIS_APP)

    assert answer.json == {"saved": {"a": ["1"]}}


@pytest.mark.parametrize(
    ("path", "data", "headers"),
    [
        pytest.param("/new", {"a": "1"}, {"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param("/new", {"a": "1"}, {"Sec-Fetch-Site": "same-site"}, id="another subdomain"),
        pytest.param(
            "/new",
            {"a": "1"},
            {"Sec-Fetch-Site": None, "Origin": "http://evil.example"},
            id="another origin",
        ),
        pytest.param("/new", {"a": "1"}, {"Sec-Fetch-Site": None}, id="no word of its origin"),
        pytest.param("/new", {"a": "1"}, {"Sec-Fetch-Dest": "empty"}, id="a script's request"),
        pytest.param("/new", {}, {}, id="no fields"),
        pytest.param("/new", {"a": "x" * (MAX_FORM_SIZE + 1)}, {}, id="too large"),
        pytest.param("/new", {"a": "1", "b": (BytesIO(b"x"), "b.png")}, {}, id="a file"),
        pytest.param("/other", {"a": "1"}, {}, id="not asked for"),
    ],
)
def test_other_posts_are_refused(
    client: FlaskClient, token: Token, path: str, data: dict[str, Any], headers: dict[str, str]
) -> None:
    merged = {**FORM_OF_THIS_APP, **headers}

    answer = client.post(
        path, data=data, headers={name: value for name, value in merged.items() if value}
    )

    assert answer.status_code == 401
    hold(client, token())
    assert client.get("/new").json == {"kept": None}


def test_origin_tells_where_browsers_name_no_site(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost", "Accept": "text/html"}

    assert client.post("/new", data={"a": "1"}, headers=headers).status_code == 303


def test_a_forged_token_keeps_no_form(client: FlaskClient, token: Token) -> None:
    hold(client, f"{token()[:-8]}AAAAAAAA")

    assert client.post("/new", data={"a": "1"}, headers=FORM_OF_THIS_APP).status_code == 401


def test_a_form_is_for_the_person_who_posted_it(client: FlaskClient, token: Token) -> None:
    client.post("/new", data={"iban": "DE00"}, headers=FORM_OF_THIS_APP)
    hold(client, token(sub="user_2"))
    assert client.get("/new").json == {"kept": None}

    hold(client, token())
    assert client.get("/new").json == {"kept": None}


def test_a_form_grows_old(app: Flask, client: FlaskClient, token: Token) -> None:
    client.post("/new", data={"a": "1"}, headers=FORM_OF_THIS_APP)
    later = time.time() + KEPT_FOR
    clerk_of(app).instance.clock = lambda: later
    hold(client, token(iat=int(later), nbf=int(later), exp=int(later) + 60))

    assert client.get("/new").json == {"kept": None}


def test_without_a_secret_key_nothing_can_be_kept(app: Flask, client: FlaskClient) -> None:
    app.secret_key = None

    assert client.post("/new", data={"a": "1"}, headers=FORM_OF_THIS_APP).status_code == 401
