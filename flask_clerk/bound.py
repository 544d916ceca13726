"""What one app knows of Clerk (AppClerk), and what one of its requests turns out to be (Visit)."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING
from typing import Any
from typing import cast
from weakref import ref

from flask import Flask
from flask import Request
from flask import Response
from flask import abort
from flask import after_this_request
from flask import current_app
from flask import redirect
from werkzeug.exceptions import SecurityError
from werkzeug.local import LocalProxy

from .at_clerk import AtClerk
from .at_clerk import UserLoader
from .challenges import METADATA_PATH
from .challenges import insufficient_scope
from .challenges import invalid_token
from .challenges import missing_token
from .core.auth import Auth
from .core.constants import Reason
from .core.constants import Status
from .core.context import AuthenticateContext
from .core.context import HeaderLookup
from .core.errors import ClerkError
from .core.errors import HandshakeError
from .core.facts import Facts
from .core.lazy import lazy
from .core.request import authenticate_request
from .core.state import HeaderList
from .core.state import RequestState
from .core.state import signed_out
from .core.tokens import SESSION_TOKEN
from .endpoints import Door
from .endpoints import Doors
from .exceptions import Forbidden
from .exceptions import InsufficientScope
from .exceptions import Unauthenticated
from .forms import keep_form
from .guards import Guard
from .guards import answers_options
from .inbox import Inbox
from .incoming import request_facts
from .incoming import request_url
from .incoming import sent_headers
from .responses import finish
from .responses import refusal_headers
from .sign_in import page_url
from .signals import authenticated
from .signals import authentication_failed
from .signals import authorization_denied

if TYPE_CHECKING:
    from .api import Session
    from .core.instance import Instance

logger = logging.getLogger("flask_clerk")

_serial = count()


class AppClerk(AtClerk):
    """One app's Clerk instance and what the app adds to it."""

    def __init__(
        self,
        app: Flask,
        instance: Instance,
        load_user: Callable[[], UserLoader | None],
        inbox: Inbox,
    ) -> None:
        """Bind an instance to an app.

        :param load_user: Returns the app's user loader, which may be registered later.
        """
        super().__init__(instance, load_user)
        self.app = app
        self.inbox = inbox
        #: The paths whose metadata is published (RFC 9728).
        self.resources: list[str] = []
        self._doors = Doors(app)
        self._name_of_visits = f"_clerk_visit_{next(_serial)}"

    def __repr__(self) -> str:
        return f"<AppClerk of {self.instance!r}>"

    def visit_of(self, request: Request) -> Visit:
        """Return what is known of a request.

        It is kept with the request, not on ``g``, which an outer application context shares
        between requests: an identity left there would sign the next visitor in. Each app's is kept
        apart: under another app's context, that app judges the request by its own keys.
        """
        if type(request) is LocalProxy:  # type: ignore[comparison-overlap]
            request = request._get_current_object()
        visit: Visit | None = getattr(request, self._name_of_visits, None)
        if visit is None:
            visit = Visit(self, request, self._doors.of(request, self.instance.config))
            setattr(request, self._name_of_visits, visit)
        return visit

    def resource_of(self, path: str) -> str | None:
        """Return the innermost resource that a path is in, of those with metadata."""
        around = [each for each in self.resources if f"{path}/".startswith(f"{each}/")]
        return max(around, key=len, default=None)

    def context_of(self, method: str, url: str, headers: HeaderLookup) -> AuthenticateContext:
        """Return the facts of a request."""
        instance = self.instance
        return AuthenticateContext(method, url, headers, instance.config, instance.now())


