"""The official Python library against the local Clerk: its models are the strictest readers."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from tests.local.backend_caller import make_backend_app
from tests.local.live import serving
from tests.local.python_library import Library
from tests.local.python_library import dumped
from tests.local.python_library import unknown
from tests.peers_needed import need_package

# The library warns of its own deprecated models and endpoints.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Call = Callable[[Library], Any]


@pytest.fixture
def library(clerk: LocalClerk) -> Iterator[Library]:
    clerk.update_settings(single_session_mode=False)
    with serving(make_backend_app(clerk)) as url:
        library = Library(clerk, url)
        yield library
        library.close()


def _template(library: Library) -> str:
    return library.clerk.templates.create({"name": "api", "claims": {"aud": "api"}}).id


def _email(library: Library) -> str:
    return library.clerk.users.add_email(library.ada.id, "countess@example.com").id


def _ticket(library: Library) -> str:
    return library.clerk.tickets.create(library.ada.id).ticket.id


def _actor_ticket(library: Library) -> str:
    actor = {"sub": "user_support"}
    return library.clerk.tickets.create_actor_token(library.ada.id, actor).ticket.id


def _machine(library: Library) -> str:
    other = library.clerk.machines.create("other")
    return library.clerk.machines.create("worker", scoped_machine_ids=[other.id]).id


def _refresh(library: Library, format: str) -> Any:  # noqa: A002
    from clerk_backend_api.models import Format

    clerk, session = library.clerk, library.session()
    client = clerk.clients.get(session.client_id)
    origin = "http://localhost:5000"
    lines = clerk.handshakes.lines(clerk.handshakes.policy(), client, session, origin)
    cookies = dict(line.partition(";")[0].split("=", 1) for line in lines)
    (refresh_token,) = (value for name, value in cookies.items() if "refresh" in name)
    return library.sdk.sessions.refresh(
        session_id=session.id,
        expired_token=cookies["__session"],
        refresh_token=refresh_token,
        request_origin=origin,
        format_=Format(format),
    )


def _oauth(library: Library) -> Any:
    issued = library.clerk.machines.create_oauth_token(
        library.ada.id, client_id="client_1", scopes=["email"]
    )
    return library.sdk.oauth_access_tokens.verify(access_token=issued.secret)


def _verify_api_key(library: Library) -> Any:
    issued = library.clerk.machines.create_api_key(library.ada.id, "key", claims={"a": 1})
    return library.sdk.api_keys.verify_api_key(secret=issued.secret)


def _api_key(library: Library) -> str:
    return library.clerk.machines.create_api_key(library.ada.id, "key").record.id


def _m2m(library: Library) -> tuple[str, str]:
    issued = library.clerk.machines.create_m2m_token(_machine(library), claims={"a": 1})
    return issued.record.id, issued.secret


def _list_m2m(library: Library) -> Any:
    _, secret = _m2m(library)
    subject = library.sdk.m2m.verify_token(token=secret).subject
    return library.sdk.m2m.list_tokens(subject=subject)


def _list_sessions(library: Library) -> Any:
    library.session()
    return library.sdk.sessions.list(user_id=library.ada.id)


def _verify_client(library: Library) -> Any:
    client = library.clerk.clients.get(library.session().client_id)
    assert client is not None
    token = library.clerk.clients.cookie(client)
    return library.sdk.clients.verify(request={"token": token})


def _list_clients(library: Library) -> Any:
    library.session()
    return library.sdk.clients.list()


def _list_templates(library: Library) -> Any:
    _template(library)
    return library.sdk.jwt_templates.list()


def _list_machines(library: Library) -> Any:
    _machine(library)
    return library.sdk.machines.list()


def _list_api_keys(library: Library) -> Any:
    _api_key(library)
    return library.sdk.api_keys.get_api_keys(subject=library.ada.id)


_METADATA: Any = {"public_metadata": {"a": {"b": [1, None]}}, "private_metadata": {"c": True}}

#: By endpoint; ``as`` tells two calls of one endpoint apart.
CALLS: dict[str, Call] = {
    "GET /jwks": lambda lib: lib.sdk.jwks.get_jwks(),
    "GET /users": lambda lib: lib.sdk.users.list(request={"limit": 2, "user_id": [lib.ada.id]}),
    "GET /users/count": lambda lib: lib.sdk.users.count(request={}),
    "POST /users": lambda lib: lib.sdk.users.create(
        email_address=["b@example.com"], password="abstract-data", username="barbara", **_METADATA
    ),
    "GET /users/<user_id>": lambda lib: lib.sdk.users.get(user_id=lib.ada.id),
    "PATCH /users/<user_id>": lambda lib: lib.sdk.users.update(
        user_id=lib.ada.id, first_name="Augusta"
    ),
    "DELETE /users/<user_id>": lambda lib: lib.sdk.users.delete(user_id=lib.ada.id),
    "PATCH /users/<user_id>/metadata": lambda lib: lib.sdk.users.update_metadata(
        user_id=lib.ada.id, **_METADATA
    ),
    "PUT /users/<user_id>/metadata": lambda lib: lib.sdk.users.replace_metadata(
        user_id=lib.ada.id, **_METADATA
    ),
    "POST /users/<user_id>/ban": lambda lib: lib.sdk.users.ban(user_id=lib.ada.id),
    "POST /users/<user_id>/unban": lambda lib: lib.sdk.users.unban(user_id=lib.ada.id),
    "POST /users/ban": lambda lib: lib.sdk.users.bulk_ban(user_ids=[lib.ada.id]),
    "POST /users/unban": lambda lib: lib.sdk.users.bulk_unban(user_ids=[lib.ada.id]),
    "POST /users/<user_id>/verify_password": lambda lib: lib.sdk.users.verify_password(
        user_id=lib.ada.id, password=DEFAULT_PASSWORD
    ),
    "POST /users/<user_id>/remove_password": lambda lib: lib.sdk.users.remove_password(
        user_id=lib.ada.id
    ),
    "GET /users/<user_id>/organization_memberships": lambda lib: (
        lib.sdk.users.get_organization_memberships(user_id=lib.ada.id)
    ),
    "GET /organization_memberships": lambda lib: (
        lib.sdk.users.get_instance_organization_memberships()
    ),
    "POST /email_addresses": lambda lib: lib.sdk.email_addresses.create(
        request={"user_id": lib.ada.id, "email_address": "c@example.com", "verified": True}
    ),
    "GET /email_addresses/<email_address_id>": lambda lib: lib.sdk.email_addresses.get(
        email_address_id=_email(lib)
    ),
    "PATCH /email_addresses/<email_address_id>": lambda lib: lib.sdk.email_addresses.update(
        email_address_id=_email(lib), verified=True, primary=True
    ),
    "DELETE /email_addresses/<email_address_id>": lambda lib: lib.sdk.email_addresses.delete(
        email_address_id=_email(lib)
    ),
    "GET /sessions": _list_sessions,
    "POST /sessions": lambda lib: lib.sdk.sessions.create(request={"user_id": lib.ada.id}),
    "GET /sessions/<session_id>": lambda lib: lib.sdk.sessions.get(session_id=lib.session().id),
    "POST /sessions/<session_id>/revoke": lambda lib: lib.sdk.sessions.revoke(
        session_id=lib.session().id
    ),
    "POST /sessions/<session_id>/tokens": lambda lib: lib.sdk.sessions.create_token(
        session_id=lib.session().id, expires_in_seconds=60
    ),
    "POST /sessions/<session_id>/tokens/<template_name>": lambda lib: (
        lib.sdk.sessions.create_token_from_template(
            session_id=lib.session().id, template_name=lib.clerk.templates.get(_template(lib)).name
        )
    ),
    "POST /sessions/<session_id>/refresh as token": lambda lib: _refresh(lib, "token"),
    "POST /sessions/<session_id>/refresh as cookie": lambda lib: _refresh(lib, "cookie"),
    "GET /clients": _list_clients,
    "GET /clients/<client_id>": lambda lib: lib.sdk.clients.get(client_id=lib.session().client_id),
    "POST /clients/verify": _verify_client,
    "GET /organizations": lambda lib: lib.sdk.organizations.list(include_members_count=True),
    "POST /organizations": lambda lib: lib.sdk.organizations.create(
        request={"name": "New", "created_by": lib.ada.id, **_METADATA}
    ),
    "GET /organizations/<organization_id>": lambda lib: lib.sdk.organizations.get(
        organization_id=lib.engines.slug
    ),
    "PATCH /organizations/<organization_id>": lambda lib: lib.sdk.organizations.update(
        organization_id=lib.engines.id, name="Engines", max_allowed_memberships=3
    ),
    "PATCH /organizations/<organization_id>/metadata": lambda lib: (
        lib.sdk.organizations.merge_metadata(organization_id=lib.engines.id, **_METADATA)
    ),
    "PUT /organizations/<organization_id>/metadata": lambda lib: (
        lib.sdk.organizations.replace_metadata(organization_id=lib.engines.id, **_METADATA)
    ),
    "DELETE /organizations/<organization_id>": lambda lib: lib.sdk.organizations.delete(
        organization_id=lib.engines.id
    ),
    "GET /organizations/<organization_id>/memberships": lambda lib: (
        lib.sdk.organization_memberships.list(
            organization_id=lib.engines.id, order_by="-created_at", role=["org:admin"]
        )
    ),
    "POST /organizations/<organization_id>/memberships": lambda lib: (
        lib.sdk.organization_memberships.create(
            organization_id=lib.clerk.organizations.create("New").id,
            user_id=lib.ada.id,
            role="org:admin",
            **_METADATA,
        )
    ),
    "PATCH /organizations/<organization_id>/memberships/<user_id>": lambda lib: (
        lib.sdk.organization_memberships.update(
            organization_id=lib.engines.id, user_id=lib.grace.id, role="org:admin"
        )
    ),
    "PATCH /organizations/<organization_id>/memberships/<user_id>/metadata": lambda lib: (
        lib.sdk.organization_memberships.update_metadata(
            organization_id=lib.engines.id, user_id=lib.grace.id, **_METADATA
        )
    ),
    "DELETE /organizations/<organization_id>/memberships/<user_id>": lambda lib: (
        lib.sdk.organization_memberships.delete(
            organization_id=lib.engines.id, user_id=lib.grace.id
        )
    ),
    "GET /jwt_templates": _list_templates,
    "POST /jwt_templates": lambda lib: lib.sdk.jwt_templates.create(
        request={"name": "new", "claims": {"aud": "{{org.slug}}"}, "lifetime": 90}
    ),
    "GET /jwt_templates/<template_id>": lambda lib: lib.sdk.jwt_templates.get(
        template_id=_template(lib)
    ),
    "PATCH /jwt_templates/<template_id>": lambda lib: lib.sdk.jwt_templates.update(
        template_id=_template(lib), name="renamed", claims={}
    ),
    "DELETE /jwt_templates/<template_id>": lambda lib: lib.sdk.jwt_templates.delete(
        template_id=_template(lib)
    ),
    "POST /sign_in_tokens": lambda lib: lib.sdk.sign_in_tokens.create(
        request={"user_id": lib.ada.id}
    ),
    "POST /sign_in_tokens/<ticket_id>/revoke": lambda lib: lib.sdk.sign_in_tokens.revoke(
        sign_in_token_id=_ticket(lib)
    ),
    "POST /actor_tokens": lambda lib: lib.sdk.actor_tokens.create(
        request={"user_id": lib.ada.id, "actor": {"sub": "user_support"}}
    ),
    "POST /actor_tokens/<ticket_id>/revoke": lambda lib: lib.sdk.actor_tokens.revoke(
        actor_token_id=_actor_ticket(lib)
    ),
    "POST /testing_tokens": lambda lib: lib.sdk.testing_tokens.create(),
    "POST /api_keys": lambda lib: lib.sdk.api_keys.create_api_key(
        name="key", subject=lib.ada.id, scopes=["read"], seconds_until_expiration=60
    ),
    "GET /api_keys": _list_api_keys,
    "GET /api_keys/<token_id>": lambda lib: lib.sdk.api_keys.get_api_key(api_key_id=_api_key(lib)),
    "POST /api_keys/verify": _verify_api_key,
    "POST /api_keys/<token_id>/revoke": lambda lib: lib.sdk.api_keys.revoke_api_key(
        api_key_id=_api_key(lib), revocation_reason="lost"
    ),
    "POST /oauth_applications/access_tokens/verify": _oauth,
    "GET /machines": _list_machines,
    "POST /machines": lambda lib: lib.sdk.machines.create(request={"name": "new"}),
    "GET /machines/<machine_id>": lambda lib: lib.sdk.machines.get(machine_id=_machine(lib)),
    "GET /machines/<machine_id>/secret_key": lambda lib: lib.sdk.machines.get_secret_key(
        machine_id=_machine(lib)
    ),
    "DELETE /machines/<machine_id>": lambda lib: lib.sdk.machines.delete(machine_id=_machine(lib)),
    "GET /m2m_tokens": _list_m2m,
    "POST /m2m_tokens/verify": lambda lib: lib.sdk.m2m.verify_token(token=_m2m(lib)[1]),
    "POST /m2m_tokens/<token_id>/revoke": lambda lib: lib.sdk.m2m.revoke_token(
        m2m_token_id=_m2m(lib)[0]
    ),
}

#: What an OAuth token has besides, since @clerk/backend reads it.
BESIDES = [".type"]


#: What the library has no method for, and what only a machine may call: it has a test of its own.
ASKED_ELSEWHERE = {"GET /clients/handshake_payload", "POST /m2m_tokens"}


@pytest.mark.parametrize("name", CALLS)
def test_every_answer_is_read_by_the_official_models(library: Library, name: str) -> None:
    result = CALLS[name](library)
    assert library.endpoint == _endpoint(name)
    besides = BESIDES if CALLS[name] is _oauth else []
    assert unknown(library.answer, dumped(result)) == besides


def test_every_endpoint_is_asked_by_the_official_library(clerk: LocalClerk) -> None:
    v1 = "/__clerk/api/v1"
    served = {
        f"{method} {str(rule).removeprefix(v1)}"
        for rule in make_backend_app(clerk).url_map.iter_rules()
        if str(rule).startswith(v1) and not str(rule).startswith(f"{v1}/local/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {_endpoint(name) for name in CALLS} | ASKED_ELSEWHERE == served


def _endpoint(name: str) -> str:
    return name.partition(" as ")[0]


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_machine_of_the_official_library_gets_tokens(
    clerk: LocalClerk, token_format: str
) -> None:
    need_package("clerk_backend_api")
    from clerk_backend_api.models import TokenFormat

    machine = clerk.machines.create("worker")
    with serving(make_backend_app(clerk)) as url:
        library = Library(clerk, url, machine.secret_key)
        created = library.sdk.m2m.create_token(
            token_format=TokenFormat(token_format), claims={"a": 1}
        )
        library.close()
    assert library.endpoint == "POST /m2m_tokens"
    assert created.subject == machine.id
    assert unknown(library.answer, dumped(created)) == []


def test_refusals_are_read_as_clerk_errors(library: Library) -> None:
    from clerk_backend_api.models import ClerkErrors

    with pytest.raises(ClerkErrors) as caught:
        library.sdk.users.get(user_id="user_nobody")
    (error,) = caught.value.data.errors
    assert (caught.value.status_code, error.code) == (404, "resource_not_found")
    with pytest.raises(ClerkErrors) as caught:
        library.sdk.jwt_templates.create(request={"name": "a/b", "claims": {}})
    (error,) = caught.value.data.errors
    assert (caught.value.status_code, error.code) == (422, "form_param_value_invalid")


def test_a_wrong_key_is_read_as_a_clerk_error(clerk: LocalClerk) -> None:
    need_package("clerk_backend_api")
    from clerk_backend_api.models import ClerkErrors

    with serving(make_backend_app(clerk)) as url:
        library = Library(clerk, url, "sk_test_other")
        with pytest.raises(ClerkErrors) as caught:
            library.sdk.sessions.get(session_id="sess_1")
        library.close()
    assert caught.value.status_code == 401
    assert caught.value.data.errors[0].code == "clerk_key_invalid"


def test_the_official_library_verifies_a_session_token(library: Library) -> None:
    from clerk_backend_api.security import TokenVerificationError
    from clerk_backend_api.security import VerifyTokenOptions
    from clerk_backend_api.security import verify_token

    session = library.session()
    options = VerifyTokenOptions(secret_key=library.clerk.secret_key.value, api_url=library.url)
    token = library.clerk.minting.session_token(session, origin="http://localhost:5000")
    claims = verify_token(token, options)
    assert (claims["sub"], claims["sid"]) == (library.ada.id, session.id)
    assert claims["o"]["slg"] == "analytical-engines"
    with pytest.raises(TokenVerificationError):
        verify_token(token[:-8] + "AAAAAAAA", options)
