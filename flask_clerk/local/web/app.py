"""The local Clerk in an app of its own, or beside the views of another."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask import Flask

from ...guards import mark_outside
from ..instance import LocalClerk
from .backend import blueprint as backend_api
from .current import EXTENSION
from .dashboard import blueprint as dashboard
from .frontend import blueprint as frontend_api
from .guard import require_loopback
from .pages import blueprint as pages

#: Where an app serves its local Clerk. clerk-js gets it as ``proxyUrl``.
PREFIX: Final = "/__clerk"


def serve_beside(app: Flask, local: LocalClerk, prefix: str = PREFIX) -> None:
    """Serve a local Clerk below a prefix of an app, to this machine only."""
    app.extensions[EXTENSION] = local
    blueprint = Blueprint(
        "clerk_local",
        __name__,
        url_prefix=prefix or None,
        template_folder="../templates",
        static_folder="../static",
        static_url_path="/static",
    )
    blueprint.before_request(require_loopback)
    blueprint.register_blueprint(frontend_api)
    blueprint.register_blueprint(backend_api, url_prefix="/api")
    blueprint.register_blueprint(pages)
    blueprint.register_blueprint(dashboard, url_prefix="/dashboard")
    mark_outside(blueprint)
    app.register_blueprint(blueprint)


def create_app(local: LocalClerk) -> Flask:
    """Return an app that serves nothing but a local Clerk, for a port of its own."""
    app = Flask(__name__, static_folder=None)
    app.debug = True
    serve_beside(app, local, prefix="")
    return app
