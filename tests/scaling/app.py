"""An app for gunicorn whose answers say which worker gave them, and when."""

from __future__ import annotations

import os
import time
from typing import Any

from flask import Flask
from flask import g

from flask_clerk import Clerk

clerk = Clerk()


def create_app() -> Flask:
    """Return the app. Its settings are in the environment."""
    app = Flask(__name__, static_folder=None)
    clerk.init_app(app)
    app.register_blueprint(clerk.webhooks("/webhooks/clerk"))

    @app.get("/who")
    def who() -> dict[str, Any]:
        return {
            "worker": os.getpid(),
            "at": time.time(),
            "user": g.auth.user_id,
            "is_connected": clerk.instance.revocations.is_connected,
        }

    @app.post("/revoke/<session_id>")
    def revoke(session_id: str) -> dict[str, Any]:
        began = time.time()
        clerk.revoke_session(session_id)
        return {"worker": os.getpid(), "at": began}

    return app
