"""What commands call: the local Clerk in place, another one over HTTP, and the names of both."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator

import click
import pytest
from flask import Flask
from joserfc.jwk import RSAKey

from flask_clerk import BackendAPIError
from flask_clerk import Clerk
from flask_clerk.cli.backend import BackendCaller
from flask_clerk.cli.backend import backend_of
from flask_clerk.cli.backend import instance_name
from flask_clerk.cli.backend import pages
from flask_clerk.core.config import ClerkConfig
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.web.app import create_app
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.live import serving
from tests.loopback import Loopback
from tests.loopback import answer_json

PUBLISHABLE = "pk_test_aGFwcHktY2F0LTEuY2xlcmsuYWNjb3VudHMuZGV2JA"  # happy-cat-1.clerk.accounts.dev
LIVE = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"  # clerk.example.com


@pytest.fixture
def local(keys: RSAKey) -> LocalClerk:
    local = LocalClerk(MemoryStore(), key=keys, password_method=FAST_HASH)
    seed(local)
    return local


def config(**settings: object) -> ClerkConfig:
    return ClerkConfig.load(settings, {}, {})


@pytest.fixture(params=["in the app", "over HTTP"])
def backend(request: pytest.FixtureRequest, local: LocalClerk) -> Iterator[BackendCaller]:
    if request.param == "over HTTP":
        with serving(create_app(local)) as origin:
            url = f"{origin}/api"
            yield backend_of(config(secret_key=local.secret_key.value, api_url=url))
        return
    app = Flask("commands")  # neither in debug nor in testing mode, as on a command line
    clerk = Clerk(app, local=local)
    with app.app_context():
        yield backend_of(clerk.instance.config)


def test_both_instances_are_called_alike(backend: BackendCaller, local: LocalClerk) -> None:
    made = backend.request("POST", "/jwt_templates", body={"name": "api", "claims": {}})
    assert local.templates.get("api").id == made["id"]
    (ada,) = pages(backend, "/users", email_address=ADA)
    assert ada["first_name"] == "Ada"
    with pytest.raises(BackendAPIError) as caught:
        backend.request("GET", "/users/nobody")
    assert (caught.value.status, caught.value.codes) == (404, ("resource_not_found",))


@pytest.mark.parametrize("wrap", [lambda page: page, lambda page: {"data": page}])
def test_a_list_is_read_to_its_end(wrap: Callable[[list[int]], object]) -> None:
    everything = list(range(1001))
    loopback = Loopback()

    with loopback.running():
        loopback.respond = lambda call: answer_json(
            wrap(everything[int(call.query["offset"]) :][: int(call.query["limit"])])
        )
        backend = backend_of(config(secret_key="sk_test_1", api_url=loopback.url))
        assert list(pages(backend, "/users", order_by="created_at")) == everything

    assert [call.query["offset"] for call in loopback.calls] == ["0", "500", "1000"]
    assert {call.query["order_by"] for call in loopback.calls} == {"created_at"}


def test_a_list_of_another_shape_is_an_error() -> None:
    with Loopback().running() as loopback:
        loopback.respond = lambda call: answer_json({"object": "surprise"})
        backend = backend_of(config(secret_key="sk_test_1", api_url=loopback.url))
        with pytest.raises(BackendAPIError, match="unknown shape"):
            list(pages(backend, "/users"))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"secret_key": "sk_test_1"}, "Clerk's development instance"),
        (
            {"publishable_key": PUBLISHABLE, "secret_key": "sk_test_1"},
            "Clerk's development instance happy-cat-1.clerk.accounts.dev",
        ),
        (
            {"publishable_key": LIVE, "secret_key": "sk_live_1"},
            "Clerk's production instance clerk.example.com",
        ),
        (
            {"secret_key": "sk_test_1", "api_url": "http://localhost:5555/api"},
            "the Clerk at http://localhost:5555/api",
        ),
    ],
)
def test_an_instance_is_named_without_its_keys(settings: dict[str, str], name: str) -> None:
    assert instance_name(config(**settings)) == name


def test_the_local_instance_is_named(local: LocalClerk) -> None:
    own = config(publishable_key=local.publishable_key.value, local=True)
    assert instance_name(own) == "the local Clerk"


def test_a_call_needs_a_secret_key() -> None:
    with pytest.raises(click.ClickException, match="needs CLERK_SECRET_KEY"):
        backend_of(config(publishable_key=PUBLISHABLE))
