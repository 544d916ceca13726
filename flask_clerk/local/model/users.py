"""Users and their email addresses."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar

from .document import Document
from .document import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Part):
    """How far the proof of one identifier or factor has come.

    :param status: ``unverified``, ``verified``, ``failed`` or ``expired``.
    :param strategy: ``email_code``, ``password``, ``ticket`` or ``admin``.
    :param code: The digits that were sent.
    """

    strategy: str
    status: str = "unverified"
    attempts: int = 0
    expire_at: int | None = None
    code: str | None = field(default=None, repr=False)

    @property
    def is_verified(self) -> bool:
        """Whether the proof was given."""
        return self.status == "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress(Part):
    """One address, lower case, with what is known about who reads it."""

    parts: ClassVar[Mapping[str, type[Part]]] = {"verification": Verification}

    id: str
    email_address: str
    created_at: int
    updated_at: int
    verification: Verification | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the user has shown to read it."""
        return self.verification is not None and self.verification.is_verified


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Document):
    """A person who can sign in.

    :param features: Slugs of the features that the user's own plan enables.
    :param plans: Slugs of the user's own plans.
    """

    kind: ClassVar[str] = "user"
    indexes: ClassVar[tuple[str, ...]] = ("username", "external_id")
    parts: ClassVar[Mapping[str, type[Part]]] = {"email_addresses": EmailAddress}

    id: str
    created_at: int
    updated_at: int
    email_addresses: tuple[EmailAddress, ...] = ()
    primary_email_address_id: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    password_last_updated_at: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    external_id: str | None = None
    image_url: str | None = None
    public_metadata: dict[str, Any] = field(default_factory=dict)
    private_metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    unsafe_metadata: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    is_banned: bool = False
    last_sign_in_at: int | None = None
    last_active_at: int | None = None

    def index_values(self) -> Iterator[tuple[str, str]]:
        """Yield the indexed fields and every email address."""
        # No super(): slotted dataclasses break its form without arguments.
        yield from Document.index_values(self)
        for email in self.email_addresses:
            yield "email", email.email_address

    @property
    def primary_email(self) -> EmailAddress | None:
        """The address that stands for the user."""
        return self.email(self.primary_email_address_id)

    @property
    def full_name(self) -> str | None:
        """First and last name, as far as they are known."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or None

    @property
    def identifier(self) -> str:
        """What to call the user where one word must do: an address, the username or the id."""
        primary = self.primary_email
        return primary.email_address if primary else self.username or self.id

    def email(self, email_address_id: str | None) -> EmailAddress | None:
        """Return the user's address of this id."""
        return next((found for found in self.email_addresses if found.id == email_address_id), None)
