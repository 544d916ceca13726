"""The JSON of sessions, clients and attempts, as Clerk's APIs have it.

The Frontend API's clients read a session with its user and its token; the Backend API's read
it with the ids of user and client. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Final

from .model import Client
from .model import Session
from .model import SignIn
from .model import SignUp
from .model import User
from .model.sessions import DETACHED
from .people_resources import Json
from .people_resources import PeopleResources

_NOTHING_SENT: Final[Json] = {
    "object": "verification_otp",
    "status": "unverified",
    "strategy": None,
    "attempts": None,
    "expire_at": None,
}


class Resources(PeopleResources):
    """Turns what the instance knows into Clerk's JSON."""

    def session(self, session: Session, *, origin: str | None = None) -> Json:
        """Return a session as the Frontend API has it, with a fresh token while it lives.

        :param origin: The origin of the page that asks, for the token's ``azp``.
        """
        user = self._clerk.users.get(session.user_id)
        jwt = self._clerk.minting.session_token(session, origin=origin) if session.is_live else None
        return {
            **self._session(session),
            "factor_verification_age": session.factor_verification_age(self._now),
            "last_active_token": self.token(jwt) if jwt else None,
            "public_user_data": self.public_user_data(user),
            "user": self.user(user),
        }

    def backend_session(self, session: Session) -> Json:
        """Return a session as the Backend API has it."""
        return {
            **self._session(session),
            "user_id": session.user_id,
            "client_id": session.client_id,
            "latest_activity": _activity(session),
        }

    def session_with_activity(self, session: Session) -> Json:
        """Return a session as ``/v1/me/sessions`` lists it."""
        return {**self._session(session), "user": None, "latest_activity": _activity(session)}

    def client(self, client: Client, *, origin: str | None = None) -> Json:
        """Return a client as the Frontend API has it, with the attempts under way.

        :param origin: The origin of the page that asks, for the tokens' ``azp``.
        """
        with self._read() as tx:
            sign_in = tx.get(SignIn, client.sign_in_id) if client.sign_in_id else None
            sign_up = tx.get(SignUp, client.sign_up_id) if client.sign_up_id else None
            current = self._clerk.sessions.current(client)
            return {
                "object": "client",
                "id": client.id,
                "sessions": [
                    self.session(each, origin=origin) for each in self._shown_sessions(client)
                ],
                "sign_in": self.sign_in(sign_in) if sign_in else None,
                "sign_up": self.sign_up(sign_up) if sign_up else None,
                "last_active_session_id": current.id if current else None,
                "last_authentication_strategy": client.last_authentication_strategy,
                "cookie_expires_at": None,
                "captcha_bypass": True,
                "created_at": client.created_at,
                "updated_at": client.updated_at,
            }

    def backend_client(self, client: Client) -> Json:
        """Return a client as the Backend API has it."""
        sessions = self._shown_sessions(client)
        return {
            "object": "client",
            "id": client.id,
            "session_ids": [session.id for session in sessions],
            "sessions": [self.backend_session(session) for session in sessions],
            "sign_in_id": client.sign_in_id,
            "sign_up_id": client.sign_up_id,
            "last_active_session_id": client.last_active_session_id,
            "last_authentication_strategy": client.last_authentication_strategy,
            "created_at": client.created_at,
            "updated_at": client.updated_at,
        }

    def sign_in(self, sign_in: SignIn) -> Json:
        """Return an attempt to sign in."""
        with self._read() as tx:
            user = tx.get(User, sign_in.user_id) if sign_in.user_id else None
        usernames = ["username"] if self._clerk.settings.username_enabled else []
        return {
            "object": "sign_in_attempt",
            "id": sign_in.id,
            "status": sign_in.status,
            "supported_identifiers": ["email_address", *usernames],
            "supported_first_factors": self._clerk.sign_ins.first_factors(user) if user else None,
            "supported_second_factors": None,
            "first_factor_verification": self.verification(sign_in.first_factor_verification),
            "second_factor_verification": None,
            "identifier": sign_in.identifier,
            "user_data": _user_data(user),
            "created_session_id": sign_in.created_session_id,
            "client_trust_state": "known",
            "abandon_at": sign_in.abandon_at,
        }

    def sign_up(self, sign_up: SignUp) -> Json:
        """Return an attempt to sign up."""
        sign_ups = self._clerk.sign_ups
        return {
            "object": "sign_up_attempt",
            "id": sign_up.id,
            "status": sign_up.status,
            "required_fields": sign_ups.required_fields(),
            "optional_fields": sign_ups.optional_fields(),
            "missing_fields": sign_ups.missing_fields(sign_up),
            "unverified_fields": sign_ups.unverified_fields(sign_up),
            "verifications": {
                "email_address": self._sign_up_verification(sign_up),
                "phone_number": None,
                "web3_wallet": None,
                "external_account": None,
            },
            "username": sign_up.username,
            "email_address": sign_up.email_address,
            "phone_number": None,
            "web3_wallet": None,
            "has_password": sign_up.password_hash is not None,
            "password_enabled": sign_up.password_hash is not None,
            "first_name": sign_up.first_name,
            "last_name": sign_up.last_name,
            "unsafe_metadata": sign_up.unsafe_metadata,
            "public_metadata": {},
            "custom_action": False,
            "external_id": None,
            "external_account": None,
            "external_account_strategy": None,
            "locale": None,
            "created_session_id": sign_up.created_session_id,
            "created_user_id": sign_up.created_user_id,
            "abandon_at": sign_up.abandon_at,
            "legal_accepted_at": None,
        }

    def token(self, jwt: str) -> Json:
        """Return a token."""
        return {"object": "token", "jwt": jwt}

    def deleted(self, kind: str, key: str) -> Json:
        """Return what is left of something deleted."""
        return {"object": kind, "id": key, "deleted": True}

    def _session(self, session: Session) -> Json:
        return {
            "id": session.id,
            "object": "session",
            "status": session.status,
            "expire_at": session.expire_at,
            "abandon_at": session.abandon_at,
            "last_active_at": session.last_active_at,
            "last_active_organization_id": session.last_active_organization_id,
            "actor": session.actor,
            "tasks": [{"key": key} for key in session.tasks] or None,
            "created_at": session.created_at,
            "updated_at": session.updated_at,
        }

    def _shown_sessions(self, client: Client) -> list[Session]:
        """Return what a browser sees: in single session mode only what lives."""
        sessions = self._clerk.sessions.search(client_id=client.id)
        if self._clerk.settings.single_session_mode:
            return [session for session in sessions if session.is_live]
        return [session for session in sessions if session.status not in DETACHED]

    def _sign_up_verification(self, sign_up: SignUp) -> Json | None:
        if sign_up.email_address is None:
            return None
        verification = sign_up.email_verification
        # Named before a code is sent, a strategy makes the prebuilt components wait for the code.
        shown = self.verification(verification) or dict(_NOTHING_SENT)
        done = verification is not None and verification.is_verified
        next_action = "" if done else "needs_attempt" if verification else "needs_prepare"
        return {**shown, "next_action": next_action, "supported_strategies": ["email_code"]}


def _user_data(user: User | None) -> Json | None:
    if user is None:
        return None
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "has_image": user.image_url is not None,
        "image_url": user.image_url or "",
    }


def _activity(session: Session) -> Json | None:
    activity = session.latest_activity
    if activity is None:
        return None
    shown = {
        "id": activity.id,
        "object": "session_activity",
        "device_type": activity.device_type,
        "is_mobile": activity.is_mobile,
        "browser_name": activity.browser_name,
        "browser_version": activity.browser_version,
        "ip_address": activity.ip_address,
    }
    return {name: value for name, value in shown.items() if value is not None}
