"""The customised session token over HTTP, which only a local Clerk has."""

from __future__ import annotations

import pytest

from flask_clerk.core.tokens import read_token
from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Session
from tests.local.backend_caller import Caller

PATH = "/local/session_token"


def test_what_is_put_there_is_in_the_next_token(
    backend: Caller, clerk: LocalClerk, session: Session
) -> None:
    claims = {"z": "{{user.first_name}}", "a": 1}

    assert backend("PUT", PATH, {"claims": claims}) == {"object": "session_token", "claims": claims}

    assert backend("GET", PATH)["claims"] == claims
    assert read_token(clerk.minting.session_token(session)).payload["z"] == "Ada"
    backend("PUT", PATH, {"claims": {}})
    assert "z" not in read_token(clerk.minting.session_token(session)).payload


@pytest.mark.parametrize(
    ("body", "status", "refusal"),
    [
        ({}, 422, ("form_param_missing", "claims")),
        ({"claims": []}, 422, ("form_param_type_invalid", "claims")),
        ({"claims": {"o": 1}}, 400, ("jwt_template_reserved_claim", "claims")),
        ({"claims": {}, "lifetime": 60}, 422, ("form_param_unknown", "lifetime")),
    ],
)
def test_what_does_not_fit_changes_nothing(
    backend: Caller, clerk: LocalClerk, body: object, status: int, refusal: tuple[str, str]
) -> None:
    clerk.templates.customise_session_token({"kept": 1})

    assert backend.refused("PUT", PATH, body, status=status) == refusal
    assert clerk.settings.session_token_claims == {"kept": 1}
