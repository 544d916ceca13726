"""The instance itself: its keys, its settings, its JWT templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar
from typing import Final

from ...jwt_templates import Template
from .document import Document
from .document import Part

#: Seconds: Clerk's default for new instances ("Session options").
DEFAULT_MAX_LIFETIME: Final = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey(Part):
    """An RSA key pair; the first one of an instance signs, all of them are in its JWKS.

    :param pem: The private key, PKCS #8.
    """

    kid: str
    pem: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceState(Document):
    """What must survive a restart, or everybody is signed out.

    :param id: Always ``instance``; there is one.
    """

    kind: ClassVar[str] = "instance"
    parts: ClassVar[Mapping[str, type[Part]]] = {"signing_keys": SigningKey}

    id: str = "instance"
    instance_id: str
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    signing_keys: tuple[SigningKey, ...] = field(repr=False)
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Document):
    """What Clerk's dashboard lets one choose. Durations are in seconds.

    :param max_lifetime: Of a session, or ``None`` for none.
    :param inactivity_timeout: Of a session, or ``None`` for none; one of the two must be on.
    :param token_lifetime: Of a session token.
    :param single_session_mode: Whether a browser holds one session at a time.
    :param force_organization_selection: Whether a session is pending until it has one.
    :param max_failed_attempts: Failed sign-ins per identifier in ``attempt_window``.
    :param session_token_claims: The customised session token: claims with shortcodes.
    """

    kind: ClassVar[str] = "settings"

    id: str = "settings"
    application_name: str = "Flask"
    max_lifetime: int | None = DEFAULT_MAX_LIFETIME
    inactivity_timeout: int | None = None
    token_lifetime: int = 60
    single_session_mode: bool = True
    force_organization_selection: bool = False
    password_enabled: bool = True
    email_code_enabled: bool = True
    username_enabled: bool = False
    names_required: bool = False
    sign_up_enabled: bool = True
    organizations_enabled: bool = True
    max_failed_attempts: int = 10
    attempt_window: int = 60
    session_token_claims: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JWTTemplate(Document):
    """A JWT template as the Backend API stores it.

    :param definition: The fields of :class:`flask_clerk.jwt_templates.Template`.
    :param signing_key: The template's own key, where it has one.
    """

    kind: ClassVar[str] = "jwt_template"
    indexes: ClassVar[tuple[str, ...]] = ("name",)

    id: str
    name: str
    definition: dict[str, Any]
    created_at: int
    updated_at: int
    signing_key: str | None = field(default=None, repr=False)

    @property
    def template(self) -> Template:
        """The template, ready to be rendered."""
        return Template.from_json(self.definition)
