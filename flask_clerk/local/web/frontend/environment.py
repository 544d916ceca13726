"""``/v1/environment``: the instance's settings, by which the prebuilt components draw themselves.

``Client.Environment`` in Clerk's Frontend API; clerk-js fetches it before anything else.
"""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import jsonify

from ...instance import LocalClerk
from ...model import ADMIN
from ...model import MEMBER
from ...model import Settings
from ..current import current_local
from .browser import mount_path
from .routing import route
from .user_settings import user_settings


@route("GET", "/v1/environment")
@route("PATCH", "/v1/environment")
def get_environment() -> Response:
    """Return the settings; PATCH is how clerk-js asks in development, and changes nothing."""
    local = current_local()
    settings = local.settings
    nothing = {"enabled": False, "has_paid_plans": False}
    return jsonify(
        object="environment",
        id=local.state.instance_id,
        auth_config=_auth_config(local, settings),
        display_config=_display_config(local, settings),
        user_settings=user_settings(settings),
        organization_settings=_organization_settings(settings),
        fraud_settings={
            "object": "fraud_settings",
            "native": {"device_attestation_mode": "disabled"},
        },
        commerce_settings={
            "billing": {"stripe_publishable_key": None, "user": nothing, "organization": nothing}
        },
        api_keys_settings={
            "enabled": False, "user_api_keys_enabled": False, "orgs_api_keys_enabled": False,
        },
        protect_config={"object": "protect_config", "id": "", "loaders": []},
        client_debug_mode=False,
        partitioned_cookies=False,
        maintenance_mode=False,
    )  # fmt: skip


def _auth_config(local: LocalClerk, settings: Settings) -> dict[str, Any]:
    required = "required" if settings.names_required else "on"
    password = "required" if settings.password_enabled else "off"
    factors = ["password"] if settings.password_enabled else []
    factors += ["email_code"] if settings.email_code_enabled else []
    return {
        "object": "auth_config",
        "id": f"aconf_{local.state.instance_id}",
        "first_name": required,
        "last_name": required,
        "email_address": "required",
        "phone_number": "off",
        "username": "required" if settings.username_enabled else "off",
        "password": password,
        "identification_requirements": [["email_address"]],
        "identification_strategies": ["email_address"]
        + (["username"] if settings.username_enabled else []),
        "first_factors": [*factors, "ticket"],
        "second_factors": [],
        "email_address_verification_strategies": ["email_code"],
        "single_session_mode": settings.single_session_mode,
        "enhanced_email_deliverability": False,
        "test_mode": True,
        "url_based_session_syncing": True,
        "claimed_at": None,
        "reverification": False,
        "native_settings": {"api_enabled": False},
        "session_minter": False,
    }


def _display_config(local: LocalClerk, settings: Settings) -> dict[str, Any]:
    base = mount_path()
    urls = {
        "home_url": "/",
        "sign_in_url": f"{base}/sign-in",
        "sign_up_url": f"{base}/sign-up",
        "user_profile_url": f"{base}/account",
        "organization_profile_url": f"{base}/account",
        "create_organization_url": f"{base}/choose-organization",
        "waitlist_url": f"{base}/sign-up",
        "oauth_consent_url": "",
        "logo_link_url": "/",
        "help_url": None,
        "privacy_policy_url": None,
        "terms_url": None,
    }
    afters = (
        "sign_in", "sign_up", "sign_out_one", "sign_out_all", "switch_session",
        "join_waitlist", "leave_organization", "create_organization",
    )  # fmt: skip
    images = ("logo_image_url", "favicon_image_url", "logo_url", "favicon_url")
    captcha = ("public_key", "widget_type", "public_key_invisible", "provider")
    return {
        "object": "display_config",
        "id": f"display_config_{local.state.instance_id}",
        "instance_environment_type": "development",
        "application_name": settings.application_name,
        "theme": {"general": {}, "buttons": {}, "accounts": {}},
        "preferred_sign_in_strategy": "password" if settings.password_enabled else "otp",
        **urls,
        **{f"after_{name}_url": "/" for name in afters},
        **dict.fromkeys((*images, "logo_image", "favicon_image")),
        **{f"captcha_{name}": None for name in captcha},
        "captcha_oauth_bypass": [],
        "captcha_heartbeat": False,
        "support_email": None,
        "branded": False,
        "experimental_force_oauth_first": False,
        "clerk_js_version": None,
        "show_devmode_warning": True,
        "google_one_tap_client_id": None,
    }


def _organization_settings(settings: Settings) -> dict[str, Any]:
    return {
        "enabled": settings.organizations_enabled,
        "max_allowed_memberships": 0,
        "force_organization_selection": settings.force_organization_selection,
        "actions": {"admin_delete": True},
        "domains": {"enabled": False, "enrollment_modes": [], "default_role": MEMBER},
        "slug": {"disabled": False},
        "organization_creation_defaults": {"enabled": False},
        "creator_role": ADMIN,
    }
