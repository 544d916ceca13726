"""Who may call the Backend API, and how it answers what it refuses."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from flask_clerk.local import LocalClerk
from tests.local.backend_caller import Caller
from tests.local.backend_caller import make_backend_app


@pytest.fixture
def app(clerk: LocalClerk) -> Flask:
    return make_backend_app(clerk)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "authentication_invalid"),
        ("", "authentication_invalid"),
        ("Bearer", "authorization_header_format_invalid"),
        ("Bearer ", "authorization_header_format_invalid"),
        ("Basic {key}", "authorization_header_format_invalid"),
        ("{key}", "authorization_header_format_invalid"),
        ("Bearer sk_test_other", "clerk_key_invalid"),
        ("Bearer {key}x", "clerk_key_invalid"),
        ("Bearer x{key}", "clerk_key_invalid"),
        ("Bearer {key} {key}", "clerk_key_invalid"),
        ("Bearer sk_test_\u00fc", "clerk_key_invalid"),
    ],
)
def test_without_the_secret_key_nothing_is_answered(
    app: Flask, clerk: LocalClerk, header: str | None, code: str
) -> None:
    headers = {}
    if header is not None:
        headers["Authorization"] = header.format(key=clerk.secret_key.value)
    for path in ("/jwks", "/users", "/nothing", "/m2m_tokens"):
        response = app.test_client().get(f"/__clerk/api/v1{path}", headers=headers)
        assert response.status_code == 401
        assert response.get_json()["errors"][0]["code"] == code
        assert clerk.secret_key.value not in response.text


def test_a_machine_key_opens_only_what_machines_call(backend: Caller, clerk: LocalClerk) -> None:
    key = clerk.machines.create("worker").secret_key
    assert backend.refused("GET", "/users", key=key, status=401)[0] == "clerk_key_invalid"
    assert backend.refused("GET", "/machines", key=key, status=401)[0] == "clerk_key_invalid"
    assert backend("POST", "/m2m_tokens", key=key, status=201)["token"].startswith("mt_")


def test_bearer_is_read_whatever_its_case(app: Flask, clerk: LocalClerk) -> None:
    headers = {"Authorization": f"bearer {clerk.secret_key.value}"}
    assert app.test_client().get("/__clerk/api/v1/jwks", headers=headers).json == clerk.jwks()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/invitations"),
        ("PUT", "/users"),
        ("DELETE", "/jwks"),
        ("POST", "/users/user_1/nothing"),
        ("POST", "/users/user_1/lock"),
        ("GET", "/users/"),
    ],
)
def test_an_unknown_path_or_method_is_not_found(backend: Caller, method: str, path: str) -> None:
    assert backend.refused(method, path, status=404)[0] == "resource_not_found"


@pytest.mark.parametrize("body", ["[]", '"text"', "{", "null", "1", "\xff", "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(app: Flask, clerk: LocalClerk, body: str) -> None:
    response = app.test_client().post(
        "/__clerk/api/v1/users",
        data=body.encode("latin-1"),
        headers={"Authorization": f"Bearer {clerk.secret_key.value}"},
    )
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["code"] == "request_body_invalid"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"surname": "L"}, "form_param_unknown", "surname"),
        ({"first_name": 1}, "form_param_type_invalid", "first_name"),
        ({"first_name": True}, "form_param_type_invalid", "first_name"),
        ({"email_address": "a@example.com"}, "form_param_type_invalid", "email_address"),
        ({"email_address": [1]}, "form_param_type_invalid", "email_address"),
        ({"email_address": ["nobody"]}, "form_param_format_invalid", "email_address"),
        ({"public_metadata": []}, "form_param_type_invalid", "public_metadata"),
        ({"banned": "yes"}, "form_param_type_invalid", "banned"),
        ({"password": "short"}, "form_password_length_too_short", "password"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    backend: Caller, body: object, code: str, param: str
) -> None:
    assert backend.refused("POST", "/users", body, status=422) == (code, param)
    assert backend("GET", "/users/count")["total_count"] == 3


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "\u0661"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "1.5"}, "offset"),
        ({"offset": "9" * 5000}, "offset"),
        ({"order_by": "password_hash"}, "order_by"),
        ({"banned": "maybe"}, "banned"),
        ({"created_at_before": "yesterday"}, "created_at_before"),
    ],
)
def test_a_query_that_does_not_fit_is_named(
    backend: Caller, query: dict[str, str], param: str
) -> None:
    refused = backend.refused("GET", "/users", status=422, **query)
    assert refused == ("form_param_value_invalid", param)


def test_told_to_fail_it_fails_so_often_and_says_when_to_come_back(
    backend: Caller, clerk: LocalClerk
) -> None:
    clerk.faults.limit("backend", retry_after=7, times=1)
    clerk.faults.fail("backend", 503, retry_after=3, times=1)
    clerk.faults.fail("backend", times=1)
    limited = backend.open("GET", "/jwks")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert limited.get_json()["errors"][0]["code"] == "too_many_requests"
    unavailable = backend.open("GET", "/jwks")
    assert (unavailable.status_code, unavailable.headers["Retry-After"]) == (503, "3")
    broken = backend.open("GET", "/jwks")
    assert broken.get_json()["errors"][0]["code"] == "internal_clerk_error"
    assert (broken.status_code, broken.headers.get("Retry-After")) == (500, None)
    assert backend("GET", "/jwks") == clerk.jwks()


def test_told_to_hang_it_answers_late(backend: Caller, clerk: LocalClerk) -> None:
    clerk.faults.hang("backend", 0.05, times=1)
    began = time.monotonic()
    assert backend("GET", "/jwks") == clerk.jwks()
    assert time.monotonic() - began >= 0.05


def test_a_fault_of_the_frontend_is_none_here(backend: Caller, clerk: LocalClerk) -> None:
    clerk.faults.fail("frontend")
    assert backend("GET", "/jwks") == clerk.jwks()
