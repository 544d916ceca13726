"""The auth objects: what ``g.auth`` answers, signed out or read from claims of version 1 or 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import NoReturn
from typing import Protocol

from .authorization import NOT_ASKED
from .authorization import is_authorized
from .authorization import split_by_scope
from .claims import MISSING
from .claims import Claims
from .claims import FrozenList
from .claims import find_claim
from .constants import Reason
from .lazy import lazy
from .messages import message_for
from .tokens import JWT_TEMPLATE
from .tokens import OAUTH_TOKEN
from .tokens import SESSION_TOKEN
from .verified import VerifiedToken


class Services(Protocol):
    """What an auth object can do beyond reading its claims; the framework supplies it."""

    def user_of(self, auth: Auth) -> Any:
        """Return the user of a signed-in session."""

    def session_of(self, auth: Auth) -> Any:
        """Return a signed-in session as Clerk has it."""

    def token_of(self, auth: Auth, template: str | None, expires_in: int | None) -> str:
        """Return a freshly minted token of the session."""

    def redirect_to(self, page: str, auth: Auth, return_back_url: str | None) -> Any:
        """Return a redirect to the page ``sign-in`` or ``sign-up``."""


class Auth:
    """Nobody is there. The authenticated kinds have the same attributes, filled.

    ``bool(auth)`` is ``is_authenticated``.
    """

    is_signed_in: bool = False
    is_authenticated: bool = False
    token_type: str | None
    user_id: str | None = None
    session_id: str | None = None
    session_claims: Claims | None = None
    actor: Any = None
    org_id: str | None = None
    org_slug: str | None = None
    org_role: str | None = None
    org_permissions: list[Any] | None = None
    factor_verification_age: Any = None
    features: Any = None
    plans: Any = None
    id: str | None = None
    subject: str | None = None
    name: str | None = None
    claims: Claims | None = None
    scopes: list[Any] | None = None
    machine_id: str | None = None
    client_id: str | None = None
    session_status: str | None
    reason: str | None
    _services: Services | None

    def __init__(
        self,
        reason: str | None = None,
        *,
        session_status: str | None = None,
        token_type: str | None = SESSION_TOKEN,
        services: Services | None = None,
    ) -> None:
        """Describe an absence.

        :param reason: Clerk's code for why nobody is signed in.
        :param session_status: ``pending`` for a session that still has tasks to do.
        :param token_type: The type that was expected; ``None`` where there were several.
        """
        vars(self).update(
            reason=reason,
            session_status=session_status,
            token_type=token_type,
            _services=services,
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} is read-only: it is what was verified.")

    def __bool__(self) -> bool:
        return self.is_authenticated

    def __repr__(self) -> str:
        return f"<Auth signed out: {self.reason}>"

    @property
    def message(self) -> str | None:
        """One fixed sentence for the reason, where there is more to say than the reason does."""
        return message_for(self.reason)

    def claim(self, path: str, default: Any = None) -> Any:
        """Return a claim by its name, or by dots into objects; the whole name wins.

        The claims are those of the session, or of the token that stands for itself.
        """
        found = find_claim(self.session_claims or self.claims, path)
        return default if found is MISSING else found

    def has(
        self,
        *,
        role: Any = NOT_ASKED,
        permission: Any = NOT_ASKED,
        feature: Any = NOT_ASKED,
        plan: Any = NOT_ASKED,
        reverification: Any = NOT_ASKED,
    ) -> bool:
        """Whether all that is asked holds, and something is asked.

        :param role: An organization role, with or without ``org:``.
        :param permission: An organization permission.
        :param feature: A feature, optionally with its scope (``org:`` or ``user:``).
        :param plan: A plan, optionally with its scope.
        :param reverification: ``strict_mfa``, ``strict``, ``moderate``, ``lax``, or
            ``{"level": "second_factor", "after_minutes": 10}``.
        """
        return is_authorized(
            self,
            role=role,
            permission=permission,
            feature=feature,
            plan=plan,
            reverification=reverification,
        )

    @property
    def user(self) -> Any:
        """The app's own user, from ``clerk.user_loader``; without a loader, Clerk's.

        It is asked for once a request. ``None`` when nobody is signed in, or for somebody whom
        Clerk has just deleted.

        :raises BackendAPIError: If Clerk is to be asked and refuses or cannot be reached.
        """
        return None

    @property
    def session(self) -> Any:
        """The session as Clerk has it now; ``None`` when nobody is signed in.

        It is asked for once a request. ``status``, and in Unix milliseconds ``last_active_at``,
        ``expire_at`` and ``abandon_at``.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        return None

    def get_token(
        self, template: str | None = None, *, expires_in: int | None = None
    ) -> str | None:
        """Return the session token, or a freshly minted one.

        :param template: The name of a JWT template.
        :param expires_in: The new token's lifetime in seconds.
        :raises BackendAPIError: If Clerk mints none.
        """
        return None

    def redirect_to_sign_in(self, return_back_url: str | None = None) -> Any:
        """Return a redirect response to the sign-in page.

        :param return_back_url: Where to come back to; the page asked for unless given.
        """
        return self._require_services().redirect_to("sign-in", self, return_back_url)

    def redirect_to_sign_up(self, return_back_url: str | None = None) -> Any:
        """Return a redirect response to the sign-up page.

        :param return_back_url: Where to come back to; the page asked for unless given.
        """
        return self._require_services().redirect_to("sign-up", self, return_back_url)

    def _require_services(self) -> Services:
        if self._services is None:
            raise RuntimeError("This auth object was made outside of a web request.")
        return self._services


