"""Machines, API keys, M2M tokens and OAuth access tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import Final

from ..core.tokens import API_KEY
from ..core.tokens import M2M_TOKEN
from ..core.tokens import OAUTH_TOKEN
from . import errors
from .ids import new_hex_id
from .ids import new_id
from .ids import new_secret
from .model import Machine
from .model import MachineToken
from .service import Service
from .service import digest

_PREFIXES: Final = {API_KEY: "ak", M2M_TOKEN: "mt", OAUTH_TOKEN: "oat"}


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A machine token with its secret, which is seen only now."""

    record: MachineToken
    secret: str = field(repr=False)


class Machines(Service):
    """What machines sign in with."""

    def create(
        self, name: str, *, scoped_machine_ids: Sequence[str] = (), default_token_ttl: int = 3600
    ) -> Machine:
        """Create a machine.

        :param scoped_machine_ids: The machines that it may talk to.
        :param default_token_ttl: Seconds.
        :raises LocalClerkError: ``form_param_missing``, ``resource_not_found``.
        """
        if not name.strip():
            raise errors.param_missing("name")
        now = self._now
        with self._write() as tx:
            for other in scoped_machine_ids:
                self.get(other)
            machine = Machine(
                id=new_id("mch"),
                name=name.strip(),
                secret_key=f"ak_{new_secret()}",
                scoped_machine_ids=tuple(scoped_machine_ids),
                default_token_ttl=default_token_ttl,
                created_at=now,
                updated_at=now,
            )
            tx.put(machine)
        return machine

    def get(self, machine_id: str) -> Machine:
        """Return a machine.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            machine = tx.get(Machine, machine_id)
        if machine is None:
            raise errors.not_found("machine", machine_id)
        return machine

    def search(self) -> list[Machine]:
        """Return every machine, oldest first."""
        with self._read() as tx:
            return tx.all(Machine)

    def find_by_secret(self, secret_key: str) -> Machine | None:
        """Return the machine whose secret key this is."""
        with self._read() as tx:
            found = tx.find(Machine, secret_key=secret_key)
        return found[0] if found else None

    def delete(self, machine_id: str) -> Machine:
        """Delete a machine with its tokens, and return what it was."""
        with self._write() as tx:
            machine = self.get(machine_id)
            for token in tx.find(MachineToken, subject=machine_id):
                tx.delete(token)
            tx.delete(machine)
            return machine

    def create_m2m_token(
        self, machine_id: str, *, expires_in: int | None = None, claims: Any = None
    ) -> IssuedToken:
        """Create an opaque M2M token for the machines that this one may talk to.

        :param expires_in: Seconds; the machine's default unless given.
        """
        machine = self.get(machine_id)
        return self._issue(
            M2M_TOKEN,
            machine.id,
            expires_in or machine.default_token_ttl,
            claims=claims,
            scopes=machine.scoped_machine_ids,
        )

    def create_m2m_jwt(
        self, machine_id: str, *, expires_in: int | None = None, claims: Any = None
    ) -> str:
        """Return an M2M token as a JWT, which is not stored and cannot be revoked.

        :param expires_in: Seconds; the machine's default unless given.
        """
        machine = self.get(machine_id)
        return self._clerk.minting.m2m_token(
            machine.id,
            machine.scoped_machine_ids,
            claims if isinstance(claims, dict) else {},
            expires_in or machine.default_token_ttl,
        )

    def create_api_key(
        self, subject: str, name: str, *, expires_in: int | None = None, **fields: Any
    ) -> IssuedToken:
        """Create an API key of a user, an organization or a machine.

        :param expires_in: Seconds; it never expires unless given.
        :param fields: ``description``, ``claims``, ``scopes``, ``created_by``.
        """
        if not name.strip():
            raise errors.param_missing("name")
        return self._issue(API_KEY, subject, expires_in, name=name, **fields)

    def create_oauth_token(
        self, user_id: str, *, client_id: str, scopes: Sequence[str], expires_in: int = 86_400
    ) -> IssuedToken:
        """Create an opaque OAuth access token.

        :param client_id: The OAuth application's.
        :param expires_in: Seconds.
        """
        return self._issue(
            OAUTH_TOKEN, user_id, expires_in, client_id=client_id, scopes=tuple(scopes)
        )

    def token(self, token_id: str) -> MachineToken:
        """Return a machine token by its id.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            record = tx.get(MachineToken, token_id)
        if record is None:
            raise errors.not_found("token", token_id)
        return record

    def tokens(self, token_type: str, subject: str | None = None) -> list[MachineToken]:
        """Return the machine tokens of a type, newest first.

        :param token_type: ``api_key``, ``m2m_token`` or ``oauth_token``.
        """
        with self._read() as tx:
            found = tx.find(MachineToken, token_type=token_type)[::-1]
        return [each for each in found if subject in (None, each.subject)]

    def verify(self, token_type: str, secret: str) -> MachineToken:
        """Return the record of a token that is good.

        :raises LocalClerkError: ``resource_not_found`` if it is unknown, revoked or expired.
        """
        with self._write() as tx:
            found = tx.find(MachineToken, secret_hash=digest(secret))
            record = found[0] if found and found[0].token_type == token_type else None
            if record is None or record.is_revoked or record.is_expired(self._now):
                raise errors.not_found("token", "this secret")
            record = replace(record, last_used_at=self._now)
            tx.put(record)
            return record

    def revoke(self, token_id: str, reason: str | None = None) -> MachineToken:
        """Revoke a machine token.

        :param reason: For people.
        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._write() as tx:
            record = replace(
                self.token(token_id),
                is_revoked=True,
                revocation_reason=reason,
                updated_at=self._now,
            )
            tx.put(record)
            return record

    def _issue(
        self, token_type: str, subject: str, expires_in: int | None, **fields: Any
    ) -> IssuedToken:
        now = self._now
        prefix = _PREFIXES[token_type]
        secret = f"{prefix}_{new_secret()}"
        if "scopes" in fields:
            fields["scopes"] = tuple(fields["scopes"])
        record = MachineToken(
            id=new_hex_id(prefix),
            token_type=token_type,
            secret_hash=digest(secret),
            subject=subject,
            created_at=now,
            updated_at=now,
            expire_at=None if expires_in is None else now + expires_in * 1000,
            **fields,
        )
        with self._write() as tx:
            tx.put(record)
        return IssuedToken(record, secret)
