"""Giving an app a local Clerk: where it is kept, which settings follow, and how the two talk."""

from __future__ import annotations

import logging
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import TypeVar

from flask import Flask
from flask import Response
from flask import current_app
from flask import has_request_context
from flask import request

from ...core.config import ClerkConfig
from ...core.errors import ConfigurationError
from ...core.instance import Backend
from ...globals import clerk_of
from ..instance import LocalClerk
from ..model import AuthenticationLogEntry
from ..seed import SeedError
from ..seed import load_seed
from ..seed import seed
from ..store import SQLiteStore
from .app import serve_in_front_of
from .current import PREFIX
from .current import SERVED
from .current import current_local
from .delivery import deliver_within
from .guard import WITHIN
from .guard import is_loopback_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("flask_clerk")

#: The file in the app's instance folder that holds everything, keys included.
DATABASE: Final = "clerk.sqlite3"
#: The file beside an app's package that says whom a new local Clerk knows.
SEED_FILE: Final = "clerk/seed.json"
#: Settings that say which instance an app belongs to; the local one takes their place.
_INSTANCE_SETTINGS: Final = (
    "publishable_key",
    "secret_key",
    "jwt_key",
    "machine_secret_key",
    "frontend_api",
    "api_url",
    "proxy_url",
    "issuers",
    "webhook_signing_secret",
)

_PAGES: Final = {
    "CLERK_SIGN_IN_URL": f"{PREFIX}/sign-in",
    "CLERK_SIGN_UP_URL": f"{PREFIX}/sign-up",
}

_T = TypeVar("_T")


def attach(
    app: Flask, arguments: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[ClerkConfig, LocalClerk]:
    """Give an app a local Clerk; return the settings that go with it, and the local Clerk.

    :param arguments: Settings by keyword; ``local`` may be a :class:`LocalClerk` to serve.
    :raises ConfigurationError: If a live key is set: a local Clerk beside production keys is a
        mistake either way.
    """
    _refuse_live_keys(arguments, app.config, environ)
    given = arguments.get("local") or app.config.get("CLERK_LOCAL")
    if isinstance(given, LocalClerk):
        local = given
    elif given is not None and not isinstance(given, (bool, str)):
        raise ConfigurationError("CLERK_LOCAL must be true, false or a LocalClerk.")
    else:
        local = open_local(Path(app.instance_path), Path(app.root_path) / SEED_FILE)
    serve_in_front_of(app, local)
    own = {
        "local": True,
        "publishable_key": local.publishable_key.value,
        "secret_key": local.secret_key.value,
        "proxy_url": PREFIX,
        "api_url": f"http://localhost{PREFIX}/api",
        "webhook_signing_secret": local.state.webhook_secret,
    }
    config = ClerkConfig.load(
        {**_without(arguments, _INSTANCE_SETTINGS), **own},
        # Its own pages come last, so that the app can have pages of its own.
        {**_PAGES, **_present(environ), **_present(app.config), "CLERK_LOCAL": True},
        {},
    )
    app.after_request(_log_decision)
    if local.outbox.deliver is None:
        local.outbox.deliver = deliver_within(app, local)
    return config, local


def open_local(folder: Path, seed_file: Path | None = None) -> LocalClerk:
    """Open the local Clerk that a folder holds, or found one.

    :param seed_file: Whom a new one knows; the default people without such a file. The JWT
        templates beside it are a new one's, too.
    :raises SeedError: If the file cannot be used.
    """
    path = folder / DATABASE
    is_new = not path.exists()
    local = LocalClerk(SQLiteStore(path))
    if is_new:
        try:
            _seed(local, seed_file)
        except SeedError:
            local.store.close()
            path.unlink()  # the next start founds it anew, with the file mended
            raise
    return local


def _seed(local: LocalClerk, seed_file: Path | None) -> None:
    if seed_file is not None and seed_file.exists():
        seed(local, load_seed(seed_file), source=str(seed_file))
    else:
        seed(local)
    if seed_file is not None:
        _seed_templates(local, seed_file.parent)


def _seed_templates(local: LocalClerk, folder: Path) -> None:
    """Add the templates that ``flask clerk templates`` keeps as files in a folder.

    One that cannot be used is passed over: the command that says what is wrong with it, and where,
    needs an app that starts.
    """
    session_token = folder / "session_token.json"
    for path in (*sorted(folder.glob("jwt_templates/*.json")), session_token):
        if path.exists():
            try:
                found = load_seed(path)
                is_template = path != session_token
                seed(
                    local,
                    {"jwt_templates": [found]} if is_template else {"session_token": found},
                    source=str(path),
                )
            except SeedError as error:
                logger.warning("The local Clerk passes over a template: %s", error)


def connect(app: Flask, config: ClerkConfig) -> Backend:
    """Return the Backend API of an app's local Clerk, called within this process.

    A development server with one thread could not call itself.
    """
    from ...api import BackendAPI
    from ...api.wsgi import WSGIAdapter

    return BackendAPI(config, WSGIAdapter(backend_app(app)))


def backend_app(app: Flask) -> WSGIApplication:
    """Return what serves an app's local Clerk to the app itself, where ``CLERK_API_URL`` has it."""
    served: WSGIApplication = app.extensions[SERVED]

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[WITHIN] = True
        if has_request_context() and is_loopback_host(request.host):
            environ["HTTP_HOST"] = request.host  # for the URLs in answers
        return served(environ, start_response)

    return call


def _refuse_live_keys(*places: Mapping[str, Any]) -> None:
    for place in places:
        for name in ("publishable_key", "secret_key"):
            value = place.get(name) or place.get(f"CLERK_{name.upper()}")
            if isinstance(value, str) and value.startswith(("pk_live_", "sk_live_")):
                raise ConfigurationError(
                    f"CLERK_LOCAL is on beside a live CLERK_{name.upper()}: remove one of them."
                )


def _present(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``CLERK_`` settings that are set and do not name another instance."""
    hidden = {f"CLERK_{name.upper()}" for name in _INSTANCE_SETTINGS} | {"CLERK_FAPI"}
    own = {name: value for name, value in mapping.items() if str(name).startswith("CLERK_")}
    return _without({name: value for name, value in own.items() if value not in (None, "")}, hidden)


def _without(mapping: Mapping[str, _T], names: Collection[str]) -> dict[str, _T]:
    return {name: value for name, value in mapping.items() if name not in names}


def _log_decision(response: Response) -> Response:
    """Remember how a request was judged, for the dashboard."""
    state = clerk_of(current_app).visit_of(request).decision
    if state is not None:
        local = current_local()
        claims: Mapping[str, Any] = state.claims or {}
        local.log.append(
            AuthenticationLogEntry(
                at=local.now,
                method=request.method,
                path=request.path,
                status=state.status,
                answer=response.status_code,
                reason=state.reason,
                user_id=claims.get("sub") or state.to_auth().user_id,
                session_id=claims.get("sid"),
            )
        )
    return response
