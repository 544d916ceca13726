"""Organizations, memberships and roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from typing import Final

from . import errors
from .ids import new_id
from .ids import new_secret
from .model import ADMIN
from .model import Membership
from .model import Organization
from .model import Role
from .model import Session
from .service import Service
from .service import merge
from .store import Transaction

_ROLE: Final = re.compile(r"org:[a-z0-9_-]+")
_PERMISSION: Final = re.compile(r"org:[a-z0-9_-]+:[a-z0-9_-]+")
_METADATA: Final = ("public_metadata", "private_metadata")
_FIELDS: Final = frozenset(
    {"name", "image_url", "features", "plans", "max_allowed_memberships",
     "is_admin_delete_enabled", *_METADATA}
)  # fmt: skip


class Organizations(Service):
    """The organizations of an instance."""

    def create(
        self,
        name: str,
        *,
        slug: str | None = None,
        created_by: str | None = None,
        **fields: Any,
    ) -> Organization:
        """Create an organization; whoever creates it becomes its admin.

        :param slug: Made from the name unless given.
        :param created_by: A user's id.
        :param fields: ``image_url``, ``public_metadata``, ``private_metadata``, ``features``,
            ``plans``, ``max_allowed_memberships``, ``is_admin_delete_enabled``.
        :raises LocalClerkError: ``form_param_missing``, ``form_identifier_exists`` for the slug.
        """
        if not name.strip():
            raise errors.param_missing("name")
        now = self._now
        with self._write() as tx:
            organization = Organization(
                id=new_id("org"),
                name=name.strip(),
                slug=slug or _free_slug(tx, name),
                created_by=created_by,
                created_at=now,
                updated_at=now,
                **_checked(fields),
            )
            if tx.find(Organization, slug=organization.slug):
                raise errors.identifier_exists("slug")
            tx.put(organization)
            self._clerk.outbox.emit_organization("organization.created", organization)
            if created_by is not None:
                self.add_member(organization.id, created_by, ADMIN)
        return organization

    def get(self, id_or_slug: str) -> Organization:
        """Return an organization.

        :raises LocalClerkError: ``resource_not_found``.
        """
        organization = self.find(id_or_slug)
        if organization is None:
            raise errors.not_found("organization", id_or_slug)
        return organization

    def find(self, id_or_slug: str) -> Organization | None:
        """Return the organization with this id or slug."""
        with self._read() as tx:
            by_slug = tx.find(Organization, slug=id_or_slug)
            return tx.get(Organization, id_or_slug) or (by_slug[0] if by_slug else None)

    def search(self, query: str | None = None) -> list[Organization]:
        """Return the organizations, newest first.

        :param query: Part of an id, name or slug, whatever the case.
        """
        with self._read() as tx:
            found = tx.all(Organization)[::-1]
        asked = (query or "").lower()
        return [each for each in found if asked in f"{each.id} {each.name} {each.slug}".lower()]

    def update(self, organization_id: str, **changes: Any) -> Organization:
        """Change fields of an organization; metadata is replaced whole.

        :param changes: ``name``, ``slug`` and the ``fields`` of :meth:`create`.
        """
        slug = changes.pop("slug", None)
        with self._write() as tx:
            organization = self.get(organization_id)
            if slug and slug != organization.slug:
                if tx.find(Organization, slug=slug):
                    raise errors.identifier_exists("slug")
                organization = replace(organization, slug=slug)
            return self._put(tx, replace(organization, **_checked(changes)))

    def merge_metadata(
        self, organization_id: str, **metadata: Mapping[str, Any] | None
    ) -> Organization:
        """Merge into ``public_metadata`` and ``private_metadata``; a null removes its key."""
        with self._write() as tx:
            organization = self.get(organization_id)
            return self._put(tx, replace(organization, **_merged(organization, metadata)))

    def delete(self, organization_id: str) -> Organization:
        """Delete an organization with its memberships, and return what it was."""
        with self._write() as tx:
            organization = self.get(organization_id)
            for membership in tx.find(Membership, organization_id=organization.id):
                self.remove_member(organization.id, membership.user_id)
            tx.delete(organization)
            self._clerk.outbox.emit_deleted("organization.deleted", "organization", organization.id)
            return organization

    def add_member(
        self, organization_id: str, user_id: str, role: str = "org:member", **metadata: Any
    ) -> Membership:
        """Make a user a member.

        :param metadata: ``public_metadata``, ``private_metadata``.
        :raises LocalClerkError: ``already_a_member_in_organization``, ``resource_not_found``.
        """
        now = self._now
        with self._write() as tx:
            organization, user = self.get(organization_id), self._clerk.users.get(user_id)
            if self.membership(user.id, organization.id) is not None:
                raise errors.already_a_member(user_id)
            membership = Membership(
                id=new_id("orgmem"),
                user_id=user.id,
                organization_id=organization.id,
                role=self.role(role).key,
                created_at=now,
                updated_at=now,
                **_checked(metadata),
            )
            tx.put(membership)
            self._clerk.outbox.emit_membership("organizationMembership.created", membership)
        return membership

    def update_member(self, organization_id: str, user_id: str, role: str) -> Membership:
        """Give a member another role; tokens minted from now on say so."""
        with self._write() as tx:
            membership = self._membership(user_id, organization_id)
            return self._put_membership(tx, replace(membership, role=self.role(role).key))

    def merge_member_metadata(
        self, organization_id: str, user_id: str, **metadata: Mapping[str, Any] | None
    ) -> Membership:
        """Merge into a membership's metadata; a null removes its key."""
        with self._write() as tx:
            membership = self._membership(user_id, organization_id)
            return self._put_membership(tx, replace(membership, **_merged(membership, metadata)))

    def remove_member(self, organization_id: str, user_id: str) -> Membership:
        """End a membership; sessions lose the organization as their active one."""
        with self._write() as tx:
            membership = self._membership(user_id, organization_id)
            payload = self._clerk.outbox.membership_json(membership)
            tx.delete(membership)
            for session in tx.find(Session, user_id=user_id):
                if session.last_active_organization_id == membership.organization_id:
                    self._clerk.sessions.set_organization(session.id, None)
            self._clerk.outbox.emit("organizationMembership.deleted", payload)
            return membership

    def membership(self, user_id: str, organization_id: str) -> Membership | None:
        """Return a user's membership in an organization."""
        return next(
            (each for each in self.of_user(user_id) if each.organization_id == organization_id),
            None,
        )

    def of_user(self, user_id: str) -> list[Membership]:
        """Return the memberships of a user."""
        with self._read() as tx:
            return tx.find(Membership, user_id=user_id)

    def members(self, organization_id: str) -> list[Membership]:
        """Return the memberships in an organization."""
        with self._read() as tx:
            return tx.find(Membership, organization_id=organization_id)

    def roles(self) -> list[Role]:
        """Return the roles of the instance."""
        with self._read() as tx:
            return tx.all(Role)

    def role(self, key: str) -> Role:
        """Return a role.

        :param key: With or without ``org:``.
        :raises LocalClerkError: ``resource_not_found``.
        """
        full = key if key.startswith("org:") else f"org:{key}"
        with self._read() as tx:
            role = tx.get(Role, full)
        if role is None:
            raise errors.not_found("role", key)
        return role

    def put_role(
        self, key: str, *, name: str | None = None, permissions: Sequence[str] = ()
    ) -> Role:
        """Create a role or change what it may do.

        :param permissions: All of them, such as ``org:invoices:manage``.
        :raises LocalClerkError: ``form_param_format_invalid``.
        """
        if not _ROLE.fullmatch(key):
            raise errors.param_format_invalid("key", f"{key} must look like org:accountant.")
        for permission in permissions:
            if not _PERMISSION.fullmatch(permission):
                raise errors.param_format_invalid(
                    "permissions", f"{permission} must look like org:invoices:manage."
                )
        now = self._now
        with self._write() as tx:
            old = tx.get(Role, key)
            role = Role(
                id=key,
                name=name or (old.name if old else key.removeprefix("org:").title()),
                permissions=tuple(permissions),
                created_at=old.created_at if old else now,
                updated_at=now,
            )
            tx.put(role)
        return role

    def _membership(self, user_id: str, organization_id: str) -> Membership:
        organization = self.get(organization_id)
        membership = self.membership(user_id, organization.id)
        if membership is None:
            raise errors.not_found("organization membership", user_id)
        return membership

    def _put(self, tx: Transaction, organization: Organization) -> Organization:
        organization = replace(organization, updated_at=self._now)
        tx.put(organization)
        self._clerk.outbox.emit_organization("organization.updated", organization)
        return organization

    def _put_membership(self, tx: Transaction, membership: Membership) -> Membership:
        membership = replace(membership, updated_at=self._now)
        tx.put(membership)
        self._clerk.outbox.emit_membership("organizationMembership.updated", membership)
        return membership


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if name not in _FIELDS:
            raise TypeError(f"An organization has no field {name!r}.")
        if name in _METADATA and not isinstance(value, Mapping):
            raise errors.param_invalid(name, f"{name} must be an object.")
    return {
        name: tuple(value) if name in ("features", "plans") else value
        for name, value in fields.items()
    }


def _merged(
    holder: Organization | Membership, metadata: Mapping[str, Mapping[str, Any] | None]
) -> dict[str, Any]:
    return {
        name: merge(getattr(holder, name), dict(change))
        for name, change in metadata.items()
        if name in _METADATA and change is not None
    }


def _free_slug(tx: Transaction, name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "organization"
    return f"{slug}-{new_secret(6).lower()}" if tx.find(Organization, slug=slug) else slug
