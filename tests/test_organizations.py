"""Flask URL rules that say which organization a URL activates."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk import ConfigurationError
from flask_clerk.core.config import ClerkConfig
from flask_clerk.core.organizations import Target
from flask_clerk.organizations import organization_matcher

RULES = {
    "organization_patterns": [
        "/orgs/<slug>",
        "/orgs/<slug>/<path:rest>",
        "/by-id/<id>",
        "/numbered/<int:id>",
    ],
    "personal_account_patterns": ["/me", "/me/<path:rest>"],
}


def config_of(**settings: Any) -> ClerkConfig:
    return ClerkConfig.load({"secret_key": "sk_test_x", **settings}, {}, {})


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/orgs/acme", Target(organization_slug="acme")),
        ("/orgs/acme/", Target(organization_slug="acme")),
        ("/orgs/acme/a/b", Target(organization_slug="acme")),
        ("/orgs/a%20b", Target(organization_slug="a b")),
        ("/orgs/%61cme", Target(organization_slug="acme")),
        ("/orgs/%2561cme", Target(organization_slug="%61cme")),
        ("/by-id/org_1", Target(organization_id="org_1")),
        ("/numbered/5", Target(organization_id="5")),
        ("/me", Target()),
        ("/me/settings", Target()),
        ("/", None),
        ("/orgs", None),
        ("/orgs/", None),
        ("//orgs/acme", Target(organization_slug="acme")),  # Flask redirects it to one slash
        ("/orgs//acme", None),
        ("/ORGS/acme", None),
        ("/other", None),
        ("", None),
        ("/orgs/%FF", Target(organization_slug="\N{REPLACEMENT CHARACTER}")),
    ],
)
def test_path_names_its_organization(path: str, target: Target | None) -> None:
    assert organization_matcher(config_of(**RULES))(path) == target


def test_without_rules_no_path_names_one() -> None:
    assert organization_matcher(config_of())("/orgs/acme") is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"organization_patterns": ["/orgs/<slug"]}, "no URL rule"),
        ({"organization_patterns": ["/orgs/<no-such:slug>"]}, "no URL rule"),
        ({"organization_patterns": ["/<slug>/<slug>"]}, "no URL rule"),
        ({"organization_patterns": ["/orgs/<name>"]}, "needs <slug> or <id>"),
        ({"organization_patterns": ["/orgs"]}, "needs <slug> or <id>"),
        ({"personal_account_patterns": ["/me/<"]}, "CLERK_PERSONAL_ACCOUNT_PATTERNS"),
    ],
    ids=str,
)
def test_rule_that_cannot_work_stops_the_app(settings: dict[str, Any], message: str) -> None:
    """Difference 8: Clerk's SDK passes over a bad pattern."""
    with pytest.raises(ConfigurationError, match=message):
        organization_matcher(config_of(**settings))
