"""A test client that signs in with tokens of the test run's own keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from ..api import BackendAPI
from ..core.config import ClerkConfig
from ..core.constants import Cookies
from ..core.errors import BackendAPIError
from ..core.instance import Instance
from ..globals import clerk_of
from ..organizations import organization_matcher
from .keys import ClerkKeys


class CookieClient(FlaskClient):
    """A test client that behaves as a browser on the app's own pages does.

    Its cookies go where the app's requests go, and its requests say that they come from there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what Flask's own client takes."""
        super().__init__(*args, **kwargs)
        self.environ_base.setdefault("HTTP_SEC_FETCH_SITE", "same-origin")

    def hold(self, name: str, value: str) -> None:
        """Set a cookie of the app."""
        server_name: str = self.application.config["SERVER_NAME"] or "localhost"
        self.set_cookie(name, value, domain=server_name.partition(":")[0])


class ClerkClient(CookieClient):
    """A test client that signs in and out the way a browser does: by cookies."""

    clerk_keys: ClerkKeys

    def sign_in(
        self,
        user_id: str = "user_testing",
        *,
        session_id: str = "sess_testing",
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
        **organization: Any,
    ) -> str:
        """Hold a session from here on, and return its token.

        :param organization: ``org_id``, ``org_slug``, ``org_role`` and ``org_permissions`` of the
            active organization.
        :param claims: Claims besides or instead of the usual ones.
        :param expires_in: Seconds for which the token is good.
        """
        config = clerk_of(self.application).instance.config
        fitting: dict[str, Any] = {}
        if config.authorized_parties:
            fitting["azp"] = config.authorized_parties[0]
        if config.audience:
            fitting["aud"] = config.audience[0]
        # Before the token is made: one from before the sign-in would count for nothing.
        signed_in_at = int(self.clerk_keys.clock()) + min(0, expires_in - 60)
        token = self.clerk_keys.session_token(
            user_id,
            session_id=session_id,
            claims={**fitting, **(claims or {})},
            expires_in=expires_in,
            **organization,
        )
        self.hold(Cookies.SESSION, token)
        self.hold(Cookies.CLIENT_UAT, str(signed_in_at))
        return token

    def sign_out(self) -> None:
        """Drop the session."""
        self.hold(Cookies.SESSION, "")
        self.hold(Cookies.CLIENT_UAT, "0")


def install(app: Flask, keys: ClerkKeys) -> ClerkClient:
    """Make an initialised app believe these keys, and return a client that can sign in.

    The app's other settings stay. From now on the app reads the keys' clock.

    :raises RuntimeError: If the app has no Clerk.
    """
    clerk = clerk_of(app)
    config: ClerkConfig = dataclasses.replace(
        clerk.instance.config,
        publishable_key=keys.publishable_key,
        jwt_key=RSAKey.import_key(keys.public_pem),
        secret_key=None,
        frontend_api=None,
    )
    clerk.instance = Instance(
        config,
        lambda config: _KeysBackend(config, keys),
        clock=keys.clock,
        organization_of=organization_matcher(config),
    )
    client = ClerkClient(app, app.response_class, use_cookies=True)
    client.clerk_keys = keys
    return client


class _KeysBackend(BackendAPI):
    """Knows the API keys that were made of some keys, and nothing else."""

    def __init__(self, config: ClerkConfig, keys: ClerkKeys) -> None:
        super().__init__(config)
        self._keys = keys

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        record = self._keys.api_keys.get(token)
        if record is None or record["object"] != token_type:
            raise BackendAPIError("No such key was made.", status=404)
        expiration = record["expiration"]
        is_expired = expiration is not None and expiration <= self._keys.clock() * 1000
        return {**record, "expired": is_expired}
