"""What belongs to the instance itself: keys, JWT templates, testing tokens, machines' tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.keys import SecretKey
from .collections import Collection
from .collections import Creates
from .collections import Crud
from .collections import Deletes
from .collections import Gets
from .collections import Lists
from .collections import Pages
from .collections import Updates
from .collections import given
from .collections import unknown_shape
from .resources import JWTTemplate
from .resources import MachineToken
from .resources import Resource


class JWKS(Collection[Resource]):
    """``/jwks``, the public keys that tokens are verified with."""

    path = "/jwks"
    of = Resource

    def get(self) -> Resource:
        """Return the JSON Web Key Set."""
        return self._one("GET", self.path)


class JWTTemplates(Crud[JWTTemplate]):
    """``/jwt_templates``. ``create`` and ``update`` both ask for ``name`` and ``claims``."""

    path = "/jwt_templates"
    of = JWTTemplate


class TestingTokens(Creates[Resource]):
    """``/testing_tokens``, which let automated tests past the bot protection."""

    path = "/testing_tokens"
    of = Resource


class APIKeys(
    Lists[MachineToken], Gets[MachineToken], Updates[MachineToken], Deletes[MachineToken]
):
    """``/api_keys``. ``list`` asks for ``subject=``, a user or an organization."""

    path = "/api_keys"
    of = MachineToken

    def create(self, subject: str, name: str, **fields: Any) -> MachineToken:
        """Issue an API key; its ``secret`` is in this answer only.

        :param subject: The id of a user or an organization.
        :param fields: ``description``, ``claims``, ``scopes``, ``created_by``,
            ``seconds_until_expiration``.
        """
        return self._one("POST", self.path, {"subject": subject, "name": name, **fields})

    def revoke(self, api_key_id: str, *, reason: str | None = None) -> MachineToken:
        """Revoke an API key, at once and for good."""
        body = {"revocation_reason": reason}
        return self._one("POST", self._at(api_key_id, "revoke"), body)

    def secret(self, api_key_id: str) -> str:
        """Return the secret of an API key."""
        secret = self._one("GET", self._at(api_key_id, "secret")).get("secret")
        if not isinstance(secret, str):
            raise unknown_shape()
        return secret

    def verify(self, secret: str) -> MachineToken:
        """Return the API key that this secret is.

        :raises ResourceNotFoundError: If it is none.
        :raises BackendAPIError: If it has expired or was revoked.
        """
        return self._one("POST", self._at("verify"), {"secret": secret}, retry=True)


class M2MTokens(Collection[MachineToken]):
    """``/m2m_tokens``, with which machines talk to each other.

    Each call may be made with a machine's own secret key instead of ``CLERK_SECRET_KEY``; creating
    a token always is, with ``CLERK_MACHINE_SECRET_KEY`` unless told otherwise.
    """

    path = "/m2m_tokens"
    of = MachineToken

    def list(
        self,
        subject: str,
        *,
        limit: int | None = None,
        machine_secret_key: str | None = None,
        **filters: Any,
    ) -> Pages[MachineToken]:
        """Return the tokens of a machine.

        :param subject: The machine's id.
        :param filters: ``revoked`` and ``expired``, to see those too.
        """
        query = {**filters, "subject": subject, "limit": limit}
        return Pages(self._client, self.path, self.of, query, key=_key(machine_secret_key))

    def create(self, *, machine_secret_key: str | None = None, **fields: Any) -> MachineToken:
        """Issue a token of the machine that the key belongs to.

        :param fields: ``token_format`` (``opaque`` or ``jwt``), ``seconds_until_expiration``,
            ``claims``, ``min_remaining_ttl_seconds``.
        :raises BackendAPIError: Also without any machine's key.
        """
        key = _key(machine_secret_key) or self._client.machine_key
        return self._one("POST", self.path, fields, key=key)

    def revoke(
        self, token_id: str, *, reason: str | None = None, machine_secret_key: str | None = None
    ) -> MachineToken:
        """Revoke an opaque token; a JWT cannot be revoked."""
        body = given(revocation_reason=reason)
        path = self._at(token_id, "revoke")
        return self._one("POST", path, body, key=_key(machine_secret_key))

    def verify(self, token: str, *, machine_secret_key: str | None = None) -> MachineToken:
        """Return the opaque token that this secret is, if the caller may accept it.

        :raises ResourceNotFoundError: If it is none.
        :raises BackendAPIError: If it has expired or was revoked.
        """
        key = _key(machine_secret_key)
        body: Mapping[str, Any] = {"token": token}
        return self._one("POST", self._at("verify"), body, retry=True, key=key)


def _key(machine_secret_key: str | None) -> SecretKey | None:
    if machine_secret_key is None:
        return None
    return SecretKey.parse(machine_secret_key, "machine_secret_key", "ak")