class SessionAuth(Auth):
    """A signed-in session, read from its verified claims."""

    is_signed_in = True
    is_authenticated = True
    session_claims: Claims
    _token: str

    def __init__(self, claims: Claims, token: str, services: Services | None = None) -> None:
        """Read the claims; what is malformed in them is treated as missing.

        :param token: The compact JWT that the claims came from.
        """
        super().__init__(None, session_status=_text(claims.get("sts")), services=services)
        vars(self).update(
            session_claims=claims,
            user_id=_text(claims.get("sub")),
            session_id=_text(claims.get("sid")),
            actor=claims.get("act"),
            factor_verification_age=claims.get("fva"),
            features=claims.get("fea"),
            plans=claims.get("pla"),
            _token=token,
            **_organization_of(claims),
        )

    def __repr__(self) -> str:
        return f"<SessionAuth {self.user_id} in {self.session_id}>"

    @lazy
    def org_permissions(self) -> list[Any] | None:
        """The permissions in the active organization, as ``org:feature:permission``."""
        claims = self.session_claims
        if claims.get("v") != 2:
            permissions = claims.get("org_permissions")
            return permissions if isinstance(permissions, list) else None
        organization = claims.get("o")
        if not isinstance(organization, dict):
            return None
        features, _ = split_by_scope(claims.get("fea"))
        return FrozenList(
            _unpack_permissions(features, organization.get("per"), organization.get("fpm"))
        )

    @property
    def user(self) -> Any:
        return self._require_services().user_of(self)

    @property
    def session(self) -> Any:
        return self._require_services().session_of(self)

    def get_token(
        self, template: str | None = None, *, expires_in: int | None = None
    ) -> str | None:
        if template is None and expires_in is None:
            return self._token
        return self._require_services().token_of(self, template, expires_in)


class TokenAuth(Auth):
    """A token that stands for itself: an API key, an M2M or OAuth token, or a JWT template's.

    It is authenticated, but nobody is signed in, and so ``has()`` answers no: what it may do is
    what its ``scopes`` and ``claims`` say.
    """

    is_authenticated = True
    subject: str
    scopes: list[Any]
    _token: str

    def __init__(
        self, verified: VerifiedToken, token: str, services: Services | None = None
    ) -> None:
        """Read what was verified.

        :param token: The token itself.
        """
        super().__init__(None, token_type=verified.token_type, services=services)
        subject, is_user = verified.subject, verified.token_type in (OAUTH_TOKEN, JWT_TEMPLATE)
        vars(self).update(
            id=verified.id,
            subject=subject,
            name=verified.name,
            claims=verified.claims,
            scopes=verified.scopes,
            client_id=verified.client_id,
            user_id=subject if is_user or subject.startswith("user_") else None,
            org_id=subject if subject.startswith("org_") else None,
            machine_id=subject if subject.startswith("mch_") else None,
            _token=token,
        )

    def __repr__(self) -> str:
        return f"<TokenAuth {self.token_type} of {self.subject}>"

    def has(self, **asked: Any) -> bool:
        """Answer no: roles, permissions, features and plans are a session's."""
        return False

    @property
    def user(self) -> Any:
        return None if self.user_id is None else self._require_services().user_of(self)

    def get_token(
        self, template: str | None = None, *, expires_in: int | None = None
    ) -> str | None:
        """Return the token itself; a new one can only be made from a session."""
        return self._token if template is None and expires_in is None else None


def session_auth(
    claims: Claims,
    token: str,
    *,
    treat_pending_as_signed_out: bool,
    services: Services | None = None,
) -> Auth:
    """Return the auth object of a session, which is signed out while the session is pending.

    :param treat_pending_as_signed_out: Whether a session with open tasks lets nobody in.
    """
    auth = SessionAuth(claims, token, services)
    if auth.session_status == "pending" and treat_pending_as_signed_out:
        return Auth(Reason.SESSION_PENDING, session_status="pending", services=services)
    return auth


def _organization_of(claims: Claims) -> dict[str, str | None]:
    """Return what the claims say of the active organization, in either version."""
    if claims.get("v") != 2:
        return {name: _text(claims.get(name)) for name in ("org_id", "org_slug", "org_role")}
    organization = claims.get("o")
    if not isinstance(organization, dict):
        return {}
    role = _text(organization.get("rol"))
    return {
        "org_id": _text(organization.get("id")),
        "org_slug": _text(organization.get("slg")),
        "org_role": f"org:{role}" if role else None,
    }


def _unpack_permissions(features: Sequence[str], per: Any, fpm: Any) -> list[str]:
    """Return the permissions that version 2 packs into one number for each feature.

    The bits of a number, lowest first, say which entries of ``per`` the feature grants.
    """
    if not _text(per) or not _text(fpm):
        return []
    names = [name.strip() for name in per.split(",")]
    granted: list[str] = []
    for feature, number in zip(features, fpm.split(","), strict=False):
        bits = _bits(number.strip())
        granted += [f"org:{feature}:{name}" for i, name in enumerate(names) if bits >> i & 1]
    return granted


def _bits(number: str) -> int:
    try:
        return int(number) if number.isascii() and number.isdigit() else 0
    except ValueError:  # more digits than Python converts
        return 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
