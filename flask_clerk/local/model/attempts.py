"""Attempts to sign in and to sign up, and the tickets and counters that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar

from .document import Document
from .document import Part
from .users import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Document):
    """One attempt to sign in.

    :param status: ``needs_identifier``, ``needs_first_factor`` or ``complete``.
    :param email_address_id: Where the last code went.
    """

    kind: ClassVar[str] = "sign_in"
    parts: ClassVar[Mapping[str, type[Part]]] = {"first_factor_verification": Verification}

    id: str
    client_id: str
    created_at: int
    abandon_at: int
    status: str = "needs_identifier"
    identifier: str | None = None
    user_id: str | None = None
    first_factor_verification: Verification | None = None
    email_address_id: str | None = None
    created_session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp(Document):
    """One attempt to sign up.

    :param status: ``missing_requirements`` or ``complete``.
    """

    kind: ClassVar[str] = "sign_up"
    parts: ClassVar[Mapping[str, type[Part]]] = {"email_verification": Verification}

    id: str
    client_id: str
    created_at: int
    abandon_at: int
    status: str = "missing_requirements"
    email_address: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    unsafe_metadata: dict[str, Any] = field(default_factory=dict)
    email_verification: Verification | None = None
    created_session_id: str | None = None
    created_user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Document):
    """A sign-in token or, with an actor, an actor token: it signs one user in, once.

    :param status: ``pending``, ``accepted`` or ``revoked``.
    :param token_hash: The SHA-256 of the token, in hexadecimal.
    :param actor: Who will act as the user.
    :param session_lifetime: Milliseconds for which the session may live, or ``None``.
    """

    kind: ClassVar[str] = "ticket"
    indexes: ClassVar[tuple[str, ...]] = ("token_hash", "user_id")

    id: str
    user_id: str
    token_hash: str = field(repr=False)
    created_at: int
    updated_at: int
    expire_at: int
    status: str = "pending"
    actor: dict[str, Any] | None = None
    organization_id: str | None = None
    session_lifetime: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestingToken(Document):
    """Lets a test past Clerk's bot protection; this instance has none, but clients ask for it.

    :param id: The token.
    """

    __test__: ClassVar[bool] = False  # not a test, whatever pytest makes of the name
    kind: ClassVar[str] = "testing_token"

    id: str = field(repr=False)
    expire_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempts(Document):
    """The recent failures to sign in with one identifier.

    :param id: The identifier, hashed.
    """

    kind: ClassVar[str] = "failed_attempts"

    id: str
    times: tuple[int, ...] = ()
