"""Organizations, who belongs to them, and who is invited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .collections import Collection
from .collections import Crud
from .collections import Pages
from .collections import T
from .collections import given
from .resources import Invitation
from .resources import Membership
from .resources import Organization


class Organizations(Crud[Organization]):
    """``/organizations``. ``get`` takes an id or a slug."""

    path = "/organizations"
    of = Organization

    def update_metadata(
        self,
        organization_id: str,
        *,
        public_metadata: Mapping[str, Any] | None = None,
        private_metadata: Mapping[str, Any] | None = None,
    ) -> Organization:
        """Merge into the metadata, deeply; a key set to ``None`` goes."""
        return self._metadata(
            "PATCH",
            self._at(organization_id),
            public_metadata=public_metadata,
            private_metadata=private_metadata,
        )

    def replace_metadata(
        self,
        organization_id: str,
        *,
        public_metadata: Mapping[str, Any] | None = None,
        private_metadata: Mapping[str, Any] | None = None,
    ) -> Organization:
        """Replace the kinds of metadata that are given, and leave the others."""
        return self._metadata(
            "PUT",
            self._at(organization_id),
            public_metadata=public_metadata,
            private_metadata=private_metadata,
        )


class _OfOrganization(Collection[T]):
    path = "/organizations"
    #: The name below an organization.
    name: str
    #: The path of those of all organizations.
    everywhere: str

    def list(
        self, organization_id: str | None = None, *, limit: int | None = None, **filters: Any
    ) -> Pages[T]:
        """Return those of an organization, or of all organizations of the instance.

        :param limit: How many at most; all unless given.
        :param filters: As Clerk's API reference names them.
        """
        path = self.everywhere if organization_id is None else self._below(organization_id)
        return self._pages(path, {**filters, "limit": limit})

    def _below(self, organization_id: str, *segments: str) -> str:
        return self._at(organization_id, self.name, *segments)


class Memberships(_OfOrganization[Membership]):
    """``/organizations/{id}/memberships``."""

    of = Membership
    name = "memberships"
    everywhere = "/organization_memberships"

    def create(
        self, organization_id: str, user_id: str, role: str, **metadata: Mapping[str, Any]
    ) -> Membership:
        """Make a user a member.

        :param role: Such as ``org:member``.
        :param metadata: ``public_metadata`` and ``private_metadata``.
        """
        body = {"user_id": user_id, "role": role, **metadata}
        return self._one("POST", self._below(organization_id), body)

    def update(self, organization_id: str, user_id: str, role: str) -> Membership:
        """Give a member another role."""
        return self._one("PATCH", self._below(organization_id, user_id), {"role": role})

    def delete(self, organization_id: str, user_id: str) -> Membership:
        """End a membership, and return what it was."""
        return self._one("DELETE", self._below(organization_id, user_id))

    def update_metadata(
        self,
        organization_id: str,
        user_id: str,
        *,
        public_metadata: Mapping[str, Any] | None = None,
        private_metadata: Mapping[str, Any] | None = None,
    ) -> Membership:
        """Merge into a membership's metadata, deeply; a key set to ``None`` goes."""
        return self._metadata(
            "PATCH",
            self._below(organization_id, user_id),
            public_metadata=public_metadata,
            private_metadata=private_metadata,
        )


class OrganizationInvitations(_OfOrganization[Invitation]):
    """``/organizations/{id}/invitations``."""

    of = Invitation
    name = "invitations"
    everywhere = "/organization_invitations"

    def get(self, organization_id: str, invitation_id: str) -> Invitation:
        """Return one.

        :raises ResourceNotFoundError: If there is none with this id.
        """
        return self._one("GET", self._below(organization_id, invitation_id))

    def create(
        self, organization_id: str, email_address: str, role: str, **fields: Any
    ) -> Invitation:
        """Invite somebody by mail.

        :param role: Such as ``org:member``.
        :param fields: ``inviter_user_id``, ``public_metadata``, ``private_metadata``,
            ``redirect_url``, ``expires_in_days``, ``notify``.
        """
        body = {"email_address": email_address, "role": role, **fields}
        return self._one("POST", self._below(organization_id), body)

    def revoke(
        self, organization_id: str, invitation_id: str, *, requesting_user_id: str | None = None
    ) -> Invitation:
        """Take an invitation back."""
        path = self._below(organization_id, invitation_id, "revoke")
        return self._one("POST", path, given(requesting_user_id=requesting_user_id))
