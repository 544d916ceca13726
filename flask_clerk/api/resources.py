"""What the Backend API answers: mappings that read as attributes, typed where names are settled."""

from __future__ import annotations

from typing import Any


class Resource(dict[str, Any]):
    """A JSON object of Clerk's: a ``dict`` whose fields are attributes, too, all the way down.

    A field that this package has never heard of is there like any other; one that the answer does
    not have raises ``AttributeError`` as an attribute and ``KeyError`` as an item. A field that is
    named as a method of ``dict`` is an item only. Times are Unix milliseconds, as Clerk sends them.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{self!r} has no field {name!r}.") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("An answer is read-only: change it at Clerk, with clerk.client.")

    def __repr__(self) -> str:
        """Name the object, or its fields, and no values: an API key's secret is one of them."""
        id = self.get("id")  # noqa: A001
        named = id if isinstance(id, str) else f"with {', '.join(self) or 'nothing'}"
        return f"<{type(self).__name__} {named}>"


class User(Resource):
    """A person, with the metadata that only the backend may see."""

    __slots__ = ()

    id: str
    external_id: str | None
    username: str | None
    first_name: str | None
    last_name: str | None
    image_url: str
    primary_email_address_id: str | None
    primary_phone_number_id: str | None
    email_addresses: list[Resource]
    phone_numbers: list[Resource]
    public_metadata: dict[str, Any]
    private_metadata: dict[str, Any]
    unsafe_metadata: dict[str, Any]
    banned: bool
    locked: bool
    last_sign_in_at: int | None
    last_active_at: int | None
    created_at: int
    updated_at: int

    @property
    def email_address(self) -> str | None:
        """The primary email address."""
        primary = self.get("primary_email_address_id")
        found = (each for each in self.get("email_addresses") or () if each.get("id") == primary)
        return next((each.get("email_address") for each in found), None)

    @property
    def full_name(self) -> str | None:
        """First and last name, as far as there are any."""
        return " ".join(filter(None, (self.get("first_name"), self.get("last_name")))) or None


class Session(Resource):
    """A session, as it stands at Clerk now."""

    __slots__ = ()

    id: str
    user_id: str
    client_id: str
    status: str
    last_active_organization_id: str | None
    last_active_at: int
    expire_at: int
    abandon_at: int
    created_at: int
    updated_at: int


class Organization(Resource):
    """An organization."""

    __slots__ = ()

    id: str
    name: str
    slug: str
    public_metadata: dict[str, Any]
    private_metadata: dict[str, Any]
    max_allowed_memberships: int
    created_at: int
    updated_at: int


class Membership(Resource):
    """Somebody's place in an organization."""

    __slots__ = ()

    id: str
    role: str
    permissions: list[str]
    organization: Resource
    public_user_data: Resource
    public_metadata: dict[str, Any]
    private_metadata: dict[str, Any]
    created_at: int
    updated_at: int


class Invitation(Resource):
    """An invitation, to the application or to an organization."""

    __slots__ = ()

    id: str
    email_address: str
    status: str
    public_metadata: dict[str, Any]
    created_at: int
    updated_at: int


class JWTTemplate(Resource):
    """A JWT template. ``lifetime`` and ``allowed_clock_skew`` are seconds."""

    __slots__ = ()

    id: str
    name: str
    claims: dict[str, Any]
    lifetime: int
    allowed_clock_skew: int
    created_at: int
    updated_at: int


class IssuedToken(Resource):
    """A token that signs somebody in once: a sign-in token or an actor token."""

    __slots__ = ()

    id: str
    user_id: str
    status: str
    token: str
    url: str


class MachineToken(Resource):
    """An API key or an M2M token. Its secret is in the answer that creates it, and in no other."""

    __slots__ = ()

    id: str
    subject: str
    claims: dict[str, Any] | None
    scopes: list[str]
    revoked: bool
    expired: bool
    expiration: int | None
    created_at: int
    updated_at: int
