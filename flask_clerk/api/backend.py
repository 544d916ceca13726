"""The calls that deciding about a request may take, and the few that the extension makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Final

from requests.adapters import BaseAdapter

from ..core.config import ClerkConfig
from ..core.errors import BackendAPIError
from ..core.errors import ResourceNotFoundError
from ..core.tokens import API_KEY
from ..core.tokens import M2M_TOKEN
from ..core.tokens import OAUTH_TOKEN
from .client import Client
from .collections import mapping
from .collections import path_segment
from .collections import unknown_shape

#: Where a token of each type is verified, and what the endpoint calls it.
_VERIFICATION: Final = {
    API_KEY: ("/api_keys/verify", "secret"),
    M2M_TOKEN: ("/m2m_tokens/verify", "token"),
    OAUTH_TOKEN: ("/oauth_applications/access_tokens/verify", "access_token"),
}


class BackendAPI:
    """What an instance asks Clerk, in its own words. Every call may raise ``BackendAPIError``."""

    def __init__(self, config: ClerkConfig, adapter: BaseAdapter | None = None) -> None:
        """Use the keys and addresses of these settings.

        :param adapter: What carries the calls instead of the network.
        """
        self._config = config
        self.client = Client(config, adapter=adapter)

    def fetch_jwks(self) -> Mapping[str, Any]:
        """Return the instance's JWKS.

        With a secret key the Backend API has it; with a publishable key alone the Frontend API
        publishes it under ``/.well-known/jwks.json``.
        """
        if self._config.secret_key is not None:
            return self.client.jwks.get()
        url = f"{self._config.instance_frontend_api}/.well-known/jwks.json"
        return mapping(self.client.send("GET", url, retry=True))

    def fetch_handshake_cookies(self, nonce: str) -> list[str]:
        """Return the ``Set-Cookie`` lines of a handshake. A nonce is good for one call."""
        answer = self.client.request(
            "GET", "/clients/handshake_payload", query={"nonce": nonce}, retry=False
        )
        return _strings(mapping(answer).get("directives"))

    def refresh_session(
        self, session_id: str, body: Mapping[str, Any], *, suffixed_cookies: bool
    ) -> list[str]:
        """Return the ``Set-Cookie`` lines that renew a session token."""
        answer = self.client.request(
            "POST",
            f"/sessions/{path_segment(session_id)}/refresh",
            query={"suffixed_cookies": "true"} if suffixed_cookies else None,
            body=body,
        )
        return _strings(mapping(answer).get("cookies"))

    def create_token(self, session_id: str, template: str | None, expires_in: int | None) -> str:
        """Return a newly minted token of a session.

        :param template: The name of a JWT template; a session token without one.
        :param expires_in: Lifetime in seconds, instead of the instance's own.
        """
        return self.client.sessions.create_token(session_id, template, expires_in=expires_in)

    def revoke_session(self, session_id: str) -> None:
        """End a session; tokens already minted stay valid for their minute."""
        self.client.request("POST", f"/sessions/{path_segment(session_id)}/revoke")

    def revoke_user(self, user_id: str) -> None:
        """End every session of a user that can still get tokens.

        All of them are tried; the error raised is that of the last one that Clerk did not end.
        """
        sessions = self.client.sessions
        # All are listed before the first is ended, since that shifts the pages behind it.
        live = _strings(
            [
                session.get("id")
                for status in ("active", "pending")
                for session in sessions.list(user_id=user_id, status=status)
            ]
        )
        failure: BackendAPIError | None = None
        for session_id in live:
            try:
                self.revoke_session(session_id)
            except ResourceNotFoundError:  # it has ended meanwhile
                continue
            except BackendAPIError as error:
                failure = error
        if failure is not None:
            raise failure

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        """Return what Clerk knows of an opaque token; it answers 404 for one that is no good.

        With a machine's secret key, only M2M tokens that are for this machine are good.
        """
        path, parameter = _VERIFICATION[token_type]
        key = self._config.machine_secret_key if token_type == M2M_TOKEN else None
        return mapping(self.client.request("POST", path, body={parameter: token}, key=key))


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise unknown_shape()
    return value
