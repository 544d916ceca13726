"""The local Clerk as an app: on a port of its own, or in front of the app that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Blueprint
from flask import Flask
from werkzeug.exceptions import NotFound

from ..instance import LocalClerk
from .backend import blueprint as backend_api
from .current import EXTENSION
from .current import HOST
from .current import PREFIX
from .current import SERVED
from .dashboard import blueprint as dashboard
from .frontend import blueprint as frontend_api
from .guard import require_loopback
from .pages import blueprint as pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment


def create_app(local: LocalClerk, host: Flask | None = None) -> Flask:
    """Return an app that serves nothing but a local Clerk, to this machine only.

    :param host: The app that it is for; without one it is for a port of its own.
    """
    app = Flask(
        __name__, static_folder=None, instance_path=None if host is None else host.instance_path
    )
    app.debug = host is None
    app.json.sort_keys = False  # type: ignore[attr-defined]  # claims keep their order
    app.extensions[EXTENSION] = local
    app.extensions[HOST] = host or app
    # The app's own, so that redirects to a slash, OPTIONS and refused methods are guarded, too.
    app.before_request(require_loopback)
    blueprint = Blueprint(
        "clerk_local",
        __name__,
        template_folder="../templates",
        static_folder="../static",
        static_url_path="/static",
    )
    blueprint.register_blueprint(frontend_api)
    blueprint.register_blueprint(backend_api, url_prefix="/api")
    blueprint.register_blueprint(pages)
    blueprint.register_blueprint(dashboard, url_prefix="/dashboard")
    app.register_blueprint(blueprint)
    return app


def serve_in_front_of(app: Flask, local: LocalClerk) -> None:
    """Serve a local Clerk below ``/__clerk`` of an app.

    It is an app of its own, so the hooks, guards, CSRF protection and host matching of the app
    that it is for do not reach it.
    """
    served = create_app(local, app)
    app.extensions[EXTENSION] = local
    app.extensions[SERVED] = _InFront(served, NotFound())
    app.wsgi_app = _InFront(served, app.wsgi_app)  # type: ignore[method-assign]


class _InFront:
    """WSGI middleware that hands what is below the prefix to the local Clerk."""

    def __init__(self, local_app: Flask, app: WSGIApplication) -> None:
        self._local_app = local_app
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not f"{path}/".startswith(f"{PREFIX}/"):
            return self._app(environ, start_response)
        below = {
            **environ,
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + PREFIX,
            "PATH_INFO": path.removeprefix(PREFIX),
        }
        return self._local_app(below, start_response)
