"""Organizations, who belongs to them, and what roles may do."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar
from typing import Final

from .document import Document

#: Clerk's own permissions ("Roles and permissions"); no session token carries them.
SYSTEM_PERMISSIONS: Final = (
    "org:sys_profile:manage",
    "org:sys_profile:delete",
    "org:sys_memberships:read",
    "org:sys_memberships:manage",
    "org:sys_domains:read",
    "org:sys_domains:manage",
    "org:sys_billing:read",
    "org:sys_billing:manage",
    "org:sys_entconns:manage",
)
_MEMBER_PERMISSIONS: Final = ("org:sys_memberships:read", "org:sys_billing:read")

ADMIN: Final = "org:admin"
MEMBER: Final = "org:member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization(Document):
    """A group of users.

    :param features: Slugs of the features that the organization's plan enables.
    :param plans: Slugs of the organization's plans.
    """

    kind: ClassVar[str] = "organization"
    indexes: ClassVar[tuple[str, ...]] = ("slug",)

    id: str
    name: str
    slug: str
    created_at: int
    updated_at: int
    created_by: str | None = None
    image_url: str | None = None
    public_metadata: dict[str, Any] = field(default_factory=dict)
    private_metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    features: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    max_allowed_memberships: int = 0
    is_admin_delete_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Document):
    """One user in one organization."""

    kind: ClassVar[str] = "membership"
    indexes: ClassVar[tuple[str, ...]] = ("user_id", "organization_id")

    id: str
    user_id: str
    organization_id: str
    role: str
    created_at: int
    updated_at: int
    public_metadata: dict[str, Any] = field(default_factory=dict)
    private_metadata: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Document):
    """What members with this role may do.

    :param id: The key, such as ``org:admin``.
    :param permissions: Keys such as ``org:invoices:manage``.
    """

    kind: ClassVar[str] = "role"

    id: str
    name: str
    created_at: int
    updated_at: int
    description: str = ""
    permissions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The role's key, such as ``org:admin``."""
        return self.id

    @property
    def custom_permissions(self) -> tuple[str, ...]:
        """The permissions that an app defined; only these come in session tokens."""
        return tuple(key for key in self.permissions if not key.startswith("org:sys_"))


def default_roles(now: int) -> tuple[Role, ...]:
    """Return the two roles that every instance begins with.

    :param now: Unix milliseconds.
    """
    return tuple(
        Role(id=key, name=name, permissions=permissions, created_at=now, updated_at=now)
        for key, name, permissions in (
            (ADMIN, "Admin", SYSTEM_PERMISSIONS),
            (MEMBER, "Member", _MEMBER_PERMISSIONS),
        )
    )
