"""Which organization a URL asks for, and whether the session already has it active."""

from __future__ import annotations

from dataclasses import dataclass

from .auth import SessionAuth


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL wants to be active: an organization by id or slug, or the personal account.

    All fields ``None`` means the personal account.
    """

    organization_id: str | None = None
    organization_slug: str | None = None

    @property
    def parameter(self) -> str:
        """The value of ``organization_id`` in a handshake; empty for the personal account."""
        return self.organization_id or self.organization_slug or ""

    def is_active(self, auth: SessionAuth) -> bool:
        """Whether the session needs no change."""
        if self.organization_id is not None:
            return auth.org_id == self.organization_id
        if self.organization_slug is not None:
            return auth.org_slug == self.organization_slug
        return not auth.org_id


def no_organization(path: str) -> None:
    """Find that no path wants an organization to be active."""
