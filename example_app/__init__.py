"""The Analytical Engine Company: a small application that shows what flask_clerk does.

Read it from top to bottom: the factory first, then a page for each kind of guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask import Flask
from flask import abort
from flask import g
from flask import render_template
from flask import request

from flask_clerk import Clerk
from flask_clerk import ReverificationRequired
from flask_clerk import public
from flask_clerk import require_auth
from flask_clerk import require_claim
from flask_clerk import require_permission

INVOICES = [
    {"id": "inv_1843", "for": "Translation, with notes A to G", "amount": 120},
    {"id": "inv_1844", "for": "Bernoulli numbers, up to the eighth", "amount": 80},
    {"id": "inv_1845", "for": "Punched cards, one gross", "amount": 12},
]

clerk = Clerk()
pages = Blueprint("pages", __name__)
api = Blueprint("api", __name__, url_prefix="/api")


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application. Its keys come from ``config`` or the ``CLERK_*`` environment."""
    app = Flask(__name__)
    app.config.from_mapping(
        CLERK_REDIRECT_TO_SIGN_IN=True,
        CLERK_ORGANIZATION_PATTERNS=["/organizations/<slug>"],
    )
    app.config.from_mapping(config or {})
    clerk.init_app(app)
    app.register_blueprint(pages)
    app.register_blueprint(clerk.protect(api, redirect=False))
    app.register_error_handler(403, forbidden)
    app.register_error_handler(404, not_found)
    return app


@pages.get("/")
@public
def home() -> str:
    """Everybody may see this; it greets whoever is signed in."""
    return render_template("home.html")


@pages.get("/profile")
@require_auth
def profile() -> str:
    """Whoever is signed in sees what the session says about them."""
    return render_template("profile.html")


@pages.get("/admin")
@require_claim("role", "admin")
def admin() -> str:
    """Only a session whose token carries the role gets in."""
    return render_template("admin.html", invoices=INVOICES)


@pages.get("/organizations/<slug>")
@require_permission("org:invoices:manage")
def organization(slug: str) -> str:
    """Only members that may manage the organization's invoices get in.

    The URL names the organization, and CLERK_ORGANIZATION_PATTERNS makes it the active one. Where
    that cannot be, another one is active still, and its permissions say nothing here.
    """
    if g.auth.org_slug != slug:
        abort(404)
    return render_template("organization.html", invoices=INVOICES)


@api.get("/me")
def me() -> dict[str, Any]:
    """Return the session as JSON. The whole blueprint is protected."""
    return {"user_id": g.auth.user_id, "org_id": g.auth.org_id, "claims": g.auth.session_claims}


@api.delete("/invoices/<invoice_id>")
@require_auth(permission="org:invoices:manage", reverification="strict")
def delete_invoice(invoice_id: str) -> tuple[str, int]:
    """Pretend to delete an invoice, for those who have just shown that it is them."""
    return "", 204


def forbidden(error: Any) -> Any:
    """Answer a refusal with a page of our own; the API and clerk-js keep their JSON."""
    if isinstance(error, ReverificationRequired) or request.blueprint == "api":
        return error
    return render_template("forbidden.html"), 403


def not_found(error: Any) -> tuple[str, int]:
    """Answer with a page of our own, which knows who is there as every page does."""
    return render_template("not_found.html"), 404
