"""Sign-in tokens, actor tokens and testing tokens."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import Final

from . import errors
from .ids import new_id
from .ids import new_secret
from .model import TestingToken
from .model import Ticket
from .service import Service
from .service import digest

#: Seconds (Backend API, ``CreateSignInToken``, ``CreateActorToken``).
SIGN_IN_TOKEN_LIFETIME: Final = 30 * 86_400
ACTOR_TOKEN_LIFETIME: Final = 3600
ACTOR_SESSION_LIFETIME: Final = 1800
#: Seconds.
TESTING_TOKEN_LIFETIME: Final = 3600


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket with its token, which is seen only now."""

    ticket: Ticket
    token: str = field(repr=False)


class Tickets(Service):
    """What signs users in without a password."""

    def create(
        self,
        user_id: str,
        *,
        expires_in: int | None = None,
        organization_id: str | None = None,
    ) -> IssuedTicket:
        """Create a sign-in token.

        :param expires_in: Seconds; 30 days unless given.
        :raises LocalClerkError: ``resource_not_found``.
        """
        lifetime = expires_in or SIGN_IN_TOKEN_LIFETIME
        return self._issue("sit", user_id, lifetime, organization_id=organization_id)

    def create_actor_token(
        self,
        user_id: str,
        actor: dict[str, Any],
        *,
        expires_in: int | None = None,
        session_lifetime: int | None = None,
    ) -> IssuedTicket:
        """Create a token with which an actor becomes a user.

        :param actor: Such as ``{"sub": "user_…"}``; the ``act`` claim of the session.
        :param expires_in: Seconds; an hour unless given.
        :param session_lifetime: Seconds; half an hour unless given.
        :raises LocalClerkError: ``resource_not_found``, ``form_param_missing``.
        """
        if not isinstance(actor.get("sub"), str):
            raise errors.param_missing("actor.sub")
        return self._issue(
            "act",
            user_id,
            expires_in or ACTOR_TOKEN_LIFETIME,
            actor=actor,
            session_lifetime=(session_lifetime or ACTOR_SESSION_LIFETIME) * 1000,
        )

    def get(self, ticket_id: str) -> Ticket:
        """Return a ticket.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            ticket = tx.get(Ticket, ticket_id)
        if ticket is None:
            raise errors.not_found("token", ticket_id)
        return ticket

    def revoke(self, ticket_id: str) -> Ticket:
        """Revoke a pending ticket.

        :raises LocalClerkError: ``sign_in_token_cannot_be_revoked_code`` or the like.
        """
        with self._write() as tx:
            ticket = self.get(ticket_id)
            if ticket.status != "pending":
                raise errors.ticket_error(
                    f"{_kind(ticket)}_cannot_be_revoked_code",
                    f"This token is {ticket.status}; only pending ones can be revoked.",
                )
            ticket = replace(ticket, status="revoked", updated_at=self._now)
            tx.put(ticket)
            return ticket

    def accept(self, token: str) -> Ticket:
        """Use a ticket up.

        :raises LocalClerkError: ``ticket_invalid_code``, ``ticket_expired_code``,
            ``sign_in_token_revoked_code``, ``sign_in_token_already_used_code``, or the same of
            ``actor_token``.
        """
        with self._write() as tx:
            found = tx.find(Ticket, token_hash=digest(token))
            if not found:
                raise errors.ticket_error("ticket_invalid_code", "This ticket is invalid.")
            ticket = found[0]
            if ticket.status == "revoked":
                raise errors.ticket_error(f"{_kind(ticket)}_revoked_code", "It has been revoked.")
            if ticket.status == "accepted":
                raise errors.ticket_error(
                    f"{_kind(ticket)}_already_used_code", "It has been used; it works once."
                )
            if self._now >= ticket.expire_at:
                raise errors.ticket_error("ticket_expired_code", "This ticket has expired.")
            ticket = replace(ticket, status="accepted", updated_at=self._now)
            tx.put(ticket)
            return ticket

    def create_testing_token(self) -> TestingToken:
        """Create a testing token, good for an hour."""
        token = TestingToken(
            id=f"{self._now // 1000}-{new_secret()}",
            expire_at=self._now + TESTING_TOKEN_LIFETIME * 1000,
        )
        with self._write() as tx:
            tx.put(token)
            tx.trim(TestingToken, 100)
        return token

    def is_testing_token(self, token: str) -> bool:
        """Whether this is a testing token that is still good."""
        with self._read() as tx:
            found = tx.get(TestingToken, token)
        return found is not None and self._now < found.expire_at

    def _issue(self, prefix: str, user_id: str, lifetime: int, **fields: Any) -> IssuedTicket:
        now = self._now
        token = new_secret(64)
        with self._write() as tx:
            ticket = Ticket(
                id=new_id(prefix),
                user_id=self._clerk.users.get(user_id).id,
                token_hash=digest(token),
                created_at=now,
                updated_at=now,
                expire_at=now + lifetime * 1000,
                **fields,
            )
            tx.put(ticket)
        return IssuedTicket(ticket, token)


def _kind(ticket: Ticket) -> str:
    return "sign_in_token" if ticket.actor is None else "actor_token"
