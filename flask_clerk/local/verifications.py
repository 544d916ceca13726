"""Proving once more, while signed in: that one reads an address, that one is still the user."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import codes
from . import errors
from .model import EmailAddress
from .model import Session
from .model import User
from .model import Verification
from .service import Service
from .sign_ins import PASSWORD

#: Levels of a reverification; nobody has a second factor here, so each asks for the first.
LEVELS: Final = ("first_factor", "second_factor", "multi_factor")
_ADD: Final = "add this address to your account at"
_CONFIRM: Final = "confirm that it is you at"


class Verifications(Service):
    """The proofs that a signed-in user gives."""

    def send_code(self, user_id: str, email_address_id: str) -> EmailAddress:
        """Send a code to a user's address.

        :raises LocalClerkError: ``resource_not_found``, ``verification_already_verified``.
        """
        with self._write():
            email = _email(self._clerk.users.get(user_id), email_address_id)
            if email.is_verified:
                raise errors.verification_already_verified()
            verification = codes.new_verification(email.email_address, self._now)
            self._clerk.outbox.emit_code(email.email_address, verification.code or "", _ADD)
            return self._clerk.users.set_verification(user_id, email.id, verification)

    def check_code(self, user_id: str, email_address_id: str, code: str | None) -> EmailAddress:
        """Verify an address by the code that was sent to it.

        :raises LocalClerkError: ``form_code_incorrect``, ``verification_expired``,
            ``verification_failed``, ``verification_missing``, ``resource_not_found``.
        """
        with self._write():
            email = _email(self._clerk.users.get(user_id), email_address_id)
            verification, error = codes.check(email.verification, code, self._now)
            if verification is not None:
                email = self._clerk.users.set_verification(user_id, email.id, verification)
        if error is not None:
            raise error
        return email

    def begin(self, session: Session) -> Session:
        """Begin a reverification of a session's user."""
        return self._store(session, None)

    def prepare(
        self, session: Session, strategy: str, email_address_id: str | None = None
    ) -> Session:
        """Send the code of a reverification.

        :param email_address_id: Where to; the primary address unless given.
        :raises LocalClerkError: ``strategy_for_user_invalid``, ``resource_not_found``.
        """
        user = self._clerk.users.get(session.user_id)
        if strategy != codes.EMAIL_CODE or not self._clerk.settings.email_code_enabled:
            raise errors.strategy_invalid()
        email = _email(user, email_address_id or user.primary_email_address_id or "")
        verification = codes.new_verification(email.email_address, self._now)
        with self._write():
            self._clerk.outbox.emit_code(email.email_address, verification.code or "", _CONFIRM)
            return self._store(session, verification)

    def attempt(
        self,
        session: Session,
        strategy: str,
        *,
        password: str | None = None,
        code: str | None = None,
    ) -> Session:
        """Prove to be the session's user; ``fva`` in the next token says so.

        :raises LocalClerkError: ``form_password_incorrect``, ``form_param_missing``,
            ``strategy_for_user_invalid``, and what :meth:`check_code` raises.
        """
        user = self._clerk.users.get(session.user_id)
        if strategy == PASSWORD:
            if not password:
                raise errors.param_missing("password")
            if not self._clerk.users.has_password(user, password):
                raise errors.password_incorrect()
            verification = Verification(strategy=PASSWORD, status="verified")
        elif strategy == codes.EMAIL_CODE:
            verification = self._checked(session, code)
        else:
            raise errors.strategy_invalid()
        with self._write():
            return self._store(self._clerk.sessions.reverify(session.id), verification)

    def _checked(self, session: Session, code: str | None) -> Verification:
        with self._write():
            current = self._clerk.sessions.get_live(session.id)
            verification, error = codes.check(current.reverification, code, self._now)
            self._store(current, verification)
        if error is not None or verification is None:
            raise error or errors.verification_missing()
        return verification

    def _store(self, session: Session, verification: Verification | None) -> Session:
        with self._write() as tx:
            current = self._clerk.sessions.get_live(session.id)
            current = replace(current, reverification=verification)
            tx.put(current)
            return current


def _email(user: User, email_address_id: str) -> EmailAddress:
    email = user.email(email_address_id)
    if email is None:
        raise errors.not_found("email address", email_address_id)
    return email
