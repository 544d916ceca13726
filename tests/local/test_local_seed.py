from __future__ import annotations

import json

import pytest

from flask_clerk.local import SeedError
from flask_clerk.local import load_seed
from flask_clerk.local import seed
from tests.local.instances import ALAN


def test_the_default_seed_has_an_admin_a_member_and_a_loner(clerk, ada):
    assert ada.public_metadata == {"role": "admin"}
    engines = clerk.organizations.get("analytical-engines")
    roles = {
        clerk.users.get(each.user_id).first_name: each.role
        for each in clerk.organizations.members(engines.id)
    }
    assert roles == {"Ada": "org:admin", "Grace": "org:member"}
    assert clerk.users.find(ALAN) is not None


def test_seeding_again_changes_nothing_that_is_there(clerk, ada):
    clerk.users.update(ada.id, first_name="Augusta")
    seed(clerk)
    assert clerk.users.get(ada.id).first_name == "Augusta"
    assert len(clerk.users.search()) == 3


def test_a_seed_brings_roles_templates_claims_and_settings(clerk):
    seed(
        clerk,
        {
            "roles": [{"key": "org:accountant", "permissions": ["org:invoices:read"]}],
            "jwt_templates": [{"name": "api", "claims": {"aud": "api"}}],
            "session_token": {"role": "{{user.public_metadata.role}}"},
            "settings": {"inactivity_timeout": 600},
        },
    )
    assert clerk.organizations.role("accountant").permissions == ("org:invoices:read",)
    assert clerk.templates.get("api").template.claims == {"aud": "api"}
    assert clerk.settings.inactivity_timeout == 600


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"user": []}, "unknown field 'user'; did you mean 'users'?"),
        ({"users": {}}, "users must be a list"),
        ({"users": [{}]}, r"users\[0\]: add 'email'"),
        ({"users": [{"email": "x"}]}, r"users\[0\]: .*valid email"),
        ({"users": [{"email": "a@b.ch", "password": "x"}]}, r"users\[0\]: .*8 characters"),
        (
            {"organizations": [{"name": "A", "slug": "a", "members": [{"user": "b@b.ch"}]}]},
            r"organizations\[0\]: Nobody has the address b@b.ch",
        ),
        ({"jwt_templates": [{"name": "a", "claims": {"sub": 1}}]}, r"jwt_templates\[0\]: .*sub"),
        ({"settings": {"token_lifetime": "long"}}, "settings: token_lifetime must be"),
    ],
)
def test_a_wrong_seed_says_where_and_adds_nothing(clerk, data, message):
    with pytest.raises(SeedError, match=f"^clerk.json.*{message}"):
        seed(clerk, data, source="clerk.json")
    assert len(clerk.users.search()) == 3


def test_a_seed_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(SeedError, match="cannot be read"):
        load_seed(tmp_path / "none.json")
    path = tmp_path / "seed.json"
    path.write_text("[]")
    with pytest.raises(SeedError, match="JSON object"):
        load_seed(path)
    path.write_text(json.dumps({"users": []}))
    assert load_seed(path) == {"users": []}
