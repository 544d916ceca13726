"""RequestState: the outcome of a decision, and the response headers that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

from .auth import Auth
from .auth import Services
from .auth import TokenAuth
from .auth import session_auth
from .claims import Claims
from .constants import Headers
from .constants import Status
from .messages import message_for
from .tokens import SESSION_TOKEN
from .verified import VerifiedToken

HeaderList = tuple[tuple[str, str], ...]


@dataclass(slots=True)  # frozen, it would cost three times as much to make
class RequestState:
    """Signed in, signed out, or on the way through a handshake.

    ``headers`` belong on the response whatever the view answers. If ``location`` is set, the
    answer is a 307 redirect there; a handshake that a development instance has just resolved
    redirects too, to take its parameters out of the address bar.

    :param token: The token that was accepted; a remembered state leaves it out.
    :param token_type: The type of the token that was accepted, or of the one that was expected;
        ``None`` where several would have been accepted.
    :param verified: What an accepted token says that is no session's.
    """

    status: str
    reason: str | None = None
    headers: HeaderList = field(default=(), repr=False)
    token: str | None = field(default=None, repr=False)
    claims: Claims | None = field(default=None, repr=False)
    token_type: str | None = SESSION_TOKEN
    verified: VerifiedToken | None = field(default=None, repr=False)
    treat_pending_as_signed_out: bool = True

    @property
    def location(self) -> str | None:
        """Where a redirect leads, if the answer is one."""
        return next((value for name, value in self.headers if name == "Location"), None)

    @property
    def message(self) -> str | None:
        """One fixed sentence for the reason, where there is more to say than the reason does."""
        return message_for(self.reason)

    @property
    def is_signed_in(self) -> bool:
        """Whether a session was verified; a pending one is, too."""
        return self.is_authenticated and self.token_type == SESSION_TOKEN

    @property
    def is_authenticated(self) -> bool:
        """Whether a session or another token was verified."""
        return self.status == Status.SIGNED_IN

    def to_auth(self, services: Services | None = None, token: str | None = None) -> Auth:
        """Return the auth object of this outcome.

        :param services: What the object can do beyond reading claims.
        :param token: The accepted token, where the state leaves it out.
        """
        token = self.token or token or ""
        if self.verified is not None:
            return TokenAuth(self.verified, token, services)
        if self.claims is None:
            return Auth(self.reason, token_type=self.token_type, services=services)
        return session_auth(
            self.claims,
            token,
            treat_pending_as_signed_out=self.treat_pending_as_signed_out,
            services=services,
        )


def signed_in(
    claims: Claims,
    token: str | None,
    *,
    headers: HeaderList = (),
    treat_pending_as_signed_out: bool,
) -> RequestState:
    """Return the state of a request with a verified session token."""
    return RequestState(
        Status.SIGNED_IN,
        headers=headers,
        token=token,
        claims=claims,
        treat_pending_as_signed_out=treat_pending_as_signed_out,
    )


def authenticated(verified: VerifiedToken, token: str) -> RequestState:
    """Return the state of a request with a verified token that is no session's."""
    return RequestState(
        Status.SIGNED_IN, token=token, token_type=verified.token_type, verified=verified
    )


def signed_out(
    reason: str, *, headers: HeaderList = (), token_type: str | None = SESSION_TOKEN
) -> RequestState:
    """Return the state of a request that nobody is signed in for.

    :param token_type: The type of token that was expected; ``None`` where there were several.
    """
    return RequestState(
        Status.SIGNED_OUT,
        reason,
        headers + _debug_headers(Status.SIGNED_OUT, reason),
        token_type=token_type,
    )


def in_handshake(reason: str, *, headers: HeaderList) -> RequestState:
    """Return the state of a request whose answer sends the browser to the Frontend API."""
    return RequestState(
        Status.HANDSHAKE, reason, headers + _debug_headers(Status.HANDSHAKE, reason)
    )


def _debug_headers(status: str, reason: str) -> HeaderList:
    headers = ((Headers.STATUS, status), (Headers.REASON, reason))
    message = message_for(reason)
    return headers if message is None else (*headers, (Headers.MESSAGE, message))
