"""Clients (browsers), their sessions, and what lets a session live on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import ClassVar
from typing import Final

from .document import Document
from .document import Part
from .users import Verification

#: Statuses in which a session still holds somebody.
LIVE: Final = ("active", "pending")
#: Statuses in which a session is no longer part of its client.
DETACHED: Final = ("removed", "replaced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Part):
    """From where a session was last used."""

    id: str
    ip_address: str | None = None
    browser_name: str | None = None
    browser_version: str | None = None
    device_type: str | None = None
    is_mobile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Document):
    """A browser.

    :param secret: Proves the browser in the ``__client`` cookie; changes with every sign-in, so
        that a cookie planted beforehand is worth nothing.
    :param updated_at: When sessions last came or went; ``__client_uat`` is this in seconds, and
        session tokens older than it are not believed.
    """

    kind: ClassVar[str] = "client"

    id: str
    secret: str = field(repr=False)
    created_at: int
    updated_at: int
    last_active_session_id: str | None = None
    last_authentication_strategy: str | None = None
    sign_in_id: str | None = None
    sign_up_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DevBrowser(Document):
    """A browser as a development instance knows it across origins.

    :param id: What ``__clerk_db_jwt`` carries.
    """

    kind: ClassVar[str] = "dev_browser"
    indexes: ClassVar[tuple[str, ...]] = ("client_id",)

    id: str = field(repr=False)
    created_at: int
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Document):
    """Somebody signed in on a client.

    :param status: As last written; :meth:`at` tells what it is by now.
    :param expire_at: The end of the maximum lifetime.
    :param abandon_at: The end of the inactivity timeout, which activity moves on.
    :param actor: The impersonator, as the ``act`` claim has it.
    :param tasks: Keys of what is left to do while ``pending``.
    :param first_factor_at: When a first factor was last shown, or ``None``.
    :param reverification: How far the user has come in showing one again.
    """

    kind: ClassVar[str] = "session"
    indexes: ClassVar[tuple[str, ...]] = ("client_id", "user_id")
    parts: ClassVar[Mapping[str, type[Part]]] = {
        "latest_activity": Activity,
        "reverification": Verification,
    }

    id: str
    user_id: str
    client_id: str
    created_at: int
    updated_at: int
    last_active_at: int
    expire_at: int
    abandon_at: int
    status: str = "active"
    last_active_organization_id: str | None = None
    actor: dict[str, Any] | None = None
    tasks: tuple[str, ...] = ()
    first_factor_at: int | None = None
    second_factor_at: int | None = None
    latest_activity: Activity | None = None
    reverification: Verification | None = None

    @property
    def is_live(self) -> bool:
        """Whether the session still holds somebody."""
        return self.status in LIVE

    def at(self, now: int) -> Session:
        """Return the session as it is at this time: it may have expired or been abandoned.

        :param now: Unix milliseconds.
        """
        if not self.is_live:
            return self
        if now >= self.expire_at:
            return replace(self, status="expired", updated_at=self.expire_at)
        if now >= self.abandon_at:
            return replace(self, status="abandoned", updated_at=self.abandon_at)
        return self

    def factor_verification_age(self, now: int) -> list[int]:
        """Return the minutes since the first and the second factor; -1 for one never shown.

        :param now: Unix milliseconds.
        """
        return [
            -1 if at is None else max(0, (now - at) // 60_000)
            for at in (self.first_factor_at, self.second_factor_at)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken(Document):
    """What renews a session's token without its browser's help.

    :param id: The SHA-256 of the token, in hexadecimal.
    """

    kind: ClassVar[str] = "refresh_token"
    indexes: ClassVar[tuple[str, ...]] = ("session_id",)

    id: str
    session_id: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakePayload(Document):
    """The ``Set-Cookie`` lines that wait under a nonce.

    :param id: The SHA-256 of the nonce, in hexadecimal.
    """

    kind: ClassVar[str] = "handshake"

    id: str
    lines: tuple[str, ...] = field(repr=False)
    expire_at: int