class Visit:
    """One request: its facts, the decision about it, and what it has been held to.

    ``door`` is what it passes through to its endpoint.
    """

    _enforced: tuple[Guard, ...] = ()
    _reads_auth = False
    _is_finishing = False
    _refusal: tuple[int, HeaderList] | None = None
    _presented: str | None = None

    def __init__(self, clerk: AppClerk, request: Request, door: Door) -> None:
        """Belong to a request, which holds this; nothing is decided yet."""
        self._request = ref(request)
        self.door = door
        self._clerk = clerk

    @property
    def request(self) -> Request:
        """The request, which is not held: in a circle it would wait for the garbage collector.

        :raises RuntimeError: If it is over.
        """
        request = self._request()
        if request is None:
            raise RuntimeError("The request is over: ask for this while it lasts.")
        return request

    @lazy
    def context(self) -> AuthenticateContext:
        """The facts of the request.

        :raises SecurityError: Once, for a host that the app does not trust; the error page that
            asks again finds a request without one.
        """
        request = self.request
        headers = sent_headers(request)
        try:
            url = request_url(request)
        except SecurityError:
            vars(self)["context"] = self._clerk.context_of(request.method, "", headers)
            raise
        return self._clerk.context_of(request.method, url, headers)

    @lazy
    def state(self) -> RequestState:
        """The decision about the request, made once.

        :raises HandshakeError: Once; the error page that asks again finds nobody signed in.
        """
        instance = self._clerk.instance
        facts = request_facts(self.request, instance, self.door.accepts)
        recalled = None if facts is None else instance.memory.recall(facts, instance.clock())
        if recalled is None:
            state = self._decide(facts)
        else:
            state, self._presented = recalled
        if state.headers:
            self._finish_later()
        return state

    @property
    def base_url(self) -> str:
        """The URL that the app is at, as the client sees it, without a trailing slash."""
        return self.context.origin + self.request.root_path.rstrip("/")

    @property
    def decision(self) -> RequestState | None:
        """The decision about the request, if one was asked for."""
        return cast("RequestState | None", vars(self).get("state"))

    @property
    def auth(self) -> Auth:
        """The auth object. Reading it makes the answer depend on the session."""
        if not self._reads_auth:
            self._reads_auth = True
            self._finish_later()
        return self._auth

    @lazy
    def user(self) -> Any:
        """The user, asked for once."""
        return self._clerk.load_user(self.auth.user_id)

    @lazy
    def session(self) -> Session | None:
        """The session as Clerk has it, asked for once."""
        return self._clerk.load_session(self.auth.session_id)

    def announce(self) -> None:
        """Send the signal that tells how the request was judged."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        if self._auth.is_authenticated:
            authenticated.send(app, auth=self._auth)
        elif self.state.status != Status.HANDSHAKE and self._has_token:
            authentication_failed.send(app, reason=self._auth.reason)

    def enforce(self, guards: Iterable[Guard], view: Any) -> None:
        """Hold the request to these guards, once each.

        ``OPTIONS`` is answered to everybody, since a CORS preflight carries no session; but a
        view that guards refuse is called for it only if a decorator of it answers ``OPTIONS``.

        :raises Unauthenticated: If nobody is signed in.
        :raises Forbidden: If a condition does not hold.
        """
        is_options = self.request.method == "OPTIONS"
        if is_options and answers_options(view):
            return
        for guard in guards:
            if any(guard is held for held in self._enforced):
                continue
            try:
                guard.check(self.auth)
            except Unauthenticated as error:
                if is_options:
                    abort(current_app.make_default_options_response())
                self._refuse(guard, error)
            except Forbidden as error:
                if is_options:
                    abort(current_app.make_default_options_response())
                if isinstance(error, InsufficientScope):
                    challenge = insufficient_scope(error.scopes, self._metadata_url)
                    self._refusal = (403, (("WWW-Authenticate", challenge),))
                logger.debug("%s may not: %s asks for %r", self.auth, self.request.endpoint, guard)
                app = current_app._get_current_object()  # type: ignore[attr-defined]
                authorization_denied.send(app, auth=self.auth, error=error)
                raise
            self._enforced += (guard,)

    def user_of(self, auth: Auth) -> Any:
        """Return the user of a session (``Services``)."""
        return self.user

    def session_of(self, auth: Auth) -> Session | None:
        """Return a session as Clerk has it (``Services``)."""
        return self.session

    def token_of(self, auth: Auth, template: str | None, expires_in: int | None) -> str:
        """Return a freshly minted token of a session (``Services``)."""
        backend = self._clerk.instance.backend
        return backend.create_token(auth.session_id or "", template, expires_in)

    def redirect_to(self, page: str, auth: Auth, return_back_url: str | None) -> Any:
        """Return a redirect to a page of Clerk's (``Services``)."""
        return redirect(self.page_url(page, return_back_url))

    def page_url(self, page: str, return_back_url: str | None = None) -> str:
        """Return the URL of the page ``sign-in`` or ``sign-up``."""
        is_pending = self._auth.session_status == "pending"
        return page_url(page, self.context, return_back_url, is_pending=is_pending)

    @lazy
    def _auth(self) -> Auth:
        return self.state.to_auth(self, self._presented)

    def _decide(self, facts: Facts | None) -> RequestState:
        instance = self._clerk.instance
        try:
            state = authenticate_request(self.context, instance, self.door.accepts)
        except HandshakeError as error:
            vars(self)["state"] = signed_out(error.reason)
            raise
        if facts is not None:
            instance.memory.remember(facts, self.context, state)
        return state

    @property
    def _metadata_url(self) -> str | None:
        """The URL of the metadata of the resource that was asked for, if there is any."""
        resource = self._clerk.resource_of(self.request.path)
        return None if resource is None else f"{self.base_url}{METADATA_PATH}{resource}"

    @property
    def _has_token(self) -> bool:
        if self.context.token_in_header:
            return True
        return SESSION_TOKEN in self.door.accepts and bool(self.context.session_token_in_cookie)

    @property
    def _holder(self) -> str | None:
        """Whose session has expired; the token is genuine, only time has spoilt it."""
        try:
            claims = self._clerk.instance.verify_token(
                self.context.session_token_in_cookie or "", clock_skew=math.inf
            )
        except ClerkError:
            return None
        return str(claims["sub"])

    @property
    def _could_be_renewed(self) -> bool:
        """Whether only time stands between the request and its session."""
        reason = self.state.reason or ""
        return bool(self.context.frontend_api) and reason.startswith(
            (
                Reason.SESSION_TOKEN_EXPIRED,
                Reason.SESSION_TOKEN_BEFORE_UAT,
                Reason.UAT_WITHOUT_SESSION_TOKEN,
            )
        )

    def _refuse(self, guard: Guard, error: Unauthenticated) -> None:
        if guard.keep_form and self._could_be_renewed and keep_form(self.context, self._holder):
            abort(redirect(self.context.url, 303))
        config = self._clerk.instance.config
        wanted = config.redirect_to_sign_in if guard.redirect is None else guard.redirect
        wanted = wanted and SESSION_TOKEN in self.door.accepts
        if wanted and config.has_sign_in_page and self._can_be_redirected():
            abort(redirect(self.page_url("sign-in")))
        challenge = invalid_token if self._has_token else missing_token
        self._refusal = (401, refusal_headers(error.reason, challenge(self._metadata_url)))
        raise error

    def _can_be_redirected(self) -> bool:
        """Whether a person is navigating: a script would follow a redirect into a page."""
        headers = self.request.headers
        is_script = "HX-Request" in headers or "X-Requested-With" in headers
        is_get = self.request.method in ("GET", "HEAD")
        return is_get and self.context.is_navigation and not is_script

    def _finish_later(self) -> None:
        if not self._is_finishing:
            self._is_finishing = True
            after_this_request(self._finish)

    def _finish(self, response: Response) -> Response:
        headers = self.state.headers
        if self._refusal is not None and response.status_code == self._refusal[0]:
            headers += self._refusal[1]
        return finish(response, headers, depends_on_session=self._reads_auth)
