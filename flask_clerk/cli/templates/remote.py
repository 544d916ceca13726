"""The templates of an instance, a local one or Clerk's, by its Backend API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...api.collections import mapping
from ...api.collections import unknown_shape
from ...bound import AppClerk
from ...core.constants import API_URL
from ...core.errors import ResourceNotFoundError

Json = Mapping[str, Any]

#: Only a local Clerk has it; Clerk's Backend API offers no way to the customised session token.
_SESSION_TOKEN = "/local/session_token"


class Remote:
    """What an instance keeps."""

    def __init__(self, clerk: AppClerk) -> None:
        """Speak to the app's instance; nothing is asked yet."""
        self.client = clerk.client
        config = clerk.instance.config
        self._may_be_local = config.local or config.api_url != API_URL

    def templates(self) -> dict[str, Json]:
        """Return every template by its name, as Clerk answers it.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        found = list(self.client.jwt_templates.list())
        for template in found:
            if not all(isinstance(template.get(name), str) for name in ("id", "name")):
                raise unknown_shape()
        return {template.name: template for template in found}

    def session_token(self) -> Json | None:
        """Return what is added to session tokens, or ``None`` where only the dashboard can tell.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        if not self._may_be_local:
            return None
        try:
            answer = mapping(self.client.request("GET", _SESSION_TOKEN))
        except ResourceNotFoundError:
            return None
        return mapping(answer.get("claims"))

    def create(self, template: Json) -> None:
        """Create a template. Raises ``BackendAPIError``, as all of these do."""
        self.client.jwt_templates.create(**template)

    def update(self, template_id: str, template: Json) -> None:
        """Change a template; what is not named stays, its signing key among it."""
        self.client.jwt_templates.update(template_id, **template)

    def delete(self, template_id: str) -> None:
        """Delete a template."""
        self.client.jwt_templates.delete(template_id)

    def customise_session_token(self, claims: Json) -> None:
        """Replace what is added to session tokens, where that can be done."""
        self.client.request("PUT", _SESSION_TOKEN, body={"claims": claims})
