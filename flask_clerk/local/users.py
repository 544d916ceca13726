"""Users: creating, finding, changing, banning and deleting them."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from typing import Final

from werkzeug.security import check_password_hash
from werkzeug.security import generate_password_hash

from . import errors
from .ids import new_id
from .model import EmailAddress
from .model import Membership
from .model import Session
from .model import User
from .model import Verification
from .service import Service
from .service import merge
from .store import Transaction

#: Characters (Clerk's default password policy).
MIN_PASSWORD_LENGTH: Final = 8
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_USERNAME: Final = re.compile(r"[A-Za-z0-9_.-]{4,64}")
_PLAIN_FIELDS: Final = frozenset(
    {
        "first_name", "last_name", "image_url", "public_metadata", "private_metadata",
        "unsafe_metadata", "features", "plans",
    }
)  # fmt: skip
_METADATA: Final = ("public_metadata", "private_metadata", "unsafe_metadata")
_ORDERS: Final = (
    "created_at", "updated_at", "last_sign_in_at", "last_active_at", "username", "first_name",
    "last_name",
)  # fmt: skip


class Users(Service):
    """The users of an instance."""

    def create(
        self,
        *,
        email_addresses: Sequence[str] = (),
        password: str | None = None,
        password_hash: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
        is_verified: bool = True,
        **fields: Any,
    ) -> User:
        """Create a user, whose first address is the primary one.

        :param password: In the clear; hashed here.
        :param password_hash: One that :meth:`hash_password` made, instead.
        :param is_verified: Whether the addresses count as verified.
        :param fields: ``first_name``, ``last_name``, ``image_url``, ``public_metadata``,
            ``private_metadata``, ``unsafe_metadata``, ``features``, ``plans``.
        :raises LocalClerkError: ``form_identifier_exists``, ``form_param_format_invalid``,
            ``form_password_length_too_short``.
        """
        if password is not None:
            password_hash = self.hash_password(password)
        now = self._now
        verification = Verification(strategy="admin", status="verified") if is_verified else None
        emails = tuple(_new_email(address, verification, now) for address in email_addresses)
        user = User(
            id=new_id("user"),
            created_at=now,
            updated_at=now,
            email_addresses=emails,
            primary_email_address_id=emails[0].id if emails else None,
            password_hash=password_hash,
            password_last_updated_at=now if password_hash else None,
            username=_check_username(username),
            external_id=external_id,
            **_plain(fields),
        )
        with self._write() as tx:
            for email in emails:
                self._check_free(tx, "email_address", email=email.email_address)
            if user.username is not None:
                self._check_free(tx, "username", username=user.username)
            if external_id is not None:
                self._check_free(tx, "external_id", external_id=external_id)
            tx.put(user)
            self._clerk.outbox.emit_user("user.created", user)
        return user

    def get(self, user_id: str) -> User:
        """Return a user.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            user = tx.get(User, user_id)
        if user is None:
            raise errors.not_found("user", user_id)
        return user

    def find(self, identifier: str) -> User | None:
        """Return the user with this email address, username or id."""
        with self._read() as tx:
            address = tx.find(User, email=identifier.strip().lower())
            found = address or tx.find(User, username=identifier.strip())
            return found[0] if found else tx.get(User, identifier)

    def search(
        self,
        *,
        query: str | None = None,
        user_ids: Sequence[str] = (),
        email_addresses: Sequence[str] = (),
        usernames: Sequence[str] = (),
        external_ids: Sequence[str] = (),
        organization_ids: Sequence[str] = (),
        order_by: str = "-created_at",
    ) -> list[User]:
        """Return the users that fit all that is given; the caller takes its page.

        :param query: Part of an id, address, name or username, whatever the case.
        :param order_by: A field, such as ``created_at`` or ``-last_sign_in_at``.
        """
        with self._read() as tx:
            users = tx.all(User)
            members = {
                membership.user_id
                for organization_id in organization_ids
                for membership in tx.find(Membership, organization_id=organization_id)
            }
        wanted = [address.lower() for address in email_addresses]
        tests: list[tuple[object, Callable[[User], bool]]] = [
            (query, lambda user: _contains(user, (query or "").lower())),
            (user_ids, lambda user: user.id in user_ids),
            (wanted, lambda user: any(e.email_address in wanted for e in user.email_addresses)),
            (usernames, lambda user: user.username in usernames),
            (external_ids, lambda user: user.external_id in external_ids),
            (organization_ids, lambda user: user.id in members),
        ]
        for asked, fits in tests:
            if asked:
                users = [user for user in users if fits(user)]
        return _ordered(users, order_by)

    def update(self, user_id: str, **changes: Any) -> User:
        """Change fields of a user; metadata is replaced whole.

        :param changes: The ``fields`` of :meth:`create`, ``password``, ``username``,
            ``external_id``, ``primary_email_address_id``.
        :raises LocalClerkError: As :meth:`create` does, and ``resource_not_found``.
        """
        password = changes.pop("password", None)
        if password is not None:
            changes["password_hash"] = self.hash_password(password)
            changes["password_last_updated_at"] = self._now
        with self._write() as tx:
            user = self.get(user_id)
            checked = self._check_changes(tx, user, changes)
            return self._put(tx, replace(user, **checked))

    def merge_metadata(self, user_id: str, **metadata: Mapping[str, Any] | None) -> User:
        """Merge into ``public_metadata``, ``private_metadata``, ``unsafe_metadata``.

        Objects merge deeply, and a null removes its key.
        """
        with self._write() as tx:
            user = self.get(user_id)
            merged: dict[str, Any] = {
                name: merge(getattr(user, name), dict(change))
                for name, change in metadata.items()
                if name in _METADATA and change is not None
            }
            return self._put(tx, replace(user, **merged))

    def set_banned(self, user_id: str, is_banned: bool) -> User:
        """Ban a user, which revokes every session, or lift the ban."""
        with self._write() as tx:
            user = self._put(tx, replace(self.get(user_id), is_banned=is_banned))
            if is_banned:
                self._clerk.sessions.revoke_all(user_id)
            return user

    def delete(self, user_id: str) -> User:
        """Delete a user with all sessions and memberships, and return who it was.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._write() as tx:
            user = self.get(user_id)
            self._clerk.sessions.revoke_all(user_id)
            for session in tx.find(Session, user_id=user_id):
                tx.delete(session)
            for membership in tx.find(Membership, user_id=user_id):
                self._clerk.organizations.remove_member(membership.organization_id, user_id)
            tx.delete(user)
            self._clerk.outbox.emit_deleted("user.deleted", "user", user.id)
            return user

    def add_email(
        self, user_id: str, address: str, *, is_verified: bool = False, is_primary: bool = False
    ) -> EmailAddress:
        """Give a user another address.

        :raises LocalClerkError: ``form_identifier_exists``, ``form_param_format_invalid``.
        """
        verification = Verification(strategy="admin", status="verified") if is_verified else None
        email = _new_email(address, verification, self._now)
        with self._write() as tx:
            user = self.get(user_id)
            self._check_free(tx, "email_address", email=email.email_address)
            primary = email.id if is_primary or not user.email_addresses else None
            self._put(
                tx,
                replace(
                    user,
                    email_addresses=(*user.email_addresses, email),
                    primary_email_address_id=primary or user.primary_email_address_id,
                ),
            )
        return email

    def remove_email(self, user_id: str, email_address_id: str) -> User:
        """Take an address from a user; the next one becomes primary."""
        with self._write() as tx:
            user = self.get(user_id)
            left = tuple(email for email in user.email_addresses if email.id != email_address_id)
            if len(left) == len(user.email_addresses):
                raise errors.not_found("email address", email_address_id)
            primary = user.primary_email_address_id
            if primary == email_address_id:
                primary = left[0].id if left else None
            return self._put(
                tx, replace(user, email_addresses=left, primary_email_address_id=primary)
            )

    def owner_of(self, email_address_id: str) -> User:
        """Return the user who has an address.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            users = tx.all(User)
        for user in users:
            if user.email(email_address_id) is not None:
                return user
        raise errors.not_found("email address", email_address_id)

    def mark_verified(self, user_id: str, email_address_id: str, strategy: str) -> User:
        """Note that a user has shown to read an address."""
        verification = Verification(strategy=strategy, status="verified")
        with self._write():
            email = self.get(user_id).email(email_address_id)
            if email is not None and not email.is_verified:
                self.set_verification(user_id, email_address_id, verification)
            return self.get(user_id)

    def set_verification(
        self, user_id: str, email_address_id: str, verification: Verification
    ) -> EmailAddress:
        """Note how far the proof has come that a user reads an address.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._write() as tx:
            user = self.get(user_id)
            email = user.email(email_address_id)
            if email is None:
                raise errors.not_found("email address", email_address_id)
            proven = replace(email, verification=verification, updated_at=self._now)
            emails = (proven if each is email else each for each in user.email_addresses)
            self._put(tx, replace(user, email_addresses=tuple(emails)))
            return proven

    def hash_password(self, password: str) -> str:
        """Return the hash of a password. It takes a while by design: keep transactions shut.

        :raises LocalClerkError: ``form_password_length_too_short``.
        """
        if len(password) < MIN_PASSWORD_LENGTH:
            raise errors.password_too_short(MIN_PASSWORD_LENGTH)
        return generate_password_hash(password, self._clerk.password_method)

    def has_password(self, user: User, password: str) -> bool:
        """Whether this is the user's password."""
        return user.password_hash is not None and check_password_hash(user.password_hash, password)

    def _put(self, tx: Transaction, user: User) -> User:
        user = replace(user, updated_at=self._now)
        tx.put(user)
        self._clerk.outbox.emit_user("user.updated", user)
        return user

    def _check_changes(
        self, tx: Transaction, user: User, changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        special = {
            name: changes[name]
            for name in (
                "username", "external_id", "primary_email_address_id", "password_hash",
                "password_last_updated_at",
            )
            if name in changes
        }  # fmt: skip
        _check_username(special.get("username"))
        for name in ("username", "external_id"):
            if special.get(name) not in (None, getattr(user, name)):
                self._check_free(tx, name, **{name: special[name]})
        primary = special.get("primary_email_address_id")
        if primary is not None and user.email(primary) is None:
            raise errors.not_found("email address", primary)
        rest = {name: value for name, value in changes.items() if name not in special}
        return {**special, **_plain(rest)}

    def _check_free(self, tx: Transaction, param: str, **where: str) -> None:
        if tx.find(User, **where):
            raise errors.identifier_exists(param)


def check_email(address: str, param: str = "email_address") -> str:
    """Return an address in lower case.

    :raises LocalClerkError: ``form_param_format_invalid``.
    """
    address = address.strip().lower()
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        raise errors.param_format_invalid(param, f"{param} must be a valid email address.")
    return address


def _new_email(address: str, verification: Verification | None, now: int) -> EmailAddress:
    return EmailAddress(
        id=new_id("idn"),
        email_address=check_email(address),
        verification=verification,
        created_at=now,
        updated_at=now,
    )


def _check_username(username: str | None) -> str | None:
    if username is not None and not _USERNAME.fullmatch(username):
        raise errors.param_format_invalid(
            "username", "A username has 4 to 64 letters, digits, dots, dashes and underscores."
        )
    return username


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if name not in _PLAIN_FIELDS:
            raise TypeError(f"A user has no field {name!r}.")
        if name in _METADATA and not isinstance(value, Mapping):
            raise errors.param_invalid(name, f"{name} must be an object.")
    return {
        name: tuple(value) if name in ("features", "plans") else value
        for name, value in fields.items()
    }


def _contains(user: User, query: str) -> bool:
    texts = [user.id, user.username, user.external_id, user.full_name]
    texts += [email.email_address for email in user.email_addresses]
    return any(query in text.lower() for text in texts if text)


def _ordered(users: list[User], order_by: str) -> list[User]:
    name = order_by.lstrip("+-")
    if name not in _ORDERS:
        raise errors.param_invalid("order_by", f"Users cannot be ordered by {name}.")
    return sorted(
        users,
        key=lambda user: (getattr(user, name) is not None, getattr(user, name)),
        reverse=order_by.startswith("-"),
    )
