"""Signing up: address, password and names, with the address verified by a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from typing import Final

from . import codes
from . import errors
from .ids import new_id
from .model import Activity
from .model import Client
from .model import SignUp
from .model import User
from .service import Service
from .users import check_email

#: Milliseconds after which an attempt is abandoned.
_LIFETIME: Final = 86_400_000
_KEPT: Final = 1000
_FIELDS: Final = ("first_name", "last_name", "username", "unsafe_metadata")


class SignUps(Service):
    """The attempts to sign up."""

    def create(
        self, client_id: str, data: Mapping[str, Any], *, activity: Activity | None = None
    ) -> SignUp:
        """Begin to sign up, and go as far as what is given allows.

        :param data: Any of ``email_address``, ``password``, ``first_name``, ``last_name``,
            ``username``, ``unsafe_metadata``, and ``strategy``: ``email_code`` sends one at once.
        :raises LocalClerkError: ``form_identifier_exists``, ``form_param_format_invalid``,
            ``form_password_length_too_short``, ``session_exists``, ``sign_up_mode_restricted``.
        """
        settings = self._clerk.settings
        if not settings.sign_up_enabled:
            raise errors.LocalClerkError(
                "sign_up_mode_restricted", 403, "Sign-ups restricted", "Nobody can sign up here."
            )
        if settings.single_session_mode and self._clerk.sessions.live(client_id):
            raise errors.session_exists()
        now = self._now
        sign_up = SignUp(
            id=new_id("sua"), client_id=client_id, created_at=now, abandon_at=now + _LIFETIME
        )
        sign_up = self._store(self._changed(sign_up, data))
        if data.get("strategy") == codes.EMAIL_CODE:
            return self.prepare_verification(sign_up.id, client_id, codes.EMAIL_CODE)
        return self._complete_if_ready(sign_up, activity)

    def update(
        self,
        sign_up_id: str,
        client_id: str,
        data: Mapping[str, Any],
        *,
        activity: Activity | None = None,
    ) -> SignUp:
        """Supply more, or something else; another address must be verified anew.

        :raises LocalClerkError: As :meth:`create` does, and ``resource_not_found``.
        """
        sign_up = self._changed(self._open(sign_up_id, client_id), data)
        return self._complete_if_ready(self._store(sign_up), activity)

    def get(self, sign_up_id: str, client_id: str) -> SignUp:
        """Return an attempt of this client.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            sign_up = tx.get(SignUp, sign_up_id)
        if sign_up is None or sign_up.client_id != client_id or self._now >= sign_up.abandon_at:
            raise errors.not_found("sign up", sign_up_id)
        return sign_up

    def prepare_verification(
        self, sign_up_id: str, client_id: str, strategy: str = codes.EMAIL_CODE
    ) -> SignUp:
        """Send a code to the address.

        :raises LocalClerkError: ``strategy_for_user_invalid``, ``form_param_missing``,
            ``verification_already_verified``.
        """
        sign_up = self._open(sign_up_id, client_id)
        if strategy != codes.EMAIL_CODE:
            raise errors.strategy_invalid()
        if sign_up.email_address is None:
            raise errors.param_missing("email_address")
        if sign_up.email_verification is not None and sign_up.email_verification.is_verified:
            raise errors.verification_already_verified()
        verification = codes.new_verification(sign_up.email_address, self._now)
        with self._write():
            self._clerk.outbox.emit_code(
                sign_up.email_address, verification.code or "", "sign up for"
            )
            return self._store(replace(sign_up, email_verification=verification))

    def attempt_verification(
        self,
        sign_up_id: str,
        client_id: str,
        code: str | None,
        strategy: str = codes.EMAIL_CODE,
        *,
        activity: Activity | None = None,
    ) -> SignUp:
        """Prove to read the address; when nothing else is missing, there is a user and a session.

        :raises LocalClerkError: ``form_code_incorrect``, ``verification_expired``,
            ``verification_failed``, ``verification_missing``, ``strategy_for_user_invalid``.
        """
        if strategy != codes.EMAIL_CODE:
            raise errors.strategy_invalid()
        with self._write():
            sign_up = self._open(sign_up_id, client_id)
            verification, error = codes.check(sign_up.email_verification, code, self._now)
            sign_up = self._store(replace(sign_up, email_verification=verification))
        if error is not None:
            raise error
        return self._complete_if_ready(sign_up, activity)

    def required_fields(self) -> list[str]:
        """Return what everybody must supply."""
        settings = self._clerk.settings
        fields = ["email_address"]
        if settings.password_enabled:
            fields.append("password")
        if settings.username_enabled:
            fields.append("username")
        return fields + (["first_name", "last_name"] if settings.names_required else [])

    def optional_fields(self) -> list[str]:
        """Return what may be supplied besides."""
        return [] if self._clerk.settings.names_required else ["first_name", "last_name"]

    def missing_fields(self, sign_up: SignUp) -> list[str]:
        """Return the required fields that are not supplied yet."""
        given = {
            "email_address": sign_up.email_address,
            "password": sign_up.password_hash,
            "username": sign_up.username,
            "first_name": sign_up.first_name,
            "last_name": sign_up.last_name,
        }
        return [field for field in self.required_fields() if not given[field]]

    def unverified_fields(self, sign_up: SignUp) -> list[str]:
        """Return the supplied fields that are not proven yet."""
        verification = sign_up.email_verification
        is_verified = verification is not None and verification.is_verified
        return ["email_address"] if sign_up.email_address and not is_verified else []

    def _changed(self, sign_up: SignUp, data: Mapping[str, Any]) -> SignUp:
        changes = {name: data[name] for name in _FIELDS if data.get(name) not in (None, "")}
        if data.get("password"):
            changes["password_hash"] = self._clerk.users.hash_password(data["password"])
        if data.get("email_address"):
            address = check_email(data["email_address"])
            if address != sign_up.email_address:
                changes |= {"email_address": address, "email_verification": None}
        with self._read() as tx:
            if "email_address" in changes and tx.find(User, email=changes["email_address"]):
                raise errors.identifier_exists("email_address")
            if "username" in changes and tx.find(User, username=changes["username"]):
                raise errors.identifier_exists("username")
        return replace(sign_up, **changes)

    def _complete_if_ready(self, sign_up: SignUp, activity: Activity | None) -> SignUp:
        if self.missing_fields(sign_up) or self.unverified_fields(sign_up):
            return sign_up
        with self._write():
            self._open(sign_up.id, sign_up.client_id)
            user = self._clerk.users.create(
                email_addresses=[sign_up.email_address] if sign_up.email_address else [],
                password_hash=sign_up.password_hash,
                is_verified=False,
                username=sign_up.username,
                first_name=sign_up.first_name,
                last_name=sign_up.last_name,
                unsafe_metadata=sign_up.unsafe_metadata,
            )
            if user.primary_email is not None:
                self._clerk.users.mark_verified(user.id, user.primary_email.id, codes.EMAIL_CODE)
            session = self._clerk.sessions.create(
                user.id, sign_up.client_id, strategy=codes.EMAIL_CODE, activity=activity
            )
            return self._store(
                replace(
                    sign_up,
                    status="complete",
                    created_user_id=user.id,
                    created_session_id=session.id,
                )
            )

    def _open(self, sign_up_id: str, client_id: str) -> SignUp:
        sign_up = self.get(sign_up_id, client_id)
        if sign_up.status == "complete":
            raise errors.forbidden()
        return sign_up

    def _store(self, sign_up: SignUp) -> SignUp:
        with self._write() as tx:
            tx.put(sign_up)
            tx.trim(SignUp, _KEPT)
            client = tx.get(Client, sign_up.client_id)
            if client is not None:
                is_open = sign_up.status != "complete"
                tx.put(replace(client, sign_up_id=sign_up.id if is_open else None))
        return sign_up
