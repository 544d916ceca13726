"""Signing in: by password, by email code, by ticket."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import codes
from . import errors
from .ids import new_id
from .model import Activity
from .model import Client
from .model import FailedAttempts
from .model import SignIn
from .model import User
from .model import Verification
from .service import Service
from .service import digest

PASSWORD: Final = "password"
TICKET: Final = "ticket"
#: Milliseconds after which an attempt is abandoned.
_LIFETIME: Final = 86_400_000
_KEPT: Final = 1000


class SignIns(Service):
    """The attempts to sign in."""

    def create(
        self,
        client_id: str,
        *,
        identifier: str | None = None,
        strategy: str | None = None,
        password: str | None = None,
        ticket: str | None = None,
        activity: Activity | None = None,
    ) -> SignIn:
        """Begin to sign in, and go as far as what is given allows.

        :param identifier: An email address or a username.
        :param password: Attempted at once.
        :param strategy: ``email_code`` sends a code at once; ``ticket`` needs ``ticket``.
        :raises LocalClerkError: ``form_identifier_not_found``, ``form_password_incorrect``,
            ``session_exists``, ``identifier_already_signed_in``, ``too_many_requests``,
            ``user_banned``, ``strategy_for_user_invalid``, ``ticket_…``.
        """
        self._check_room(client_id)
        now = self._now
        sign_in = SignIn(
            id=new_id("sia"), client_id=client_id, created_at=now, abandon_at=now + _LIFETIME
        )
        if strategy == TICKET or ticket is not None:
            return self._redeem(sign_in, ticket, activity)
        if identifier is not None:
            sign_in = self._identify(sign_in, identifier)
        elif password is not None or strategy is not None:
            raise errors.param_missing("identifier")
        self._store(sign_in)
        if password is not None:
            return self.attempt_first_factor(
                sign_in.id, client_id, PASSWORD, password=password, activity=activity
            )
        if strategy == codes.EMAIL_CODE:
            return self.prepare_first_factor(sign_in.id, client_id, codes.EMAIL_CODE)
        return sign_in

    def get(self, sign_in_id: str, client_id: str) -> SignIn:
        """Return an attempt of this client.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            sign_in = tx.get(SignIn, sign_in_id)
        if sign_in is None or sign_in.client_id != client_id or self._now >= sign_in.abandon_at:
            raise errors.not_found("sign in", sign_in_id)
        return sign_in

    def update(self, sign_in_id: str, client_id: str, identifier: str) -> SignIn:
        """Name the identifier of an attempt, or another one.

        :raises LocalClerkError: ``form_identifier_not_found``, ``resource_not_found``.
        """
        sign_in = self._open(sign_in_id, client_id)
        return self._store(self._identify(sign_in, identifier))

    def prepare_first_factor(
        self, sign_in_id: str, client_id: str, strategy: str, email_address_id: str | None = None
    ) -> SignIn:
        """Send a code.

        :param email_address_id: Where to; the primary address unless given.
        :raises LocalClerkError: ``strategy_for_user_invalid``, ``resource_not_found``.
        """
        sign_in = self._open(sign_in_id, client_id)
        user = self._user(sign_in)
        if strategy != codes.EMAIL_CODE or not self._clerk.settings.email_code_enabled:
            raise errors.strategy_invalid()
        email = user.email(email_address_id or user.primary_email_address_id)
        if email is None:
            raise errors.strategy_invalid()
        verification = codes.new_verification(email.email_address, self._now)
        with self._write():
            self._clerk.outbox.emit_code(email.email_address, verification.code or "", "sign in to")
            return self._store(
                replace(sign_in, first_factor_verification=verification, email_address_id=email.id)
            )

    def attempt_first_factor(
        self,
        sign_in_id: str,
        client_id: str,
        strategy: str,
        *,
        password: str | None = None,
        code: str | None = None,
        activity: Activity | None = None,
    ) -> SignIn:
        """Prove to be the user; then the attempt is ``complete`` and has a session.

        :raises LocalClerkError: ``form_password_incorrect``, ``form_code_incorrect``,
            ``verification_expired``, ``verification_failed``, ``verification_missing``,
            ``form_param_missing``, ``too_many_requests``, ``strategy_for_user_invalid``.
        """
        sign_in = self._open(sign_in_id, client_id)
        user = self._user(sign_in)
        self._check_rate(sign_in)
        if strategy == PASSWORD:
            return self._attempt_password(sign_in, user, password, activity)
        if strategy == codes.EMAIL_CODE:
            return self._attempt_code(sign_in, user, code, activity)
        raise errors.strategy_invalid()

    def first_factors(self, user: User) -> list[dict[str, object]]:
        """Return ``supported_first_factors`` as Clerk's JSON has them."""
        settings = self._clerk.settings
        factors: list[dict[str, object]] = []
        if settings.password_enabled and user.password_hash is not None:
            factors.append({"strategy": PASSWORD})
        if settings.email_code_enabled:
            factors += [
                {
                    "strategy": codes.EMAIL_CODE,
                    "email_address_id": email.id,
                    "safe_identifier": email.email_address,
                    "primary": email.id == user.primary_email_address_id,
                }
                for email in user.email_addresses
            ]
        return factors

    def _attempt_password(
        self, sign_in: SignIn, user: User, password: str | None, activity: Activity | None
    ) -> SignIn:
        if not self._clerk.settings.password_enabled or user.password_hash is None:
            raise errors.strategy_invalid()
        if not password:
            raise errors.param_missing("password")
        # Checked outside of any transaction: hashing is slow, and writers would wait.
        if not self._clerk.users.has_password(user, password):
            self._note_failure(sign_in)
            raise errors.password_incorrect()
        verified = Verification(strategy=PASSWORD, status="verified")
        return self._complete(
            replace(sign_in, first_factor_verification=verified), activity, user_checked=user
        )

    def _attempt_code(
        self, sign_in: SignIn, user: User, code: str | None, activity: Activity | None
    ) -> SignIn:
        with self._write():
            current = self._open(sign_in.id, sign_in.client_id)
            verification, error = codes.check(current.first_factor_verification, code, self._now)
            current = self._store(replace(current, first_factor_verification=verification))
            if error is None:
                email_id = current.email_address_id or ""
                self._clerk.users.mark_verified(user.id, email_id, codes.EMAIL_CODE)
                return self._complete(current, activity)
        self._note_failure(sign_in)
        raise error

    def _redeem(self, sign_in: SignIn, ticket: str | None, activity: Activity | None) -> SignIn:
        if not ticket:
            raise errors.param_missing("ticket")
        with self._write():
            accepted = self._clerk.tickets.accept(ticket)
            user = self._clerk.users.get(accepted.user_id)
            session = self._clerk.sessions.create(
                user.id,
                sign_in.client_id,
                organization_id=accepted.organization_id,
                actor=accepted.actor,
                strategy=TICKET,
                lifetime=accepted.session_lifetime,
                activity=activity,
            )
            return self._store(
                replace(
                    sign_in,
                    status="complete",
                    user_id=user.id,
                    identifier=user.identifier,
                    first_factor_verification=Verification(strategy=TICKET, status="verified"),
                    created_session_id=session.id,
                )
            )

    def _complete(
        self, sign_in: SignIn, activity: Activity | None, user_checked: User | None = None
    ) -> SignIn:
        verification = sign_in.first_factor_verification
        with self._write() as tx:
            # Two tabs may finish one attempt at a time; only the first gets a session.
            self._open(sign_in.id, sign_in.client_id)
            user = self._user(sign_in)
            if user_checked is not None and user.password_hash != user_checked.password_hash:
                raise errors.password_incorrect()
            session = self._clerk.sessions.create(
                user.id,
                sign_in.client_id,
                strategy=verification.strategy if verification else None,
                activity=activity,
            )
            forgiven = tx.get(FailedAttempts, _rate_key(sign_in))
            if forgiven is not None:
                tx.delete(forgiven)
            return self._store(replace(sign_in, status="complete", created_session_id=session.id))

    def _identify(self, sign_in: SignIn, identifier: str) -> SignIn:
        user = self._clerk.users.find(identifier)
        if user is None or user.id == identifier:
            raise errors.identifier_not_found()
        if user.is_banned:
            raise errors.user_banned()
        for session in self._clerk.sessions.live(sign_in.client_id):
            if session.user_id == user.id:
                raise errors.already_signed_in(session.id)
        return replace(
            sign_in,
            status="needs_first_factor",
            identifier=identifier.strip(),
            user_id=user.id,
            first_factor_verification=None,
            email_address_id=None,
        )

    def _check_room(self, client_id: str) -> None:
        if self._clerk.settings.single_session_mode and self._clerk.sessions.live(client_id):
            raise errors.session_exists()

    def _open(self, sign_in_id: str, client_id: str) -> SignIn:
        sign_in = self.get(sign_in_id, client_id)
        if sign_in.status == "complete":
            raise errors.verification_already_verified()
        return sign_in

    def _user(self, sign_in: SignIn) -> User:
        if sign_in.user_id is None:
            raise errors.param_missing("identifier")
        user = self._clerk.users.get(sign_in.user_id)
        if user.is_banned:
            raise errors.user_banned()
        return user

    def _store(self, sign_in: SignIn) -> SignIn:
        with self._write() as tx:
            tx.put(sign_in)
            tx.trim(SignIn, _KEPT)
            client = tx.get(Client, sign_in.client_id)
            if client is not None:
                is_open = sign_in.status != "complete"
                tx.put(replace(client, sign_in_id=sign_in.id if is_open else None))
        return sign_in

    def _check_rate(self, sign_in: SignIn) -> None:
        settings = self._clerk.settings
        with self._read() as tx:
            failed = tx.get(FailedAttempts, _rate_key(sign_in))
        since = self._now - settings.attempt_window * 1000
        recent = [time for time in failed.times if time > since] if failed else []
        if len(recent) >= settings.max_failed_attempts:
            raise errors.too_many_requests(max(1, -(-(recent[0] - since) // 1000)))

    def _note_failure(self, sign_in: SignIn) -> None:
        settings = self._clerk.settings
        since = self._now - settings.attempt_window * 1000
        with self._write() as tx:
            failed = tx.get(FailedAttempts, _rate_key(sign_in))
            times = [time for time in failed.times if time > since] if failed else []
            times = [*times, self._now][-settings.max_failed_attempts :]
            tx.put(FailedAttempts(id=_rate_key(sign_in), times=tuple(times)))


def _rate_key(sign_in: SignIn) -> str:
    return digest(sign_in.user_id or "")
