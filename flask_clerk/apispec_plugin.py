"""ClerkPlugin: flask-smorest, APIFlask and whatever else builds on apispec describe the guards."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from apispec import APISpec
from apispec import BasePlugin

from .core.errors import ConfigurationError
from .openapi import endpoint_at
from .openapi import security_of
from .openapi import security_scheme

if TYPE_CHECKING:
    from flask import Flask


class ClerkPlugin(BasePlugin):
    """Gives every guarded operation its ``security``, and the document the schemes it names.

    An operation that says something of its own keeps it.
    """

    def __init__(self, app: Flask) -> None:
        """Describe this app, which has its Clerk by the time the first path is described."""
        self._app = app

    def init_spec(self, spec: APISpec) -> None:
        """Begin a document.

        :raises ConfigurationError: For OpenAPI 2, which knows no bearer tokens.
        """
        if spec.openapi_version.major < 3:
            raise ConfigurationError("ClerkPlugin needs OpenAPI 3: set the document's version.")
        self._spec = spec
        self._schemes: dict[str, dict[str, Any]] = {}

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Describe the operations of a path."""
        for name, operation in (operations or {}).items():
            endpoint = endpoint_at(self._app, path or "", name.upper())
            if endpoint is None or "security" in operation:
                continue
            names_roles = self._spec.openapi_version.minor >= 1
            security = security_of(self._app, endpoint, name.upper(), names_roles=names_roles)
            if security is not None:
                operation["security"] = security
                for requirement in security:
                    self._add_schemes(requirement)

    def _add_schemes(self, requirement: dict[str, list[str]]) -> None:
        for name, scopes in requirement.items():
            if name not in self._schemes:
                self._schemes[name] = security_scheme(self._app, name)
                self._spec.components.security_scheme(name, self._schemes[name])
            for flow in self._schemes[name].get("flows", {}).values():
                flow["scopes"].update(dict.fromkeys(scopes, ""))
