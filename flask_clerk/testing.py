"""For tests of apps: a key pair that stands for Clerk, and a test client that signs in."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from .core.config import ClerkConfig
from .core.constants import Cookies
from .core.instance import Instance
from .core.instance import wall_clock
from .core.keys import PRODUCTION
from .core.keys import PublishableKey
from .core.tokens import CATEGORY_SESSION
from .extension import connect
from .globals import clerk_of
from .organizations import organization_matcher

_REGISTRY = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
_KID = "ins_testing"


class ClerkKeys:
    """The keys of a Clerk instance that exists in tests only.

    Tokens signed with them are real: the app verifies them by the same path as Clerk's own.
    """

    def __init__(self, clock: Callable[[], float] = wall_clock) -> None:
        """Make a new RSA key pair, which takes a moment; one for a whole test run is enough.

        :param clock: Returns Unix seconds; tokens are issued by it.
        """
        self.clock = clock
        self._key = RSAKey.generate_key(2048, private=True)
        self.publishable_key = PublishableKey.build("clerk.testing.example", PRODUCTION)

    def __repr__(self) -> str:
        return f"<ClerkKeys of {self.publishable_key.frontend_api}>"

    @property
    def public_pem(self) -> str:
        """The public key, as ``CLERK_JWT_KEY`` takes it."""
        pem: bytes = self._key.as_pem(private=False)
        return pem.decode("ascii")

    @property
    def settings(self) -> dict[str, str]:
        """The keys as settings, for ``app.config`` or the environment."""
        return {
            "CLERK_JWT_KEY": self.public_pem,
            "CLERK_PUBLISHABLE_KEY": self.publishable_key.value,
        }

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """Return a JWT of exactly these claims.

        :param header: Header parameters instead of, or besides, a session token's.
        """
        parameters = {"alg": "RS256", "cat": CATEGORY_SESSION, "kid": _KID, "typ": "JWT"}
        merged = {**parameters, **(header or {})}
        token: str = jwt.encode(merged, dict(claims), self._key, registry=_REGISTRY)
        return token

    def session_token(
        self,
        user_id: str = "user_testing",
        *,
        session_id: str = "sess_testing",
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
    ) -> str:
        """Return a session token of version 2.

        :param claims: Claims besides or instead of the usual ones; ``None`` leaves one out.
        :param expires_in: Seconds from now; below zero for an expired token.
        """
        now = int(self.clock())
        issued_at = min(now, now + expires_in - 60)
        usual = {
            "azp": "http://localhost",
            "exp": now + expires_in,
            "fva": [0, -1],
            "iat": issued_at,
            "iss": f"https://{self.publishable_key.frontend_api}",
            "jti": secrets.token_hex(10),
            "nbf": issued_at - 10,
            "sid": session_id,
            "sts": "active",
            "sub": user_id,
            "v": 2,
        }
        merged = {**usual, **(claims or {})}
        return self.sign({name: value for name, value in merged.items() if value is not None})


class ClerkClient(FlaskClient):
    """A test client that signs in and out the way a browser does: by cookies."""

    clerk_keys: ClerkKeys

    def sign_in(
        self,
        user_id: str = "user_testing",
        *,
        session_id: str = "sess_testing",
        claims: Mapping[str, Any] | None = None,
        expires_in: int = 60,
    ) -> str:
        """Hold a session from here on, and return its token.

        :param claims: Claims besides or instead of the usual ones.
        :param expires_in: Seconds for which the token is good.
        """
        config = clerk_of(self.application).instance.config
        fitting: dict[str, Any] = {}
        if config.authorized_parties:
            fitting["azp"] = config.authorized_parties[0]
        if config.audience:
            fitting["aud"] = config.audience[0]
        token = self.clerk_keys.session_token(
            user_id,
            session_id=session_id,
            claims={**fitting, **(claims or {})},
            expires_in=expires_in,
        )
        issued_at = int(self.clerk_keys.clock()) + min(0, expires_in - 60)
        self._set(Cookies.SESSION, token)
        self._set(Cookies.CLIENT_UAT, str(issued_at))
        return token

    def sign_out(self) -> None:
        """Drop the session."""
        self.delete_cookie(Cookies.SESSION, domain=self._host)
        self._set(Cookies.CLIENT_UAT, "0")

    @property
    def _host(self) -> str:
        name: str = self.application.config["SERVER_NAME"] or "localhost"
        return name.partition(":")[0]

    def _set(self, name: str, value: str) -> None:
        self.set_cookie(name, value, domain=self._host)


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
        config, connect, clock=keys.clock, organization_of=organization_matcher(config)
    )
    client = ClerkClient(app, app.response_class, use_cookies=True)
    client.clerk_keys = keys
    return client
