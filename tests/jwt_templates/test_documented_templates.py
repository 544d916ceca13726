"""Every template that Clerk's documentation shows, with the outcome it gives."""

from __future__ import annotations

from typing import Any

import pytest

from flask_clerk.jwt_templates import SESSION_RESERVED_CLAIMS
from flask_clerk.jwt_templates import RenderContext
from flask_clerk.jwt_templates import Template
from flask_clerk.jwt_templates import parse_claims
from flask_clerk.jwt_templates import render_claims

JOHN = {
    "first_name": "John",
    "last_name": None,
    "primary_email_address": "john@doe.org",
}

HIKER = {
    "public_metadata": {
        "interests": ["hiking", "knitting"],
        "addresses": {
            "Home": "2355 Pointe Lane, 56301 Minnesota",
            "Work": "3759 Newton Street, 33487 Florida",
        },
    }
}

# Verified by phone only, without names or metadata.
NAMELESS: dict[str, Any] = {
    "first_name": None,
    "last_name": None,
    "full_name": None,
    "email_verified": False,
    "phone_number_verified": True,
    "public_metadata": {},
    "unsafe_metadata": {},
}

MARIA = {
    "id": "user_abcdef123456789",
    "first_name": "Maria",
    "last_name": "Doe",
    "image_url": "https://example.com/avatar.jpg",
    "primary_email_address": "maria@example.com",
    "email_verified": True,
    "primary_phone_address": None,
    "created_at": 1227618844,
    "public_metadata": {"profile": {"interests": ["reading", "climbing"]}},
    "unsafe_metadata": {"foo": {"bar": 42}},
}

JWT_TEMPLATES = [
    pytest.param(
        {
            "aud": "https://example.com",
            "interests": ["hiking", "knitting"],
            "name": "{{user.first_name}}",
            "surname": "{{user.last_name}}",
            "email": "{{user.primary_email_address}}",
        },
        JOHN,
        {
            "aud": "https://example.com",
            "interests": ["hiking", "knitting"],
            "name": "John",
            "surname": None,
            "email": "john@doe.org",
        },
        id="static-and-dynamic",
    ),
    pytest.param(
        {
            "likes_to_do": "{{user.public_metadata.interests}}",
            "shipping_address": "{{user.public_metadata.addresses.Home}}",
        },
        HIKER,
        {
            "likes_to_do": ["hiking", "knitting"],
            "shipping_address": "2355 Pointe Lane, 56301 Minnesota",
        },
        id="metadata-with-dots",
    ),
    pytest.param(
        {"full_name": "{{user.last_name}} {{user.first_name}}"},
        JOHN,
        {"full_name": "null John"},
        id="interpolation-spells-null",
    ),
    pytest.param(
        {
            "has_verified_contact_info": "{{user.email_verified || user.phone_number_verified}}",
            "full_name": "{{user.full_name || 'Awesome User'}}",
            "age": "{{user.public_metadata.age || user.unsafe_metadata.age || 30 }}",
        },
        NAMELESS,
        {"has_verified_contact_info": True, "full_name": "Awesome User", "age": 30},
        id="conditional-expressions",
    ),
    pytest.param(
        {"greeting": "Awesome {{user.first_name || user.last_name || 'user'}}"},
        NAMELESS,
        {"greeting": "Awesome user"},
        id="conditional-inside-text",
    ),
    pytest.param(
        {
            "aud": "https://my-site.com",
            "version": 1,
            "foo": {"bar": [1, 2, 3]},
            "user_id": "{{user.id}}",
            "avatar": "{{user.image_url}}",
            "full_name": "{{user.last_name}} {{user.first_name}} ",
            "email": "{{user.primary_email_address}}",
            "phone": "{{user.primary_phone_address}}",
            "registration_date": "{{user.created_at}}",
            "likes_to_do": "{{user.public_metadata.profile.interests}}",
            "unsafe_meta": "{{user.unsafe_metadata}}",
            "invalid_shortcode": "{{user.i_dont_exist}}",
        },
        MARIA,
        {
            "aud": "https://my-site.com",
            "version": 1,
            "foo": {"bar": [1, 2, 3]},
            "user_id": "user_abcdef123456789",
            "avatar": "https://example.com/avatar.jpg",
            # The page prints no trailing space, although its template ends with one.
            "full_name": "Doe Maria ",
            "email": "maria@example.com",
            "phone": None,
            "registration_date": 1227618844,
            "likes_to_do": ["reading", "climbing"],
            "unsafe_meta": {"foo": {"bar": 42}},
            "invalid_shortcode": None,
        },
        id="complete-example",
    ),
]

