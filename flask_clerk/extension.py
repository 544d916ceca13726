"""Clerk: the extension. It reads the settings, hooks into the app and holds no app itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol
from typing import TypeVar
from typing import cast

from flask import Blueprint
from flask import current_app
from flask import g
from flask import has_app_context
from flask import request

from .at_clerk import UserLoader
from .bound import AppClerk
from .clerk_js import clerk_js
from .core.config import ClerkConfig
from .core.config import wants_local
from .core.context import HeaderLookup
from .core.fresh_claims import fresh_cookies
from .core.request import authenticate_request
from .core.state import RequestState
from .core.tokens import accepted_types
from .decorators import make_guard
from .frontend_api_proxy import make_proxy
from .globals import EXTENSION
from .globals import auth
from .globals import clerk_of
from .globals import current_auth
from .globals import current_clerk
from .globals import current_visit
from .guards import mark
from .inbox import Handler
from .inbox import Inbox
from .incoming import request_url
from .organizations import organization_matcher
from .responses import redirect_to
from .sign_out import sign_out_blueprint
from .sign_out import sign_out_url
from .signals import authenticated
from .signals import authentication_failed
from .stores import open_message_log
from .stores import open_revocations
from .webhooks import webhooks_blueprint

if TYPE_CHECKING:
    import clerk_backend_api
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from .api import Client
    from .core.instance import Backend
    from .core.instance import Instance

    Connect = Callable[[ClerkConfig], Backend]

Loader = TypeVar("Loader", bound=UserLoader)
BlueprintT = TypeVar("BlueprintT", bound=Blueprint)
HandlerT = TypeVar("HandlerT", bound=Handler)


class RequestLike(Protocol):
    """A request of any framework."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def url(self) -> Any:
        """The absolute URL; ``str()`` is taken of it."""

    @property
    def headers(self) -> HeaderLookup:
        """The headers, looked up without regard to case."""


