"""``user_settings`` of the environment: what people sign in with and what they must supply.

``Client.UserSettings`` in Clerk's Frontend API.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import Final

from ...codes import EMAIL_CODE
from ...model import Settings
from ...users import MIN_PASSWORD_LENGTH

_MAX_PASSWORD_LENGTH: Final = 72
_OFF: Final = (
    "phone_number", "web3_wallet", "authenticator_app", "backup_code", "passkey",
)  # fmt: skip


def user_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as clerk-js reads them."""
    off = {"enabled": False}
    return {
        "attributes": _attributes(settings),
        "social": {},
        "saml": off,
        "enterprise_sso": {"enabled": False, "self_serve_sso": False},
        "sign_in": {"second_factor": {"required": False, "enabled": False}},
        "sign_up": {
            "captcha_enabled": False,
            "captcha_widget_type": "invisible",
            "custom_action_required": False,
            "progressive": True,
            "mode": "public" if settings.sign_up_enabled else "restricted",
            "legal_consent_enabled": False,
            "mfa": {"required": False},
        },
        "restrictions": {
            "allowlist": off,
            "blocklist": off,
            "allowlist_blocklist_disabled_on_sign_in": off,
            "block_email_subaddresses": off,
            "block_disposable_email_domains": off,
        },
        "password_settings": _password_settings(),
        "username_settings": {
            "min_length": 4,
            "max_length": 64,
            "allow_extended_special_characters": True,
            "allow_numeric_usernames": True,
        },
        "actions": {
            "delete_self": True,
            "create_organization": settings.organizations_enabled,
            "create_organizations_limit": None,
        },
        "attack_protection": {
            "user_lockout": {"enabled": False, "max_attempts": 100, "duration_in_minutes": 60},
            "pii": {"enabled": False},
            "email_link": {"require_same_client": True},
            "enumeration_protection": {"enabled": False},
        },
        "passkey_settings": {
            "allow_autofill": False,
            "show_sign_in_button": False,
            "satisfies_second_factor": False,
        },
    }


def _attributes(settings: Settings) -> dict[str, Any]:
    codes = [EMAIL_CODE]
    name = _attribute(True, is_required=settings.names_required)
    username = _attribute(True, is_required=True, is_identifier=True)
    password = _attribute(True, is_required=True)
    return {
        "email_address": _attribute(
            True,
            is_required=True,
            is_identifier=True,
            first_factors=codes if settings.email_code_enabled else (),
            verifications=codes,
        ),
        "username": username if settings.username_enabled else _attribute(),
        "first_name": name,
        "last_name": name,
        "password": password if settings.password_enabled else _attribute(),
        "ticket": _attribute(True),
        **{each: _attribute() for each in _OFF},
    }


def _attribute(
    is_on: bool = False,
    *,
    is_required: bool = False,
    is_identifier: bool = False,
    first_factors: Sequence[str] = (),
    verifications: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "enabled": is_on,
        "required": is_required,
        "used_for_first_factor": is_identifier,
        "first_factors": list(first_factors),
        "used_for_second_factor": False,
        "second_factors": [],
        "verifications": list(verifications),
        "verify_at_sign_up": bool(verifications),
        "immutable": False,
    }


def _password_settings() -> dict[str, Any]:
    return {
        "disable_hibp": True,
        "disable_password_reverification": False,
        "min_length": MIN_PASSWORD_LENGTH,
        "max_length": _MAX_PASSWORD_LENGTH,
        "require_special_char": False,
        "require_numbers": False,
        "require_uppercase": False,
        "require_lowercase": False,
        "show_zxcvbn": False,
        "min_zxcvbn_strength": 0,
        "enforce_hibp_on_sign_in": False,
        "allowed_special_characters": "",
    }