ONBOARDING = {
    "onboardingComplete": True,
    "birthday": "2000-01-01",
    "country": "Canada",
    "bio": "Imagine six kilobytes of prose here.",
}

ACTOR = {"iss": "https://dashboard.clerk.com", "sid": "sess_456", "sub": "user_456"}

SESSION_TOKENS = [
    pytest.param(
        {"fullName": "{{user.full_name}}", "primaryEmail": "{{user.primary_email_address}}"},
        RenderContext(user={**MARIA, "full_name": "Maria Doe"}),
        {"fullName": "Maria Doe", "primaryEmail": "maria@example.com"},
        id="customise-session-token",
    ),
    pytest.param(
        {"metadata": "{{user.public_metadata}}"},
        RenderContext(user={"public_metadata": ONBOARDING}),
        {"metadata": ONBOARDING},
        id="whole-metadata",
    ),
    pytest.param(
        {"onboardingComplete": "{{user.public_metadata.onboardingComplete}}"},
        RenderContext(user={"public_metadata": ONBOARDING}),
        {"onboardingComplete": True},
        id="one-field-of-metadata",
    ),
    pytest.param(
        {"birthday": "{{user.public_metadata.birthday}}"},
        RenderContext(user={"public_metadata": ONBOARDING}),
        {"birthday": "2000-01-01"},
        id="force-token-refresh",
    ),
    pytest.param(
        {"userId": "{{user.external_id || user.id}}"},
        RenderContext(user={"id": "user_1", "external_id": "legacy-7"}),
        {"userId": "legacy-7"},
        id="migrated-user",
    ),
    pytest.param(
        {"userId": "{{user.external_id || user.id}}"},
        RenderContext(user={"id": "user_1", "external_id": None}),
        {"userId": "user_1"},
        id="user-who-was-not-migrated",
    ),
    pytest.param(
        {"org_name": "{{org.name}}"},
        RenderContext(org={"name": "Acme"}),
        {"org_name": "Acme"},
        id="organization-name",
    ),
    pytest.param(
        {"org_name": "{{org.name}}"},
        RenderContext(org=None),
        {"org_name": None},
        id="no-active-organization",
    ),
    pytest.param(
        {"reverification_id": "{{session.reverification_id}}"},
        RenderContext(session={"reverification_id": "rev_1"}),
        {"reverification_id": "rev_1"},
        id="reverification",
    ),
]


@pytest.mark.parametrize(("claims", "user", "expected"), JWT_TEMPLATES)
def test_documented_jwt_template_renders_as_documented(claims, user, expected):
    template = Template(name="documented", claims=claims)
    assert template.render(RenderContext(user=user)) == expected


@pytest.mark.parametrize(("claims", "context", "expected"), SESSION_TOKENS)
def test_documented_session_claims_render_as_documented(claims, context, expected):
    parsed = parse_claims(claims, reserved=SESSION_RESERVED_CLAIMS)
    assert render_claims(parsed, context) == expected


def test_impersonator_shows_in_a_template_that_asks_for_the_actor():
    template = Template(name="documented", claims={"act": "{{session.actor}}"})
    assert template.render(RenderContext(session={"actor": ACTOR})) == {"act": ACTOR}
    assert template.render(RenderContext(session={"actor": None})) == {"act": None}
