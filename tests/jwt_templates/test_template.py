"""A template as the Backend API stores it."""

from __future__ import annotations

import dataclasses

import pytest

from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import ReservedClaimError
from flask_clerk.jwt_templates import ShortcodeError
from flask_clerk.jwt_templates import Template
from flask_clerk.jwt_templates import TemplateError

ANSWER = {
    "object": "jwt_template",
    "id": "jtmp_1",
    "name": "supabase",
    "claims": {"role": "authenticated", "email": "{{user.primary_email_address}}"},
    "lifetime": 3600,
    "allowed_clock_skew": 10,
    "custom_signing_key": True,
    "signing_algorithm": "HS256",
    "created_at": 1_700_000_000_000,
    "updated_at": 1_700_000_000_000,
}

WRONG_FIELDS = [
    pytest.param({"lifetime": 29}, "lifetime", "from 30 to 315360000", id="lifetime-short"),
    pytest.param({"lifetime": 315_360_001}, "lifetime", "from 30", id="lifetime-long"),
    pytest.param({"lifetime": 60.0}, "lifetime", "whole number", id="lifetime-float"),
    pytest.param({"lifetime": True}, "lifetime", "whole number", id="lifetime-bool"),
    pytest.param({"lifetime": "60"}, "lifetime", "whole number", id="lifetime-text"),
    pytest.param({"allowed_clock_skew": -1}, "allowed_clock_skew", "from 0 to 300", id="skew-low"),
    pytest.param({"allowed_clock_skew": 301}, "allowed_clock_skew", "from 0", id="skew-high"),
    pytest.param({"allowed_clock_skew": True}, "allowed_clock_skew", "whole", id="skew-bool"),
    pytest.param({"name": "."}, "name", "use letters", id="name-dot"),
    pytest.param({"name": ""}, "name", "use letters", id="name-empty"),
    pytest.param({"name": 7}, "name", "use letters", id="name-number"),
    pytest.param({"name": ".."}, "name", "use letters", id="name-dots"),
    pytest.param({"name": "a/b"}, "name", "use letters", id="name-slash"),
    pytest.param({"name": "a?b"}, "name", "use letters", id="name-query"),
    pytest.param({"name": "a%2Fb"}, "name", "use letters", id="name-percent"),
    pytest.param({"name": " a"}, "name", "use letters", id="name-space"),
    pytest.param({"name": "a\nb"}, "name", "use letters", id="name-newline"),
    pytest.param({"custom_signing_key": "yes"}, "custom_signing_key", "true or", id="custom"),
    pytest.param({"signing_algorithm": ""}, "signing_algorithm", "RS256", id="algorithm-empty"),
    pytest.param({"signing_algorithm": 256}, "signing_algorithm", "RS256", id="algorithm-number"),
]


def test_defaults_are_clerks():
    template = Template(name="api", claims={})
    assert (template.lifetime, template.allowed_clock_skew) == (60, 5)
    assert template.to_json() == {
        "name": "api",
        "claims": {},
        "lifetime": 60,
        "allowed_clock_skew": 5,
        "custom_signing_key": False,
        "signing_algorithm": "RS256",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lifetime", 30),
        ("lifetime", 315_360_000),
        ("allowed_clock_skew", 0),
        ("allowed_clock_skew", 300),
        ("name", "My template-1_x"),
    ],
)
def test_limits_are_inclusive(field, value):
    assert getattr(Template(**{"name": "api", "claims": {}, field: value}), field) == value


@pytest.mark.parametrize(("fields", "where", "advice"), WRONG_FIELDS)
def test_wrong_field_is_refused_with_advice(fields, where, advice):
    with pytest.raises(TemplateError, match=advice) as caught:
        Template(**{"name": "api", "claims": {}, **fields})
    assert caught.value.where == where
    with pytest.raises(TemplateError, match=advice):
        Template.from_json({"name": "api", "claims": {}, "signing_algorithm": "RS256", **fields})


def test_answer_of_the_backend_api_comes_back_whole():
    fields = Template.from_json(ANSWER).to_json()
    assert fields == {name: ANSWER[name] for name in fields}
    assert Template.from_json(fields) == Template.from_json(ANSWER)


def test_nulls_are_defaults():
    nulls = dict.fromkeys(("lifetime", "allowed_clock_skew", "signing_algorithm"))
    assert Template.from_json({"name": "api", "claims": {}, **nulls}) == Template("api", {})


def test_private_signing_key_is_not_kept():
    template = Template.from_json({**ANSWER, "signing_key": "s3cret"})
    assert "s3cret" not in repr(template)
    assert "signing_key" not in template.to_json()


@pytest.mark.parametrize("field", ["name", "claims"])
@pytest.mark.parametrize("change", [lambda d, f: d.pop(f), lambda d, f: d.update({f: None})])
def test_missing_field_is_named(field, change):
    data = dict(ANSWER)
    change(data, field)
    with pytest.raises(TemplateError, match=f"Add the field '{field}'") as caught:
        Template.from_json(data)
    assert caught.value.where == field


def test_custom_signing_key_needs_an_algorithm():
    with pytest.raises(TemplateError, match="Add the field 'signing_algorithm'"):
        Template.from_json({**ANSWER, "signing_algorithm": None})


@pytest.mark.parametrize("data", [None, [], "{}"], ids=repr)
def test_json_that_is_no_object_is_refused(data):
    with pytest.raises(TemplateError, match="must be a JSON object"):
        Template.from_json(data)


def test_claims_are_checked_when_the_template_is_made():
    with pytest.raises(ReservedClaimError, match="sub"):
        Template("api", {"sub": "{{user.id}}"})
    with pytest.raises(ShortcodeError, match="add }}"):
        Template("api", {"name": "{{user.id"})
    with pytest.raises(TemplateError, match="must be a JSON object"):
        Template("api", ["aud"])  # type: ignore[arg-type]


def test_later_changes_outside_do_not_reach_the_template():
    claims = {"roles": ["{{user.id}}"]}
    template = Template("api", claims)
    claims["roles"].append("sub")
    template.to_json()["claims"]["roles"].append("sub")
    assert template.claims == {"roles": ["{{user.id}}"]}
    assert template.render(RenderContext(user={"id": "u"})) == {"roles": ["u"]}


def test_template_is_frozen_hashable_and_replaceable():
    template = Template("api", {"a": "{{user.id}}"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        template.lifetime = 90  # type: ignore[misc]
    longer = dataclasses.replace(template, lifetime=90, claims={"a": "{{org.id}}"})
    assert longer.render(RenderContext(org={"id": "o"})) == {"a": "o"}
    assert hash(template) == hash(Template("api", {"a": "{{user.id}}"}))
    assert len({template, longer}) == 2


def test_parsed_claims_are_offered_to_those_who_inspect_a_template():
    ((where, shortcode),) = Template("api", {"a": "{{user.id}}"}).parsed.shortcodes()
    assert (where, shortcode.operands[0].shortcode) == ("a", "user.id")