class Clerk:
    """Clerk for one app or several.

    Settings come from keyword arguments (named as the settings, without ``CLERK_``), then from
    ``app.config``, then from the environment.
    """

    def __init__(self, app: Flask | None = None, **settings: Any) -> None:
        """Prepare, and initialise the app if there is one already.

        :raises ConfigurationError: If a setting is missing or wrong.
        """
        self._settings = settings
        self._user_loader: UserLoader | None = None
        self._handlers: dict[str, list[Handler]] = {}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, **settings: Any) -> None:
        """Let every request of the app know who is there.

        :param settings: Settings of this app alone; they win over those of the constructor.
        :raises ConfigurationError: If a setting is missing or wrong.
        :raises RuntimeError: If the app has a Clerk already.
        """
        if EXTENSION in app.extensions:
            raise RuntimeError("This app has a Clerk already; initialise it once.")
        instance = _open_instance(app, {**self._settings, **settings})
        inbox = Inbox(self._handlers, open_message_log(instance.config))
        clerk = AppClerk(app, instance, lambda: self._user_loader, inbox)
        app.extensions[EXTENSION] = clerk
        app.before_request_funcs.setdefault(None, []).insert(0, _hook_of(clerk))
        app.register_blueprint(sign_out_blueprint)
        _put_auth_on_g(app)
        app.jinja_env.globals.update(
            auth=auth,
            clerk_js=lambda nonce=None: clerk_js(current_clerk().instance.config, nonce),
            clerk_sign_in_url=lambda redirect_url=None: _page_url("sign-in", redirect_url),
            clerk_sign_up_url=lambda redirect_url=None: _page_url("sign-up", redirect_url),
            clerk_sign_out_url=sign_out_url,
        )

    @property
    def instance(self) -> Instance:
        """The Clerk instance of the current app.

        :raises RuntimeError: If the current app has none.
        """
        return current_clerk().instance

    @property
    def client(self) -> Client:
        """The Backend API of the current app's instance: ``clerk.client.users.list()``.

        :raises RuntimeError: If the current app has no Clerk.
        """
        return current_clerk().client

    @property
    def sdk(self) -> clerk_backend_api.Clerk:
        """Clerk's own Python SDK, configured for the current app.

        :raises RuntimeError: If it is not installed, or the current app has no Clerk.
        :raises BackendAPIError: If there is no secret key.
        """
        return current_clerk().sdk

    def user_loader(self, load: Loader) -> Loader:
        """Register the function that returns the app's own user for a user id.

        It is called once a request, when ``g.auth.user`` is first asked for.
        """
        self._user_loader = load
        return load

    def webhooks(self, url: str) -> Blueprint:
        """Return a blueprint that receives Clerk's webhooks at this URL.

        ``app.register_blueprint(clerk.webhooks("/webhooks/clerk"))`` is all there is to do.
        Sessions that Clerk has ended and users whom it has deleted or banned are refused from
        then on.

        :raises ConfigurationError: If standardwebhooks is not installed; when the blueprint is
            registered, if there is no signing secret.
        """
        return webhooks_blueprint(url)

    def on(self, *types: str) -> Callable[[HandlerT], HandlerT]:
        """Register a function that acts on events of these types.

        It gets a ``WebhookEvent``. If it raises, the sender tries again, and those that did not
        raise are not called again.

        :param types: Such as ``user.created``.
        """
        if not types or not all(isinstance(each, str) for each in types):
            raise TypeError('Name the events: @clerk.on("user.created").')

        def register(handler: HandlerT) -> HandlerT:
            for each in types:
                self._handlers.setdefault(each, []).append(handler)
            return handler

        return register

    def revoke_session(self, session_id: str, *, for_seconds: float | None = None) -> None:
        """End a session at once: in every worker, and at Clerk if there is a secret key.

        :param for_seconds: How long its longest-lived token may still be good, instead of what
            ``CLERK_REVOCATION_LIFETIME`` says.
        :raises ClerkError: If Clerk could not be told. Here the session has ended all the same,
            but Clerk would still renew its tokens once those of now have expired: try again.
        :raises RuntimeError: If the current app has no Clerk.
        """
        self.instance.revoke_session(session_id, for_seconds=for_seconds)

    def revoke_user(self, user_id: str, *, for_seconds: float | None = None) -> None:
        """End every session of a user at once, as :meth:`revoke_session` ends one.

        Tokens without a session, from OAuth clients and JWT templates, are refused too. What is
        issued later is good again: keep a user out with a ban at Clerk.

        :raises ClerkError: If Clerk could not be told of all of them.
        :raises RuntimeError: If the current app has no Clerk.
        """
        self.instance.revoke_user(user_id, for_seconds=for_seconds)

    def refresh_claims(self, answer: ResponseReturnValue) -> Response:
        """Return a response after which the browser's token has the claims of now.

        Use it where a view has changed what tokens are made of, such as metadata or a role:
        ``return clerk.refresh_claims(redirect("/"))``. This request's ``g.auth`` stays as it is,
        and a copy of the old token stays good until it expires.

        :param answer: What a view may return.
        :raises RuntimeError: If the current app has no Clerk.
        """
        response = current_app.make_response(answer)
        clerk = current_clerk()
        visit = clerk.visit_of(request)
        for name, value in fresh_cookies(visit.context, clerk.instance, visit.auth):
            response.headers.add(name, value)
        return response

    def protect(self, blueprint: BlueprintT, **conditions: Any) -> BlueprintT:
        """Guard a whole blueprint, before it is registered.

        :param conditions: Those of ``require_auth``.
        """
        if not isinstance(blueprint, Blueprint):
            raise TypeError("clerk.protect takes a blueprint; decorate views with require_auth.")
        mark(blueprint, make_guard(**conditions))
        # An app that lacks the hook must not serve the blueprint openly.
        functions = blueprint.before_request_funcs.setdefault(None, [])
        if _require_clerk not in functions:
            functions.append(_require_clerk)
        return blueprint

    def frontend_api_proxy(self, url_prefix: str = "/__clerk") -> Blueprint:
        """Return a blueprint that serves Clerk's Frontend API below the app's own domain.

        Register it after ``init_app``, with ``CLERK_PROXY_URL`` set to the same path. CSRF
        protection and the like must leave it alone: it is Clerk that answers.

        :raises ConfigurationError: When it is registered, if the settings do not fit.
        """
        return make_proxy(url_prefix)

    def protected_resource_metadata(self, resource: str = "/", **fields: Any) -> Blueprint:
        """Return a blueprint that tells clients who issues tokens for this API (RFC 9728).

        Register it after ``init_app``. It is open to everybody, and from then on the challenges of
        401 and 403 answers point to it.

        :param resource: The path of the part of the app that it is about.
        :param fields: ``scopes_supported`` (those of the routes' marks unless given),
            ``authorization_servers`` (the Clerk instance unless given), and whatever else RFC 9728,
            section 2, defines, such as ``resource_name``.
        :raises ValueError: If the path does not begin with a slash.
        """
        from .protected_resource import metadata_blueprint

        return metadata_blueprint(resource, **fields)

    def content_security_policy(
        self, app: Flask | None = None, *, billing: bool = False, **more: str | Iterable[str]
    ) -> dict[str, list[str]]:
        """Return the sources that clerk-js needs, by directive, as Flask-Talisman takes them.

        ``flask_clerk.csp.header_value`` makes a header of them.

        :param app: The app whose instance it is; the current one unless given.
        :param billing: Whether the page shows Clerk's components for plans and payment.
        :param more: Sources of the app's own: ``img_src=["https://cdn.example.com"]``.
        :raises RuntimeError: If the app has no Clerk.
        """
        from .csp import content_security_policy

        clerk = current_clerk() if app is None else clerk_of(app)
        return content_security_policy(clerk.instance.config, billing=billing, **more)

    def authenticate_request(
        self, request: RequestLike, *, accepts_token: str | Iterable[str] | None = None
    ) -> RequestState:
        """Decide about any request that has a method, a URL and headers.

        Nothing is remembered and nothing is put on a response: that is the caller's.

        :param accepts_token: The token types to accept, instead of what ``CLERK_ACCEPTS_TOKEN``
            says.
        :raises RuntimeError: If the current app has no Clerk.
        :raises ValueError: For a token type that does not exist.
        """
        clerk = current_clerk()
        is_flask = hasattr(request, "environ") and hasattr(request, "root_path")
        url = request_url(request) if is_flask else str(request.url)  # type: ignore[arg-type]
        context = clerk.context_of(request.method, url, request.headers)
        accepts = None if accepts_token is None else accepted_types(accepts_token)
        return authenticate_request(context, clerk.instance, accepts)


