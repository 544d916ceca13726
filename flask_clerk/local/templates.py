"""JWT templates of the instance, and the customised session token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..jwt_templates import SESSION_RESERVED_CLAIMS
from ..jwt_templates import ReservedClaimError
from ..jwt_templates import Template
from ..jwt_templates import TemplateError
from ..jwt_templates import parse_claims
from . import errors
from .ids import new_id
from .model import JWTTemplate
from .service import Service
from .store import Transaction


class Templates(Service):
    """The JWT templates of an instance."""

    def create(self, data: Mapping[str, Any]) -> JWTTemplate:
        """Create a template.

        :param data: The body of ``CreateJWTTemplate``: ``name``, ``claims``, ``lifetime``, …
        :raises LocalClerkError: ``jwt_template_reserved_claim``, ``form_param_value_invalid``,
            ``form_identifier_exists`` for the name.
        """
        now = self._now
        with self._write() as tx:
            return self._put(tx, new_id("jtmp"), data, now, now)

    def get(self, id_or_name: str) -> JWTTemplate:
        """Return a template.

        :raises LocalClerkError: ``resource_not_found``.
        """
        with self._read() as tx:
            by_name = tx.find(JWTTemplate, name=id_or_name)
            found = by_name[0] if by_name else tx.get(JWTTemplate, id_or_name)
        if found is None:
            raise errors.LocalClerkError(
                "resource_not_found",
                404,
                "JWT template not found",
                f"No JWT template exists with name: {id_or_name}",
            )
        return found

    def search(self) -> list[JWTTemplate]:
        """Return every template, oldest first."""
        with self._read() as tx:
            return tx.all(JWTTemplate)

    def update(self, id_or_name: str, data: Mapping[str, Any]) -> JWTTemplate:
        """Change fields of a template.

        :param data: The fields to change; a null is no change.
        :raises LocalClerkError: As :meth:`create` does, and ``resource_not_found``.
        """
        with self._write() as tx:
            old = self.get(id_or_name)
            given = {name: value for name, value in data.items() if value is not None}
            merged = {**old.definition, "signing_key": old.signing_key, **given}
            return self._put(tx, old.id, merged, old.created_at, self._now)

    def delete(self, id_or_name: str) -> JWTTemplate:
        """Delete a template, and return what it was."""
        with self._write() as tx:
            template = self.get(id_or_name)
            tx.delete(template)
            return template

    def customise_session_token(self, claims: Mapping[str, Any]) -> None:
        """Add claims with shortcodes to every session token minted from now on.

        :param claims: All of them; ``{}`` for none.
        :raises LocalClerkError: As :meth:`create` does.
        """
        try:
            parse_claims(claims, reserved=SESSION_RESERVED_CLAIMS)
        except TemplateError as error:
            raise _refused(error) from error
        self._clerk.update_settings(session_token_claims=dict(claims))

    def _put(
        self, tx: Transaction, template_id: str, data: Mapping[str, Any], created_at: int, now: int
    ) -> JWTTemplate:
        try:
            template = Template.from_json(data)
        except TemplateError as error:
            raise _refused(error) from error
        if any(each.id != template_id for each in tx.find(JWTTemplate, name=template.name)):
            raise errors.identifier_exists("name")
        stored = JWTTemplate(
            id=template_id,
            name=template.name,
            definition=template.to_json(),
            signing_key=data.get("signing_key") or None,
            created_at=created_at,
            updated_at=now,
        )
        tx.put(stored)
        return stored


def _refused(error: TemplateError) -> errors.LocalClerkError:
    is_reserved = isinstance(error, ReservedClaimError)
    return errors.LocalClerkError(
        "jwt_template_reserved_claim" if is_reserved else "form_param_value_invalid",
        400 if is_reserved else 422,
        "reserved claim used" if is_reserved else "is invalid",
        error.message,
        param="claims" if is_reserved else error.where or "claims",
    )
