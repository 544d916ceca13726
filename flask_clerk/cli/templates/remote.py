"""The templates of an instance, a local one or Clerk's, by its Backend API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...api.collections import path_segment
from ...core.config import ClerkConfig
from ...core.constants import API_URL
from ...core.errors import BackendAPIError
from ..backend import backend_of
from ..backend import pages

Json = Mapping[str, Any]

#: Only a local Clerk has it; Clerk's Backend API offers no way to the customised session token.
_SESSION_TOKEN = "/local/session_token"


class Remote:
    """What an instance keeps."""

    def __init__(self, config: ClerkConfig) -> None:
        """Speak to the instance of these settings; nothing is asked yet.

        :raises click.ClickException: If there is no secret key to speak with.
        """
        self.backend = backend_of(config)
        self._may_be_local = config.local or config.api_url != API_URL

    def templates(self) -> dict[str, Json]:
        """Return every template by its name, as Clerk answers it.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        return {str(found["name"]): found for found in pages(self.backend, "/jwt_templates")}

    def session_token(self) -> Json | None:
        """Return what is added to session tokens, or ``None`` where only the dashboard can tell.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        if not self._may_be_local:
            return None
        try:
            answer = self.backend.request("GET", _SESSION_TOKEN)
        except BackendAPIError as error:
            if error.status == 404:
                return None
            raise
        claims: Json = answer["claims"]
        return claims

    def create(self, template: Json) -> None:
        """Create a template. Raises ``BackendAPIError``, as all of these do."""
        self.backend.request("POST", "/jwt_templates", body=template)

    def update(self, template_id: str, changes: Json) -> None:
        """Change fields of a template; the others stay, its signing key among them."""
        self.backend.request("PATCH", _path(template_id), body=changes)

    def delete(self, template_id: str) -> None:
        """Delete a template."""
        self.backend.request("DELETE", _path(template_id))

    def customise_session_token(self, claims: Json) -> None:
        """Replace what is added to session tokens, where that can be done."""
        self.backend.request("PUT", _SESSION_TOKEN, body={"claims": claims})


def _path(template_id: str) -> str:
    return f"/jwt_templates/{path_segment(template_id)}"
