"""Machines and the tokens with which they, not people, sign in."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar

from .document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Document):
    """A service that gets tokens for other services.

    :param secret_key: ``ak_…``, with which the machine itself calls the Backend API.
    :param scoped_machine_ids: The machines that it may talk to.
    :param default_token_ttl: Seconds.
    """

    kind: ClassVar[str] = "machine"
    indexes: ClassVar[tuple[str, ...]] = ("secret_key",)

    id: str
    name: str
    secret_key: str = field(repr=False)
    created_at: int
    updated_at: int
    scoped_machine_ids: tuple[str, ...] = ()
    default_token_ttl: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineToken(Document):
    """An API key (``ak_``), an M2M token (``mt_``) or an OAuth access token (``oat_``).

    :param token_type: ``api_key``, ``m2m_token`` or ``oauth_token``.
    :param secret_hash: The SHA-256 of the token, in hexadecimal.
    :param subject: ``user_``, ``org_`` or ``mch_``.
    """

    kind: ClassVar[str] = "machine_token"
    indexes: ClassVar[tuple[str, ...]] = ("secret_hash", "subject", "token_type")

    id: str
    token_type: str
    secret_hash: str = field(repr=False)
    subject: str
    created_at: int
    updated_at: int
    name: str | None = None
    description: str | None = None
    claims: Any = None
    scopes: tuple[str, ...] = ()
    client_id: str | None = None
    created_by: str | None = None
    expire_at: int | None = None
    last_used_at: int | None = None
    is_revoked: bool = False
    revocation_reason: str | None = None

    def is_expired(self, now: int) -> bool:
        """Whether its time has passed.

        :param now: Unix milliseconds.
        """
        return self.expire_at is not None and now >= self.expire_at
