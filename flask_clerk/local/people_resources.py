"""The JSON of users, organizations, memberships and roles, as Clerk's APIs have it."""

from __future__ import annotations

from typing import Any
from typing import Final

from .model import EmailAddress
from .model import Membership
from .model import Organization
from .model import Role
from .model import User
from .model import Verification
from .service import Service

_VERIFICATIONS: Final = {
    "email_code": "verification_otp",
    "password": "verification_password",
    "ticket": "verification_ticket",
    "admin": "verification_admin",
}

Json = dict[str, Any]


class PeopleResources(Service):
    """Turns people and what they belong to into Clerk's JSON. Times are Unix milliseconds."""

    def user(self, user: User, *, is_private: bool = False) -> Json:
        """Return a user.

        :param is_private: Whether private metadata is shown: to the Backend API only.
        """
        memberships = self._clerk.organizations.of_user(user.id)
        shown: Json = {
            "id": user.id,
            "object": "user",
            "external_id": user.external_id,
            "username": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "locale": None,
            "has_image": user.image_url is not None,
            "image_url": user.image_url or "",
            "profile_image_url": user.image_url or "",
            "primary_email_address_id": user.primary_email_address_id,
            "primary_phone_number_id": None,
            "primary_web3_wallet_id": None,
            "email_addresses": [self.email_address(email) for email in user.email_addresses],
            "phone_numbers": [],
            "web3_wallets": [],
            "passkeys": [],
            "external_accounts": [],
            "saml_accounts": [],
            "enterprise_accounts": [],
            "organization_memberships": [self._membership(each) for each in memberships],
            "public_metadata": user.public_metadata,
            "unsafe_metadata": user.unsafe_metadata,
            "password_enabled": user.password_hash is not None,
            "password_last_updated_at": user.password_last_updated_at,
            "two_factor_enabled": False,
            "totp_enabled": False,
            "backup_code_enabled": False,
            "mfa_enabled_at": None,
            "mfa_disabled_at": None,
            "banned": user.is_banned,
            "locked": False,
            "lockout_expires_in_seconds": None,
            "verification_attempts_remaining": None,
            "delete_self_enabled": True,
            "create_organization_enabled": self._clerk.settings.organizations_enabled,
            "create_organizations_limit": None,
            "last_sign_in_at": user.last_sign_in_at,
            "last_active_at": user.last_active_at,
            "legal_accepted_at": None,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
        }
        return {**shown, "private_metadata": user.private_metadata} if is_private else shown

    def email_address(self, email: EmailAddress) -> Json:
        """Return an email address."""
        return {
            "id": email.id,
            "object": "email_address",
            "email_address": email.email_address,
            "reserved": False,
            "verification": self.verification(email.verification),
            "linked_to": [],
            "matches_sso_connection": False,
            "created_at": email.created_at,
            "updated_at": email.updated_at,
        }

    def verification(self, verification: Verification | None) -> Json | None:
        """Return how far a proof has come; the code is never shown."""
        if verification is None:
            return None
        return {
            "object": _VERIFICATIONS[verification.strategy],
            "status": verification.status,
            "strategy": verification.strategy,
            "attempts": verification.attempts,
            "expire_at": verification.expire_at,
        }

    def public_user_data(self, user: User) -> Json:
        """Return what other members may see of a user."""
        return {
            "user_id": user.id,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "username": user.username,
            "identifier": user.identifier,
            "has_image": user.image_url is not None,
            "image_url": user.image_url or "",
            "profile_image_url": user.image_url or "",
            "banned": user.is_banned,
        }

    def organization(self, organization: Organization, *, is_private: bool = False) -> Json:
        """Return an organization.

        :param is_private: Whether private metadata is shown: to the Backend API only.
        """
        shown: Json = {
            "id": organization.id,
            "object": "organization",
            "name": organization.name,
            "slug": organization.slug,
            "has_image": organization.image_url is not None,
            "image_url": organization.image_url or "",
            "members_count": len(self._clerk.organizations.members(organization.id)),
            "pending_invitations_count": 0,
            "max_allowed_memberships": organization.max_allowed_memberships,
            "admin_delete_enabled": organization.is_admin_delete_enabled,
            "public_metadata": organization.public_metadata,
            "created_at": organization.created_at,
            "updated_at": organization.updated_at,
        }
        if not is_private:
            return shown
        creator = {"created_by": organization.created_by} if organization.created_by else {}
        return {**shown, **creator, "private_metadata": organization.private_metadata}

    def membership(self, membership: Membership, *, is_private: bool = False) -> Json:
        """Return a membership with its user's public data."""
        user = self._clerk.users.get(membership.user_id)
        shown = {
            **self._membership(membership, is_private=is_private),
            "public_user_data": self.public_user_data(user),
        }
        return {**shown, "private_metadata": membership.private_metadata} if is_private else shown

    def role(self, role: Role) -> Json:
        """Return a role with its permissions."""
        return {
            "object": "role",
            "id": f"role_{role.key.removeprefix('org:')}",
            "key": role.key,
            "name": role.name,
            "description": role.description,
            "is_creator_eligible": role.key == "org:admin",
            "permissions": [_permission(key, role) for key in role.permissions],
            "created_at": role.created_at,
            "updated_at": role.updated_at,
        }

    def _membership(self, membership: Membership, *, is_private: bool = False) -> Json:
        organization = self._clerk.organizations.get(membership.organization_id)
        role = self._clerk.organizations.role(membership.role)
        return {
            "id": membership.id,
            "object": "organization_membership",
            "role": membership.role,
            "role_name": role.name,
            "permissions": list(role.permissions),
            "public_metadata": membership.public_metadata,
            "organization": self.organization(organization, is_private=is_private),
            "created_at": membership.created_at,
            "updated_at": membership.updated_at,
        }


def _permission(key: str, role: Role) -> Json:
    is_system = key.startswith("org:sys_")
    return {
        "object": "permission",
        "id": f"perm_{key.removeprefix('org:')}",
        "key": key,
        "name": key.removeprefix("org:").replace(":", " "),
        "description": "",
        "type": "system" if is_system else "user",
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    }
