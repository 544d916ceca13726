"""People and their sessions: ``client.users``, ``client.sessions``, and what signs people in."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from ..core.errors import BackendAPIError
from .collections import Collection
from .collections import Crud
from .collections import Gets
from .collections import Lists
from .collections import Pages
from .collections import given
from .collections import mapping
from .collections import unknown_shape
from .resources import Invitation
from .resources import IssuedToken
from .resources import Membership
from .resources import Session
from .resources import User


class Users(Crud[User]):
    """``/users``."""

    path = "/users"
    of = User

    def count(self, **filters: Any) -> int:
        """Return how many fit.

        :param filters: Those of ``list``.
        """
        answer = mapping(self._client.request("GET", self._at("count"), query=filters))
        total = answer.get("total_count")
        if not isinstance(total, int):
            raise unknown_shape()
        return total

    def update_metadata(
        self,
        user_id: str,
        *,
        public_metadata: Mapping[str, Any] | None = None,
        private_metadata: Mapping[str, Any] | None = None,
        unsafe_metadata: Mapping[str, Any] | None = None,
    ) -> User:
        """Merge into the metadata, deeply; a key set to ``None`` goes.

        Tokens minted from now on have it; ``clerk.refresh_claims`` mints one for the current
        browser.
        """
        return self._metadata(
            "PATCH",
            self._at(user_id),
            public_metadata=public_metadata,
            private_metadata=private_metadata,
            unsafe_metadata=unsafe_metadata,
        )

    def replace_metadata(
        self,
        user_id: str,
        *,
        public_metadata: Mapping[str, Any] | None = None,
        private_metadata: Mapping[str, Any] | None = None,
        unsafe_metadata: Mapping[str, Any] | None = None,
    ) -> User:
        """Replace the kinds of metadata that are given, and leave the others."""
        return self._metadata(
            "PUT",
            self._at(user_id),
            public_metadata=public_metadata,
            private_metadata=private_metadata,
            unsafe_metadata=unsafe_metadata,
        )

    def ban(self, user_id: str) -> User:
        """End all sessions of a user and let him or her begin no other."""
        return self._act(user_id, "ban")

    def unban(self, user_id: str) -> User:
        """Let a banned user sign in again."""
        return self._act(user_id, "unban")

    def lock(self, user_id: str) -> User:
        """Let a user begin no session for as long as the instance's lockout lasts."""
        return self._act(user_id, "lock")

    def unlock(self, user_id: str) -> User:
        """Let a locked user sign in again."""
        return self._act(user_id, "unlock")

    def verify_password(self, user_id: str, password: str) -> bool:
        """Whether this is the user's password."""
        return self._verify(user_id, "verify_password", {"password": password})

    def verify_totp(self, user_id: str, code: str) -> bool:
        """Whether a code is right now one of the user's authenticator or a backup code."""
        return self._verify(user_id, "verify_totp", {"code": code})

    def memberships(self, user_id: str, *, limit: int | None = None) -> Pages[Membership]:
        """Return the user's memberships of organizations."""
        path = self._at(user_id, "organization_memberships")
        return Pages(self._client, path, Membership, {"limit": limit})

    def _act(self, user_id: str, action: str) -> User:
        return self._one("POST", self._at(user_id, action))

    def _verify(self, user_id: str, action: str, body: Mapping[str, Any]) -> bool:
        # Clerk answers true or refuses, with a code that says what is incorrect.
        try:
            answer = self._client.request("POST", self._at(user_id, action), body=body)
        except BackendAPIError as error:
            if error.status == 422 and any("incorrect" in code for code in error.codes):
                return False
            raise
        return mapping(answer).get("verified") is True


class Sessions(Lists[Session], Gets[Session]):
    """``/sessions``. ``list`` asks for ``user_id=`` or ``client_id=``."""

    path = "/sessions"
    of = Session

    def create(self, user_id: str, *, active_organization_id: str | None = None) -> Session:
        """Sign a user in without a browser; of use in tests, and only in development instances."""
        organization = given(active_organization_id=active_organization_id)
        return self._one("POST", self.path, {"user_id": user_id, **organization})

    def revoke(self, session_id: str) -> Session:
        """End a session. Tokens already minted stay valid for their minute."""
        return self._one("POST", self._at(session_id, "revoke"))

    def create_token(
        self, session_id: str, template: str | None = None, *, expires_in: int | None = None
    ) -> str:
        """Return a newly minted token of a session; Clerk gives it no ``azp``.

        :param template: The name of a JWT template; a session token without one.
        :param expires_in: Lifetime in seconds, instead of the instance's own.
        """
        segments = (session_id, "tokens") if template is None else (session_id, "tokens", template)
        body = given(expires_in_seconds=expires_in) or None
        token = mapping(self._client.request("POST", self._at(*segments), body=body)).get("jwt")
        if not isinstance(token, str):
            raise unknown_shape()
        return token


class Invitations(Lists[Invitation]):
    """``/invitations`` to the application. Those to an organization are a collection of their own.

    ``list`` takes ``status=`` and ``query=``.
    """

    path = "/invitations"
    of = Invitation

    def create(self, email_address: str, **fields: Any) -> Invitation:
        """Invite somebody by mail.

        :param fields: ``public_metadata``, ``redirect_url``, ``notify``, ``ignore_existing``,
            ``expires_in_days``, ``template_slug``.
        """
        return self._one("POST", self.path, {"email_address": email_address, **fields})

    def create_bulk(self, invitations: Sequence[Mapping[str, Any]]) -> Sequence[Invitation]:
        """Invite several people with one call; each mapping has the fields of ``create``."""
        answer = self._client.request("POST", self._at("bulk"), body=invitations)
        if not isinstance(answer, list):
            raise unknown_shape()
        return [Invitation(mapping(each)) for each in answer]

    def revoke(self, invitation_id: str) -> Invitation:
        """Take an invitation back."""
        return self._one("POST", self._at(invitation_id, "revoke"))


class _IssuedTokens(Collection[IssuedToken]):
    of = IssuedToken

    def revoke(self, token_id: str) -> IssuedToken:
        """Revoke a token that was not used."""
        return self._one("POST", self._at(token_id, "revoke"))


class SignInTokens(_IssuedTokens):
    """``/sign_in_tokens``, which sign a user in without a password."""

    path = "/sign_in_tokens"

    def create(self, user_id: str, *, expires_in: int | None = None) -> IssuedToken:
        """Issue one; ``url`` is where the user follows it.

        :param expires_in: Lifetime in seconds; thirty days unless given.
        """
        lifetime = given(expires_in_seconds=expires_in)
        return self._one("POST", self.path, {"user_id": user_id, **lifetime})


class ActorTokens(_IssuedTokens):
    """``/actor_tokens``, with which one user signs in as another."""

    path = "/actor_tokens"

    def create(
        self, user_id: str, actor: Mapping[str, Any], *, expires_in: int | None = None
    ) -> IssuedToken:
        """Issue one.

        :param actor: Who acts; ``sub`` is his or her user id.
        :param expires_in: Lifetime in seconds; an hour unless given.
        """
        lifetime = given(expires_in_seconds=expires_in)
        return self._one("POST", self.path, {"user_id": user_id, "actor": actor, **lifetime})
