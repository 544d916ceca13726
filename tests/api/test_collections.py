"""The collections of ``clerk.client``: what each call sends, pages, tries, and what comes back."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk import BackendAPIError
from flask_clerk import ConfigurationError
from flask_clerk import ResourceNotFoundError
from flask_clerk import TooManyRequestsError
from flask_clerk.api import Client
from flask_clerk.api import Resource
from flask_clerk.api import Session
from flask_clerk.api import User
from flask_clerk.api import collections
from flask_clerk.core.config import ClerkConfig
from tests.loopback import Answer
from tests.loopback import Call
from tests.loopback import Loopback
from tests.loopback import answer_json

SECRET = "sk_test_do_not_tell_anybody"
MACHINE_SECRET = "ak_do_not_tell_anybody_either"


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with pytest.MonkeyPatch.context() as patch, Loopback().running() as running:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield running


def make_client(server: Loopback, **settings: str) -> Client:
    usual = {"secret_key": SECRET, "api_url": server.url}
    return Client(ClerkConfig.load({**usual, **settings}, {}, {}), sleep=lambda seconds: None)


@pytest.fixture
def client(server: Loopback) -> Client:
    return make_client(server, machine_secret_key=MACHINE_SECRET)


# --- what is sent ----------------------------------------------------------------------------

M = {"public_metadata": {"role": "admin"}}
CALLS: list[tuple[Callable[[Client], Any], str, str, Any]] = [
    (lambda c: c.users.get("user_1"), "GET", "/users/user_1", None),
    (lambda c: c.users.create(first_name="Ada"), "POST", "/users", {"first_name": "Ada"}),
    (lambda c: c.users.update("user_1", username=None), "PATCH", "/users/user_1",
     {"username": None}),
    (lambda c: c.users.delete("user_1"), "DELETE", "/users/user_1", None),
    (lambda c: c.users.update_metadata("user_1", **M), "PATCH", "/users/user_1/metadata", M),
    (lambda c: c.users.replace_metadata("user_1", **M), "PUT", "/users/user_1/metadata", M),
    (lambda c: c.users.ban("user_1"), "POST", "/users/user_1/ban", None),
    (lambda c: c.users.unban("user_1"), "POST", "/users/user_1/unban", None),
    (lambda c: c.users.lock("user_1"), "POST", "/users/user_1/lock", None),
    (lambda c: c.users.unlock("user_1"), "POST", "/users/user_1/unlock", None),
    (lambda c: c.users.verify_password("user_1", "p"), "POST", "/users/user_1/verify_password",
     {"password": "p"}),
    (lambda c: c.users.verify_totp("user_1", "1"), "POST", "/users/user_1/verify_totp",
     {"code": "1"}),
    (lambda c: c.sessions.get("sess_1"), "GET", "/sessions/sess_1", None),
    (lambda c: c.sessions.create("user_1"), "POST", "/sessions", {"user_id": "user_1"}),
    (lambda c: c.sessions.create("user_1", active_organization_id="org_1"), "POST", "/sessions",
     {"user_id": "user_1", "active_organization_id": "org_1"}),
    (lambda c: c.sessions.revoke("sess_1"), "POST", "/sessions/sess_1/revoke", None),
    (lambda c: c.sessions.create_token("sess_1"), "POST", "/sessions/sess_1/tokens", None),
    (lambda c: c.sessions.create_token("sess_1", "api", expires_in=60), "POST",
     "/sessions/sess_1/tokens/api", {"expires_in_seconds": 60}),
    (lambda c: c.organizations.get("acme"), "GET", "/organizations/acme", None),
    (lambda c: c.organizations.create(name="Acme"), "POST", "/organizations", {"name": "Acme"}),
    (lambda c: c.organizations.update("org_1", name="A"), "PATCH", "/organizations/org_1",
     {"name": "A"}),
    (lambda c: c.organizations.delete("org_1"), "DELETE", "/organizations/org_1", None),
    (lambda c: c.organizations.update_metadata("org_1", **M), "PATCH",
     "/organizations/org_1/metadata", M),
    (lambda c: c.organizations.replace_metadata("org_1", **M), "PUT",
     "/organizations/org_1/metadata", M),
    (lambda c: c.memberships.create("org_1", "user_1", "org:member", **M), "POST",
     "/organizations/org_1/memberships", {"user_id": "user_1", "role": "org:member", **M}),
    (lambda c: c.memberships.update("org_1", "user_1", "org:admin"), "PATCH",
     "/organizations/org_1/memberships/user_1", {"role": "org:admin"}),
    (lambda c: c.memberships.delete("org_1", "user_1"), "DELETE",
     "/organizations/org_1/memberships/user_1", None),
    (lambda c: c.memberships.update_metadata("org_1", "user_1", **M), "PATCH",
     "/organizations/org_1/memberships/user_1/metadata", M),
    (lambda c: c.organization_invitations.get("org_1", "inv_1"), "GET",
     "/organizations/org_1/invitations/inv_1", None),
    (lambda c: c.organization_invitations.create("org_1", "a@b.example", "org:member"), "POST",
     "/organizations/org_1/invitations", {"email_address": "a@b.example", "role": "org:member"}),
    (lambda c: c.organization_invitations.revoke("org_1", "inv_1", requesting_user_id="user_1"),
     "POST", "/organizations/org_1/invitations/inv_1/revoke", {"requesting_user_id": "user_1"}),
    (lambda c: c.invitations.create("a@b.example", notify=False), "POST", "/invitations",
     {"email_address": "a@b.example", "notify": False}),
    (lambda c: c.invitations.revoke("inv_1"), "POST", "/invitations/inv_1/revoke", None),
    (lambda c: c.sign_in_tokens.create("user_1", expires_in=60), "POST", "/sign_in_tokens",
     {"user_id": "user_1", "expires_in_seconds": 60}),
    (lambda c: c.sign_in_tokens.revoke("sit_1"), "POST", "/sign_in_tokens/sit_1/revoke", None),
    (lambda c: c.actor_tokens.create("user_1", {"sub": "user_2"}), "POST", "/actor_tokens",
     {"user_id": "user_1", "actor": {"sub": "user_2"}}),
    (lambda c: c.actor_tokens.revoke("act_1"), "POST", "/actor_tokens/act_1/revoke", None),
    (lambda c: c.testing_tokens.create(), "POST", "/testing_tokens", {}),
    (lambda c: c.jwt_templates.get("jtmp_1"), "GET", "/jwt_templates/jtmp_1", None),
    (lambda c: c.jwt_templates.create(name="a", claims={}), "POST", "/jwt_templates",
     {"name": "a", "claims": {}}),
    (lambda c: c.jwt_templates.update("jtmp_1", name="a", claims={}), "PATCH",
     "/jwt_templates/jtmp_1", {"name": "a", "claims": {}}),
    (lambda c: c.jwt_templates.delete("jtmp_1"), "DELETE", "/jwt_templates/jtmp_1", None),
    (lambda c: c.jwks.get(), "GET", "/jwks", None),
    (lambda c: c.api_keys.get("ak_1"), "GET", "/api_keys/ak_1", None),
    (lambda c: c.api_keys.create("user_1", "mine", scopes=["a"]), "POST", "/api_keys",
     {"subject": "user_1", "name": "mine", "scopes": ["a"]}),
    (lambda c: c.api_keys.update("ak_1", scopes=[]), "PATCH", "/api_keys/ak_1", {"scopes": []}),
    (lambda c: c.api_keys.delete("ak_1"), "DELETE", "/api_keys/ak_1", None),
    (lambda c: c.api_keys.secret("ak_1"), "GET", "/api_keys/ak_1/secret", None),
    (lambda c: c.api_keys.revoke("ak_1", reason="lost"), "POST", "/api_keys/ak_1/revoke",
     {"revocation_reason": "lost"}),
    (lambda c: c.api_keys.verify("ak_secret"), "POST", "/api_keys/verify", {"secret": "ak_secret"}),
    (lambda c: c.m2m_tokens.create(token_format="jwt"), "POST", "/m2m_tokens",
     {"token_format": "jwt"}),
    (lambda c: c.m2m_tokens.revoke("mt_1"), "POST", "/m2m_tokens/mt_1/revoke", {}),
    (lambda c: c.m2m_tokens.verify("mt_secret"), "POST", "/m2m_tokens/verify",
     {"token": "mt_secret"}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "method", "path", "body"), CALLS, ids=[c[2] for c in CALLS])
def test_a_call_is_the_documented_request(
    call: Callable[[Client], Any], method: str, path: str, body: Any, server: Loopback
) -> None:
    answered = {"id": "x_1", "jwt": "t", "secret": "s", "verified": True, "new_field": [1]}
    server.reset(lambda call: answer_json(answered))
    call(make_client(server, machine_secret_key=MACHINE_SECRET))
    [made] = server.calls
    assert (made.method, made.path, made.body) == (method, f"/v1{path}", body)
    assert made.query == {}


LISTS: list[tuple[Callable[[Client], Any], str]] = [
    (lambda c: c.users.list(), "/users"),
    (lambda c: c.users.memberships("user_1"), "/users/user_1/organization_memberships"),
    (lambda c: c.sessions.list(), "/sessions"),
    (lambda c: c.organizations.list(), "/organizations"),
    (lambda c: c.memberships.list("org_1"), "/organizations/org_1/memberships"),
    (lambda c: c.memberships.list(), "/organization_memberships"),
    (lambda c: c.organization_invitations.list("org_1"), "/organizations/org_1/invitations"),
    (lambda c: c.organization_invitations.list(), "/organization_invitations"),
    (lambda c: c.invitations.list(), "/invitations"),
    (lambda c: c.jwt_templates.list(), "/jwt_templates"),
    (lambda c: c.api_keys.list(subject="user_1"), "/api_keys"),
    (lambda c: c.m2m_tokens.list("mch_1"), "/m2m_tokens"),
]


class Shelf:
    """Answers lists as Clerk does: a page of what there is, in one of the shapes."""

    def __init__(self, count: int, shape: str = "array") -> None:
        self.items = [{"id": f"x_{number}"} for number in range(count)]
        self.shape = shape

    def __call__(self, call: Call) -> Answer:
        begin, size = int(call.query["offset"]), int(call.query["limit"])
        page = self.items[begin : begin + size]
        if self.shape == "array":
            return answer_json(page)
        return answer_json({self.shape: page, "total_count": len(self.items)})


@pytest.mark.parametrize("shape", ["array", "data", "m2m_tokens"])
@pytest.mark.parametrize(("call", "path"), LISTS, ids=[path for _, path in LISTS])
def test_a_list_is_gone_through_page_by_page(
    call: Callable[[Client], Any], path: str, shape: str, client: Client, server: Loopback
) -> None:
    server.reset(Shelf(1200, shape))
    found = call(client)
    assert server.calls == []
    assert [item.id for item in found] == [f"x_{number}" for number in range(1200)]
    assert [(call.path, call.query["offset"]) for call in server.calls] == [
        (f"/v1{path}", "0"), (f"/v1{path}", "500"), (f"/v1{path}", "1000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "options", "expected", "calls"),
    [
        (0, {}, [], 1),
        (3, {"limit": 0}, [], 0),
        (3, {"limit": 2}, ["x_0", "x_1"], 1),
        (3, {"offset": 1}, ["x_1", "x_2"], 1),
        (3, {"offset": 1, "limit": 1}, ["x_1"], 1),
        (3, {"offset": 9}, [], 1),
    ],
)
@pytest.mark.parametrize("shape", ["array", "data"])
def test_no_more_is_fetched_than_is_asked_for(
    count: int,
    options: dict[str, Any],
    expected: list[str],
    calls: int,
    shape: str,
    client: Client,
    server: Loopback,
) -> None:
    server.reset(Shelf(count, shape))
    assert [user.id for user in client.users.list(**options)] == expected
    assert len(server.calls) == calls


def test_the_first_of_a_long_list_costs_one_call(client: Client, server: Loopback) -> None:
    server.reset(Shelf(3000))
    assert next(iter(client.users.list())).id == "x_0"
    assert len(server.calls) == 1


def test_a_list_can_be_gone_through_again(client: Client, server: Loopback) -> None:
    server.reset(Shelf(2))
    users = client.users.list()
    assert list(users) == list(users)
    assert len(server.calls) == 2
    assert repr(users) == "<Pages of /users>"


@pytest.mark.parametrize("count", [collections.PAGE_SIZE, 2 * collections.PAGE_SIZE])
def test_an_endpoint_that_knows_no_pages_is_read_once(
    count: int, client: Client, server: Loopback
) -> None:
    """It answers everything, whatever the offset: a list that never ended."""
    everything = [{"id": f"x_{number}"} for number in range(count)]
    server.reset(lambda call: answer_json(everything))
    assert len(list(client.jwt_templates.list())) == count
    assert len(server.calls) == 2


def test_a_server_with_smaller_pages_is_read_to_its_end(client: Client, server: Loopback) -> None:
    def answer(call: Call) -> Answer:
        begin = int(call.query["offset"])
        return answer_json({"data": [{"id": str(begin)}][: 5 - begin], "total_count": 5})

    server.reset(answer)
    assert [each.id for each in client.organizations.list()] == ["0", "1", "2", "3", "4"]


def test_filters_are_spelled_as_clerk_reads_them(client: Client, server: Loopback) -> None:
    server.reset(Shelf(1))
    list(client.users.list(query="a b&c", banned=True, order_by=None, limit=5))
    assert server.calls[0].query == {
        "query": "a b&c", "banned": "true", "limit": "5", "offset": "0",
    }  # fmt: skip


@pytest.mark.parametrize("answer", [5, {"data": 1}, {}, [1], {"data": ["x"]}], ids=repr)
def test_a_list_of_an_unknown_shape_is_an_error(
    answer: Any, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: answer_json(answer))
    with pytest.raises(BackendAPIError, match="unknown shape"):
        list(client.users.list())


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda c: c.users.get("user_1"), []),
        (lambda c: c.users.delete("user_1"), 5),
        (lambda c: c.users.count(), {"total_count": "many"}),
        (lambda c: c.users.verify_password("user_1", "p"), []),
        (lambda c: c.sessions.create_token("sess_1"), {"jwt": 5}),
        (lambda c: c.api_keys.secret("ak_1"), {"secret": None}),
        (lambda c: c.invitations.create_bulk([]), {}),
        (lambda c: c.invitations.create_bulk([]), [5]),
    ],
)
def test_an_answer_of_an_unknown_shape_is_an_error(
    call: Callable[[Client], Any], answer: Any, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: answer_json(answer))
    with pytest.raises(BackendAPIError, match="unknown shape"):
        call(client)


def test_several_are_invited_with_one_call(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json([{"id": "inv_1"}, {"id": "inv_2"}]))
    invited = client.invitations.create_bulk([{"email_address": "a@b.example"}])
    assert [each.id for each in invited] == ["inv_1", "inv_2"]
    assert (server.calls[0].path, server.calls[0].body) == (
        "/v1/invitations/bulk", [{"email_address": "a@b.example"}],
    )  # fmt: skip


def test_users_are_counted(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"object": "total_count", "total_count": 7}))
    assert client.users.count(banned=False) == 7
    assert (server.calls[0].path, server.calls[0].query) == ("/v1/users/count", {"banned": "false"})


def test_no_id_reaches_another_endpoint(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({}))
    client.memberships.delete("../../users", "user_1?x=1#")
    assert server.calls[0].path == (
        "/v1/organizations/..%2F..%2Fusers/memberships/user_1%3Fx%3D1%23"
    )
    with pytest.raises(BackendAPIError, match="no such id"):
        client.users.delete("..")
    assert len(server.calls) == 1


# --- keys and tries --------------------------------------------------------------------------


def test_m2m_tokens_are_made_with_a_machines_key(client: Client, server: Loopback) -> None:
    server.reset(lambda call: answer_json({"id": "mt_1", "m2m_tokens": []}))
    other = "ak_of_another_machine"
    client.m2m_tokens.create()
    client.m2m_tokens.create(machine_secret_key=other)
    client.m2m_tokens.verify("mt_secret")
    client.m2m_tokens.verify("mt_secret", machine_secret_key=other)
    client.m2m_tokens.revoke("mt_1", reason="lost", machine_secret_key=other)
    list(client.m2m_tokens.list("mch_1", revoked=True, machine_secret_key=other))
    keys = [call.headers["authorization"].removeprefix("Bearer ") for call in server.calls]
    assert keys == [MACHINE_SECRET, other, SECRET, other, other, other]
    assert server.calls[-2].body == {"revocation_reason": "lost"}
    assert server.calls[-1].query["revoked"] == "true"


def test_without_a_machines_key_no_m2m_token_is_made(server: Loopback) -> None:
    server.reset(lambda call: answer_json({}))
    with pytest.raises(BackendAPIError, match="CLERK_MACHINE_SECRET_KEY"):
        make_client(server).m2m_tokens.create()
    with pytest.raises(ConfigurationError, match="ak_") as caught:
        make_client(server).m2m_tokens.create(machine_secret_key=SECRET)
    assert SECRET not in str(caught.value)
    assert server.calls == []


@pytest.mark.parametrize(
    ("call", "tries"),
    [
        (lambda c: c.api_keys.verify("ak_secret"), 3),
        (lambda c: c.m2m_tokens.verify("mt_secret"), 3),
        (lambda c: list(c.users.list()), 3),
        (lambda c: c.users.delete("user_1"), 3),
        (lambda c: c.users.create(), 1),
        (lambda c: c.users.update_metadata("user_1"), 1),
        (lambda c: c.sessions.create_token("sess_1"), 1),
    ],
    ids=["verify", "verify", "list", "delete", "create", "update", "mint"],
)
def test_only_what_can_be_repeated_is_repeated(
    call: Callable[[Client], Any], tries: int, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({}, 503))
    with pytest.raises(BackendAPIError, match="503"):
        call(client)
    assert len(server.calls) == tries


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ResourceNotFoundError), (429, TooManyRequestsError), (403, BackendAPIError)],
)
def test_a_refusal_has_a_type_and_says_what_clerk_said(
    status: int, error: type[BackendAPIError], client: Client, server: Loopback
) -> None:
    errors = [{"code": "a", "long_message": SECRET, "meta": {"param_name": "username"}}, 5]
    document = {"errors": errors, "clerk_trace_id": "trace_1"}
    server.reset(lambda call: answer_json(document, status, **{"Retry-After": "9"}))
    with pytest.raises(BackendAPIError) as caught:
        client.users.create()
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.codes) == (status, ("a",))
    assert (caught.value.trace_id, caught.value.retry_after) == ("trace_1", 9)
    assert caught.value.errors[0]["meta"]["param_name"] == "username"
    assert SECRET not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (422, "incorrect_password", False),
        (422, "form_password_incorrect", False),
        (422, "form_param_missing", None),
        (404, "incorrect_password", None),
    ],
)
def test_a_wrong_password_is_an_answer_and_anything_else_an_error(
    status: int, code: str, expected: bool | None, client: Client, server: Loopback
) -> None:
    server.reset(lambda call: answer_json({"errors": [{"code": code}]}, status))
    if expected is None:
        with pytest.raises(BackendAPIError, match=code):
            client.users.verify_password("user_1", "p")
    else:
        assert client.users.verify_password("user_1", "p") is expected


# --- what comes back -------------------------------------------------------------------------


def test_answers_are_mappings_that_read_as_attributes(client: Client, server: Loopback) -> None:
    shown = {
        "id": "user_1",
        "first_name": "Ada",
        "last_name": None,
        "primary_email_address_id": "idn_2",
        "email_addresses": [
            {"id": "idn_1", "email_address": "other@b.example"},
            {"id": "idn_2", "email_address": "ada@b.example"},
        ],
        "public_metadata": {"plan": {"seats": 5}},
        "of_the_future": [{"deep": {"er": 1}}],
    }
    server.reset(lambda call: answer_json(shown))
    user = client.users.get("user_1")
    assert isinstance(user, User)
    assert user == shown
    assert json.loads(json.dumps(user)) == shown
    assert (user.first_name, user["first_name"], user.get("nothing")) == ("Ada", "Ada", None)
    assert user.public_metadata["plan"].seats == 5
    assert user.of_the_future[0].deep.er == 1
    assert (user.email_address, user.full_name) == ("ada@b.example", "Ada")
    assert copy.deepcopy(user) == pickle.loads(pickle.dumps(user)) == user


def test_a_field_that_is_not_there_is_missed_by_its_name() -> None:
    with pytest.raises(AttributeError, match="<User user_1> has no field 'shoe_size'"):
        User(id="user_1").shoe_size  # noqa: B018
    assert (User().email_address, User().full_name) == (None, None)


def test_an_answer_is_changed_at_clerk_and_not_here() -> None:
    with pytest.raises(AttributeError, match="change it at Clerk"):
        User(id="user_1").first_name = "Eve"


def test_no_repr_shows_more_than_names(client: Client) -> None:
    assert repr(Session(id="sess_1", secret=SECRET)) == "<Session sess_1>"
    assert repr(Resource(object="token", jwt=SECRET)) == "<Resource with object, jwt>"
    assert repr(Resource(id=[SECRET])) == "<Resource with id>"
    assert repr(Resource()) == "<Resource with nothing>"
    assert SECRET not in repr([client.users, client])
