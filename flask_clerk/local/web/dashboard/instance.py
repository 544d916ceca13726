"""The instance itself: its keys, and how it judged the latest requests."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ..current import current_local
from ..frontend.browser import mount_path
from .blueprint import blueprint
from .blueprint import see
from .users import everybody


@blueprint.get("/keys")
def keys() -> str:
    """Show the keys; the secret ones only to whoever asks."""
    local = current_local()
    origin = request.host_url.rstrip("/")
    return render_template(
        "clerk_local/dashboard/keys.html",
        local=local,
        state=local.state,
        base=f"{origin}{mount_path()}",
    )


@blueprint.post("/keys/rotate")
def rotate_keys() -> Response:
    """Sign with a new key from now on."""
    current_local().rotate_keys(keep_old=request.form.get("keep_old") == "on")
    return see("keys", "rotated")


@blueprint.get("/log")
def log() -> str:
    """Show how the latest requests were judged, and why."""
    local = current_local()
    return render_template(
        "clerk_local/dashboard/log.html", entries=list(local.log)[::-1], people=everybody()
    )
