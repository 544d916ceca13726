"""Handshakes and refreshes: what an app's cookies should be, as ``Set-Cookie`` lines."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Final

from ..core.constants import Cookies
from ..core.urls import origin_of
from . import errors
from .ids import new_secret
from .model import Client
from .model import HandshakePayload
from .model import RefreshToken
from .model import Session
from .service import Service
from .service import digest
from .signing import read_own_token

#: Milliseconds for which a nonce is good.
NONCE_LIFETIME: Final = 60_000
#: Seconds; browsers keep no cookie longer than 400 days.
COOKIE_LIFETIME: Final = 31_536_000
_KEPT_NONCES: Final = 1000
_KEPT_REFRESH_TOKENS: Final = 4
_EXPIRED: Final = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What to send a browser back with.

    :param lines: The ``Set-Cookie`` lines that the app will send.
    :param parameter: The query parameter to add to the redirect URL, and its value.
    :param client: The client, if the browser has one.
    :param session: The session that the lines hold, if there is one.
    """

    lines: tuple[str, ...] = field(repr=False)
    parameter: tuple[str, str] = field(repr=False)
    client: Client | None
    session: Session | None


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """How the app's cookies are to be set: each by its plain name and with the instance's suffix.

    All apps on localhost share their cookies, whatever their port, so the plain ones are those of
    whichever app was last signed in to. The suffixed ones are set even for an SDK that does not
    look for them yet, or a second app would sign people out of the first.

    :param suffix: The instance's cookie suffix.
    :param is_secure: Whether the app is on https.
    """

    suffix: str
    is_secure: bool = False

    def signed_in(self, token: str, client_uat: int, refresh_token: str) -> list[str]:
        """Return the lines that sign a browser in.

        :param client_uat: Unix seconds.
        """
        lines = [
            line
            for name in self._names(Cookies.SESSION, Cookies.CLIENT_UAT)
            for line in [self._line(name, token if "session" in name else str(client_uat))]
        ]
        return [*lines, self._line(self._refresh, refresh_token, http_only=True)]

    def renewed(self, token: str, *, is_suffixed: bool) -> list[str]:
        """Return the lines that renew a session token and leave the rest alone.

        :param is_suffixed: Whether the app believes the suffixed cookies.
        """
        names = self._names(Cookies.SESSION) if is_suffixed else [Cookies.SESSION]
        return [self._line(name, token) for name in names]

    def signed_out(self) -> list[str]:
        """Return the lines that sign a browser out.

        The plain ``__client_uat`` goes; as ``0`` it would sign people out of other apps, too.
        """
        session, suffixed_session = self._names(Cookies.SESSION)
        uat, suffixed_uat = self._names(Cookies.CLIENT_UAT)
        gone = [self._line(name, "") for name in (session, suffixed_session, uat)]
        zero = self._line(suffixed_uat, "0")
        return [*gone, zero, self._line(self._refresh, "", http_only=True)]

    def dev_browser(self, dev_browser: str) -> list[str]:
        """Return the lines that make an origin know its development browser."""
        return [self._line(name, dev_browser) for name in self._names(Cookies.DEV_BROWSER)]

    @property
    def _refresh(self) -> str:
        return f"{Cookies.REFRESH}_{self.suffix}"

    def _names(self, *names: str) -> list[str]:
        return [twin for name in names for twin in (name, f"{name}_{self.suffix}")]

    def _line(self, name: str, value: str, *, http_only: bool = False) -> str:
        parts = [
            f"{name}={value}",
            "Path=/",
            f"Max-Age={COOKIE_LIFETIME}" if value else _EXPIRED,
            "HttpOnly" if http_only else "",
            "Secure" if self.is_secure else "",
            "SameSite=Lax",
        ]
        return "; ".join(filter(None, parts))