def _open_instance(app: Flask, arguments: Mapping[str, Any]) -> Instance:
    if not wants_local(arguments, app.config, os.environ):
        config = ClerkConfig.load(arguments, app.config, os.environ)
        return _instance(config, connect)
    from .local.web import attach

    config, local = attach.attach(app, arguments, os.environ)
    return _instance(config, lambda config: attach.connect(app, config), clock=local.clock)


def _instance(config: ClerkConfig, connect: Connect, **options: Any) -> Instance:
    """Put the app's instance together; joserfc is loaded only now, so that no request has to."""
    from .core.instance import Instance

    return Instance(
        config,
        connect,
        organization_of=organization_matcher(config),
        open_revocations=open_revocations,
        **options,
    )


def connect(config: ClerkConfig) -> Backend:
    """Return the Backend API client of an instance; ``requests`` is loaded only now."""
    from .api import BackendAPI

    return BackendAPI(config)


def _hook_of(clerk: AppClerk) -> Callable[[], Response | None]:
    """Return the app's ``before_request`` function. Flask inspects it at each request."""

    def before_request() -> Response | None:
        """Decide about the request, send it away if need be, and hold it to the view's guards."""
        visit = clerk.visit_of(request)
        door = visit.door
        if door.is_apart:
            return None
        if authenticated.receivers or authentication_failed.receivers:
            visit.announce()
        state = visit.state
        if state.headers and state.location is not None:
            return redirect_to(state.location)
        if door.guards:
            visit.enforce(door.guards, door.view)
        return None

    return before_request


def _require_clerk() -> None:
    """Raise ``RuntimeError`` in an app without Clerk."""
    current_clerk()


def _page_url(page: str, redirect_url: str | None) -> str:
    return current_visit().page_url(page, redirect_url)


def _put_auth_on_g(app: Flask) -> None:
    """Make ``g.auth`` read the current request's auth, so that it cannot outlive the request."""
    base = app.app_ctx_globals_class
    members = {"auth": property(lambda self: current_auth())}
    app.app_ctx_globals_class = cast(type[Any], type(base.__name__, (base,), members))
    if has_app_context() and current_app == app:
        g.auth = auth  # a context older than the class
