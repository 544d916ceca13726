"""One Clerk instance: its settings, its keys, its Backend API and its clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from typing import Any
from typing import Protocol

from .claims import Claims
from .config import ClerkConfig
from .jwks import FixedKey
from .jwks import RemoteKeys
from .jwks import SigningKeys
from .lazy import lazy
from .machine_tokens import MachineTokens
from .memory import Memory
from .organizations import Target
from .organizations import no_organization
from .revocation import MemoryRevocations
from .revocation import RevocationStore
from .verdicts import Verdicts
from .verified import VerifiedToken
from .verify import TokenVerifier


class Backend(Protocol):
    """The calls to Clerk that a request may take. Each may raise ``ClerkError``."""

    def fetch_jwks(self) -> Mapping[str, Any]:
        """Return the instance's JSON Web Key Set."""

    def fetch_handshake_cookies(self, nonce: str) -> list[str]:
        """Return the ``Set-Cookie`` lines that a handshake left under this nonce."""

    def refresh_session(
        self, session_id: str, body: Mapping[str, Any], *, suffixed_cookies: bool
    ) -> list[str]:
        """Return the ``Set-Cookie`` lines that renew an expired session token."""

    def create_token(self, session_id: str, template: str | None, expires_in: int | None) -> str:
        """Return a newly minted token of a session."""

    def revoke_session(self, session_id: str) -> None:
        """End a session."""

    def revoke_user(self, user_id: str) -> None:
        """End every session of a user."""

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        """Return what is known of an opaque API key, M2M token or OAuth token that is good."""


def wall_clock() -> float:
    """Return Unix seconds, looked up at each use so that a frozen clock is seen."""
    return time.time()


class Instance:
    """Everything that one configured Clerk instance knows. Two instances share nothing."""

    def __init__(
        self,
        config: ClerkConfig,
        connect: Callable[[ClerkConfig], Backend],
        *,
        clock: Callable[[], float] = wall_clock,
        organization_of: Callable[[str], Target | None] = no_organization,
        open_revocations: Callable[
            [ClerkConfig, Callable[[], float]], RevocationStore
        ] = MemoryRevocations,
    ) -> None:
        """Put an instance together; no call is made before it is needed.

        :param connect: Makes the Backend API client, when the first call needs one.
        :param clock: Returns the wall time in Unix seconds.
        :param organization_of: Tells which organization a URL's path wants to be active.
        :param open_revocations: Opens the store of what has ended, by the settings and the clock.
        """
        self.config = config
        self.clock = clock
        self.organization_of = organization_of
        #: Whether a URL's path may want an organization to be active.
        self.reads_paths = organization_of is not no_organization
        self._connect = connect
        self.revocations = open_revocations(config, self.now)
        self.keys = self._signing_keys()
        self._verifier = TokenVerifier(config, self.keys, self.now, self.revocations)
        self.memory = Memory(config.token_cache_size, self._verifier, config.clock_skew)
        self._machine_tokens = MachineTokens(
            self._verifier,
            lambda token_type, token: self.backend.verify_machine_token(token_type, token),
            Verdicts(config.token_cache_size, config.machine_token_cache_ttl, self.now),
            self.revocations,
        )

    def __repr__(self) -> str:
        key = self.config.publishable_key
        return f"<Instance {key.frontend_api if key else 'without publishable key'}>"

    def now(self) -> float:
        """Return Unix seconds by the instance's clock, which a test may replace."""
        return self.clock()

    @lazy
    def backend(self) -> Backend:
        """The Backend API client."""
        return self._connect(self.config)

    def verify_token(self, token: str, *, clock_skew: float | None = None) -> Claims:
        """Return the claims of a session token signed by this instance.

        :param token: The compact JWT, without ``Bearer``.
        :param clock_skew: Seconds to allow instead of ``CLERK_CLOCK_SKEW``.
        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        return self._verifier.verify_session_token(token, clock_skew=clock_skew)

    def verify_machine_token(self, token: str, token_type: str) -> VerifiedToken:
        """Return what a token says that is no session's; an opaque one may cost a call.

        :param token_type: The type that it claims to be of: ``api_key``, ``m2m_token``,
            ``oauth_token`` or ``jwt_template``.
        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        return self._machine_tokens.verify(token, token_type)

    def verify_handshake_token(self, token: str) -> list[str]:
        """Return the ``Set-Cookie`` lines of a handshake token signed by this instance.

        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        return self._verifier.verify_handshake_token(token)

    def revoke_session(self, session_id: str, *, for_seconds: float | None = None) -> None:
        """End a session at once: first here, then at Clerk, which takes a secret key.

        :param for_seconds: How long its longest-lived token may still be good, instead of what
            ``CLERK_REVOCATION_LIFETIME`` says.
        :raises ClerkError: If Clerk could not be told. Here the session has ended all the same,
            but Clerk would still renew its tokens once those of now have expired.
        """
        here = partial(self.revocations.revoke_session, session_id, for_seconds=for_seconds)
        self._end(here, lambda: self.backend.revoke_session(session_id))

    def revoke_user(self, user_id: str, *, for_seconds: float | None = None) -> None:
        """End every session of a user at once, as :meth:`revoke_session` ends one.

        :raises ClerkError: If Clerk could not be told of all of them.
        """
        here = partial(self.revocations.revoke_user, user_id, for_seconds=for_seconds)
        self._end(here, lambda: self.backend.revoke_user(user_id))

    def _end(self, here: Callable[[], None], at_clerk: Callable[[], None]) -> None:
        here()
        if self.config.secret_key is not None:
            try:
                at_clerk()
            finally:
                here()  # again, for a token that Clerk has minted meanwhile

    def _signing_keys(self) -> SigningKeys:
        if self.config.jwt_key is not None:
            return FixedKey(self.config.jwt_key)
        return RemoteKeys(lambda: self.backend.fetch_jwks(), self.config.jwks_ttl, self.now)
