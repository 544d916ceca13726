"""Sessions: begun, used, switched, ended; expired and abandoned by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from typing import Final

from . import errors
from .ids import new_id
from .model import Activity
from .model import Client
from .model import RefreshToken
from .model import Session
from .model import Settings
from .service import Service
from .store import Transaction

CHOOSE_ORGANIZATION: Final = "choose-organization"
#: Milliseconds after which Clerk counts a session without inactivity timeout as abandoned.
_ABANDON_AFTER: Final = 30 * 86_400_000
#: Milliseconds; stands for no maximum lifetime.
_FOREVER: Final = 10 * 365 * 86_400_000


class Sessions(Service):
    """The sessions of an instance. Whatever is returned is as it stands by the clock now."""

    def create(
        self,
        user_id: str,
        client_id: str | None = None,
        *,
        organization_id: str | None = None,
        actor: dict[str, Any] | None = None,
        strategy: str | None = None,
        lifetime: int | None = None,
        activity: Activity | None = None,
    ) -> Session:
        """Sign a user in on a client.

        A live session of the same user, or in single session mode any, is ``replaced``. The
        client's secret changes: set its cookie anew.

        :param client_id: A new client unless given.
        :param organization_id: The id or slug of the organization to be active.
        :param actor: Who acts as the user: ``{"sub": "user_…"}``.
        :param strategy: How the user proved to be one, such as ``password``.
        :param lifetime: Milliseconds, instead of the settings' maximum.
        :raises LocalClerkError: ``resource_not_found``, ``user_banned``,
            ``organization_not_found_or_unauthorized``.
        """
        now = self._now
        settings = self._clerk.settings
        with self._write() as tx:
            user = self._clerk.users.get(user_id)
            if user.is_banned:
                raise errors.user_banned()
            client = tx.get(Client, client_id) if client_id else self._clerk.clients.create()
            if client is None:
                raise errors.not_found("client", client_id or "")
            self._replace_others(tx, client.id, user_id, settings)
            expire_at = now + (lifetime or _milliseconds(settings.max_lifetime) or _FOREVER)
            session = Session(
                id=new_id("sess"),
                user_id=user_id,
                client_id=client.id,
                created_at=now,
                updated_at=now,
                last_active_at=now,
                expire_at=expire_at,
                abandon_at=_abandon_at(now, expire_at, settings),
                last_active_organization_id=self._organization(user_id, organization_id),
                actor=actor,
                first_factor_at=None if actor else now,
                latest_activity=activity or Activity(id=new_id("sess_activity")),
            )
            session = _with_tasks(session, settings)
            tx.put(session)
            tx.put(replace(user, last_sign_in_at=now, last_active_at=now))
            self._note_sign_in(tx, client, session, strategy)
            event = "session.created" if session.status == "active" else "session.pending"
            self._clerk.outbox.emit_session(event, session)
        return session

    def get(self, session_id: str) -> Session:
        """Return a session.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            session = tx.get(Session, session_id)
        if session is None:
            raise errors.session_not_found(session_id)
        return session.at(self._now)

    def get_live(self, session_id: str, client_id: str | None = None) -> Session:
        """Return a session that still holds somebody.

        :param client_id: The client that it must belong to.
        :raises LocalClerkError: ``resource_not_found``, ``authentication_invalid``.
        """
        session = self.get(session_id)
        if client_id is not None and session.client_id != client_id:
            raise errors.session_not_found(session_id)
        if not session.is_live:
            raise errors.authentication_invalid()
        return session

    def search(
        self,
        *,
        client_id: str | None = None,
        user_id: str | None = None,
        status: str | None = None,
    ) -> list[Session]:
        """Return the sessions that fit all that is given, newest first.

        :param status: As the clock has it now.
        """
        with self._read() as tx:
            if client_id is not None:
                found = tx.find(Session, client_id=client_id)
            else:
                found = tx.find(Session, user_id=user_id) if user_id else tx.all(Session)
        now = self._now
        sessions = [each.at(now) for each in found if user_id in (None, each.user_id)]
        return [each for each in sessions if status in (None, each.status)][::-1]

    def live(self, client_id: str) -> list[Session]:
        """Return the sessions of a client that still hold somebody, newest first."""
        return [session for session in self.search(client_id=client_id) if session.is_live]

    def current(self, client: Client) -> Session | None:
        """Return the session that the browser shows: the last active one, if it lives."""
        live = self.live(client.id)
        chosen = (each for each in live if each.id == client.last_active_session_id)
        return next(chosen, live[0] if live else None)

    def touch(self, session_id: str, activity: Activity | None = None) -> Session:
        """Note that a session is in use; its inactivity timeout begins anew.

        :raises LocalClerkError: ``resource_not_found``, ``authentication_invalid``.
        """
        with self._write() as tx:
            session = self.get_live(session_id)
            return self._touched(tx, session, activity)

    def select(
        self,
        session_id: str,
        client_id: str,
        organization_id: str | None = None,
        *,
        switches_organization: bool = False,
        activity: Activity | None = None,
    ) -> Session:
        """Make a session the one that its client shows, as clerk-js's *touch* does.

        :param organization_id: With ``switches_organization``: the id or slug of the one to be
            active, or nothing for the personal account.
        :raises LocalClerkError: ``resource_not_found``, ``authentication_invalid``,
            ``organization_not_found_or_unauthorized``.
        """
        with self._write() as tx:
            session = self.get_live(session_id, client_id)
            if switches_organization and not self._must_stay(organization_id):
                session = self.set_organization(session.id, organization_id or None)
            client = tx.get(Client, session.client_id)
            if client is not None and client.last_active_session_id != session.id:
                tx.put(replace(client, last_active_session_id=session.id))
            return self._touched(tx, session, activity)

    def set_organization(self, session_id: str, organization_id: str | None) -> Session:
        """Make an organization active, or none; that may settle or raise a task.

        :param organization_id: An id or slug.
        :raises LocalClerkError: ``organization_not_found_or_unauthorized``.
        """
        with self._write() as tx:
            session = self.get(session_id)
            if not session.is_live:
                return session
            active = self._organization(session.user_id, organization_id)
            session = replace(session, last_active_organization_id=active, updated_at=self._now)
            session = _with_tasks(session, self._clerk.settings)
            tx.put(session)
            return session

    def imagine(self, user_id: str, organization_id: str | None = None) -> Session:
        """Return a session that a user could have, to be measured or shown; nothing is stored.

        :param organization_id: The id of the active organization.
        :raises LocalClerkError: ``resource_not_found``.
        """
        user, now = self._clerk.users.get(user_id), self._now
        return Session(
            id=new_id("sess"),
            user_id=user.id,
            client_id=new_id("client"),
            created_at=now,
            updated_at=now,
            last_active_at=now,
            expire_at=now,
            abandon_at=now,
            last_active_organization_id=organization_id,
            first_factor_at=now,
        )

    def as_in(self, session: Session, organization_id: str | None) -> Session:
        """Return a session as it would be with another organization active; nothing is stored.

        :param organization_id: An id or slug, or nothing for the personal account.
        :raises LocalClerkError: ``organization_not_found_or_unauthorized``.
        """
        if self._must_stay(organization_id):
            return session
        active = self._organization(session.user_id, organization_id)
        return replace(session, last_active_organization_id=active)

    def end(self, session_id: str) -> Session:
        """End a session; it stays with its client."""
        return self._finish(session_id, "ended")

    def remove(self, session_id: str) -> Session:
        """End a session and take it from its client."""
        return self._finish(session_id, "removed")

    def revoke(self, session_id: str) -> Session:
        """End a session from outside: its browser learns of it with the next request.

        :raises LocalClerkError: ``resource_not_found``.
        """
        return self._finish(session_id, "revoked")

    def remove_all(self, client_id: str) -> list[Session]:
        """Sign a whole client out."""
        with self._write():
            return [self.remove(session.id) for session in self.live(client_id)]

    def revoke_all(self, user_id: str, *, but: str | None = None) -> list[Session]:
        """Revoke every live session of a user.

        :param but: The id of one to spare.
        """
        with self._write():
            sessions = self.search(user_id=user_id)
            return [self.revoke(each.id) for each in sessions if each.is_live and each.id != but]

    def reverify(self, session_id: str, level: str = "first_factor") -> Session:
        """Note that a factor was just shown again; ``fva`` in the next token says so.

        :param level: ``first_factor``, ``second_factor`` or ``multi_factor``.
        """
        now = self._now
        with self._write() as tx:
            session = self.get_live(session_id)
            if level != "second_factor":
                session = replace(session, first_factor_at=now)
            if level != "first_factor":
                session = replace(session, second_factor_at=now)
            tx.put(session)
            return session

    def apply_settings(self, settings: Settings) -> None:
        """Let live sessions follow a changed inactivity timeout; those that are over stay so."""
        with self._write() as tx:
            now = self._now
            for session in (each.at(now) for each in tx.all(Session)):
                if session.is_live:
                    last = session.last_active_at
                    until = _abandon_at(last, session.expire_at, settings)
                    session = replace(session, abandon_at=until)
                tx.put(session)

    def _finish(self, session_id: str, status: str) -> Session:
        now = self._now
        with self._write() as tx:
            session = self.get(session_id)
            if not session.is_live:
                tx.put(session)
                return session
            session = replace(session, status=status, updated_at=now)
            tx.put(session)
            _forget_refresh_tokens(tx, session.id)
            client = tx.get(Client, session.client_id)
            if client is not None:
                client = replace(client, updated_at=now)
                if client.last_active_session_id == session.id:
                    left = self.live(client.id)
                    client = replace(client, last_active_session_id=left[0].id if left else None)
                tx.put(client)
            self._clerk.outbox.emit_session(f"session.{status}", session)
            return session

    def _touched(self, tx: Transaction, session: Session, activity: Activity | None) -> Session:
        now = self._now
        session = replace(
            session,
            last_active_at=now,
            abandon_at=_abandon_at(now, session.expire_at, self._clerk.settings),
            latest_activity=activity or session.latest_activity,
        )
        tx.put(session)
        return session

    def _replace_others(
        self, tx: Transaction, client_id: str, user_id: str, settings: Settings
    ) -> None:
        for old in self.live(client_id):
            if settings.single_session_mode or old.user_id == user_id:
                tx.put(replace(old, status="replaced", updated_at=self._now))
                _forget_refresh_tokens(tx, old.id)

    def _note_sign_in(
        self, tx: Transaction, client: Client, session: Session, strategy: str | None
    ) -> None:
        rotated = self._clerk.clients.rotate(client.id) or client
        tx.put(
            replace(
                rotated,
                updated_at=session.created_at,
                last_active_session_id=session.id,
                last_authentication_strategy=strategy or client.last_authentication_strategy,
            )
        )

    def _must_stay(self, organization_id: str | None) -> bool:
        """Whether the personal account is asked for where there is none (``touchSession``)."""
        return not organization_id and self._clerk.settings.force_organization_selection

    def _organization(self, user_id: str, id_or_slug: str | None) -> str | None:
        if not id_or_slug:
            return None
        organization = self._clerk.organizations.find(id_or_slug)
        if organization is None or not self._clerk.organizations.membership(
            user_id, organization.id
        ):
            raise errors.organization_not_found()
        return organization.id


def _with_tasks(session: Session, settings: Settings) -> Session:
    """A session is pending while there is something left to do."""
    lacks = settings.force_organization_selection and not session.last_active_organization_id
    tasks: Sequence[str] = (CHOOSE_ORGANIZATION,) if lacks else ()
    return replace(session, tasks=tuple(tasks), status="pending" if tasks else "active")


def _abandon_at(last_active_at: int, expire_at: int, settings: Settings) -> int:
    timeout = _milliseconds(settings.inactivity_timeout)
    return last_active_at + timeout if timeout else max(last_active_at + _ABANDON_AFTER, expire_at)


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _forget_refresh_tokens(tx: Transaction, session_id: str) -> None:
    for token in tx.find(RefreshToken, session_id=session_id):
        tx.delete(token)