class Handshakes(Service):
    """Settles what an app's cookies should be."""

    def policy(self, *, is_secure: bool = False) -> CookiePolicy:
        """Return the cookie policy of this instance for one app."""
        suffix = self._clerk.publishable_key.cookie_suffix
        return CookiePolicy(suffix, is_secure)

    def begin(
        self,
        policy: CookiePolicy,
        *,
        cookie: str | None = None,
        dev_browser: str | None = None,
        organization: str | None = None,
        origin: str | None = None,
        with_nonce: bool = True,
    ) -> Handshake:
        """Return the cookies for the browser that these credentials prove.

        :param cookie: The value of ``__client``.
        :param dev_browser: What ``__clerk_db_jwt`` carries; an unknown one, or one that is not the
            client's, is replaced.
        :param organization: The id or slug of the organization to activate, empty for the
            personal account, ``None`` for no change. One that the user does not belong to is
            passed over.
        :param origin: The app's, for ``azp``.
        :param with_nonce: Whether the app can redeem a nonce; else it gets the lines in a token.
        """
        with self._write():
            client = self._clerk.clients.find(cookie, dev_browser)
            session = self._clerk.sessions.current(client) if client is not None else None
            if session is not None:
                session = self._activate(session, organization)
            lines = policy.dev_browser(self._dev_browser(client, dev_browser))
            lines += self.lines(policy, client, session, origin)
            parameter = self._parameter(lines, with_nonce)
        return Handshake(tuple(lines), parameter, client, session)

    def lines(
        self,
        policy: CookiePolicy,
        client: Client | None,
        session: Session | None,
        origin: str | None,
    ) -> list[str]:
        """Return the lines that bring an app in line with a client's session, or sign it out."""
        if client is None or session is None:
            return policy.signed_out()
        refresh_token = self._new_refresh_token(session.id)
        token = self._clerk.minting.session_token(session, origin=origin)
        return policy.signed_in(token, min(client.updated_at, self._now) // 1000, refresh_token)

    def redeem(self, nonce: str) -> list[str]:
        """Return the lines that wait under a nonce, once.

        :raises LocalClerkError: ``resource_not_found`` if it was used, is too old or unknown.
        """
        with self._write() as tx:
            payload = tx.get(HandshakePayload, digest(nonce))
            if payload is not None:
                tx.delete(payload)
        if payload is None or self._now >= payload.expire_at:
            raise errors.not_found("handshake payload", "of this nonce")
        return list(payload.lines)

    def refresh(
        self,
        session_id: str,
        *,
        expired_token: str,
        refresh_token: str,
        request_origin: str,
    ) -> str:
        """Return a new session token for an expired one.

        :param request_origin: Must be the ``azp`` of the expired token, where it has one.
        :raises LocalClerkError: With status 401: ``expired_session_token_invalid``,
            ``refresh_sid_mismatch``, ``refresh_request_origin_azp_mismatch``,
            ``refresh_token_not_found``, ``session_refresh_session_not_found``,
            ``session_refresh_inactive_session``.
        """
        keys = {key.kid: key for key in self._clerk.state.signing_keys}
        claims = read_own_token(expired_token, keys)
        if claims is None:
            raise errors.refresh_refused(
                "expired_session_token_invalid", "The expired token is not this instance's."
            )
        if claims.get("sid") != session_id:
            raise errors.refresh_refused(
                "refresh_sid_mismatch", "The expired token belongs to another session."
            )
        azp = claims.get("azp")
        if azp is not None and azp != origin_of(request_origin):
            raise errors.refresh_refused(
                "refresh_request_origin_azp_mismatch", "The token was made for another origin."
            )
        with self._write() as tx:
            known = tx.get(RefreshToken, digest(refresh_token))
            if known is None or known.session_id != session_id:
                raise errors.refresh_refused(
                    "refresh_token_not_found", "The refresh token is not one of this session."
                )
            session = tx.get(Session, session_id)
            if session is None:
                raise errors.refresh_refused(
                    "session_refresh_session_not_found", f"No session has the id {session_id}."
                )
            if not session.at(self._now).is_live:
                raise errors.refresh_refused(
                    "session_refresh_inactive_session", "The session is over."
                )
            session = self._clerk.sessions.touch(session_id)
        return self._clerk.minting.session_token(session, origin=azp)

    def _dev_browser(self, client: Client | None, named: str | None) -> str:
        """Return the development browser that an app may know a browser by.

        The one that a URL names is kept only if it is the client's already: whoever made up the
        link would know it, and with it the session.
        """
        clients = self._clerk.clients
        known = clients.dev_browser(named)
        client_id = client.id if client is not None else None
        if known is not None and (client_id is None or known.client_id == client_id):
            return known.id
        return clients.create_dev_browser(client_id).id

    def _activate(self, session: Session, organization: str | None) -> Session:
        session = self._clerk.sessions.touch(session.id)
        if organization is None:
            return session
        try:
            return self._clerk.sessions.set_organization(session.id, organization or None)
        except errors.LocalClerkError:
            return session

    def _parameter(self, lines: list[str], with_nonce: bool) -> tuple[str, str]:
        if not with_nonce:
            return Cookies.HANDSHAKE, self._clerk.minting.handshake_token(lines)
        nonce = new_secret()
        with self._write() as tx:
            tx.put(
                HandshakePayload(
                    id=digest(nonce), lines=tuple(lines), expire_at=self._now + NONCE_LIFETIME
                )
            )
            tx.trim(HandshakePayload, _KEPT_NONCES)
        return Cookies.HANDSHAKE_NONCE, nonce

    def _new_refresh_token(self, session_id: str) -> str:
        token = new_secret(64)
        with self._write() as tx:
            # Not one alone: two tabs may go through a handshake at the same time.
            for old in tx.find(RefreshToken, session_id=session_id)[:-_KEPT_REFRESH_TOKENS]:
                tx.delete(old)
            tx.put(RefreshToken(id=digest(token), session_id=session_id, created_at=self._now))
        return token
