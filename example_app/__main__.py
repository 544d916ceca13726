"""``python -m example_app``: run the example application."""

from __future__ import annotations

from flask_clerk.testing import ClerkKeys

from . import create_app

PORT = 5000


def main() -> None:
    """Serve the example, and say how to call it as somebody who is signed in."""
    keys = ClerkKeys()
    token = keys.session_token("user_ada", claims={"role": "admin"}, expires_in=8 * 3600)
    print(f"Open http://localhost:{PORT} in a browser, or call it as Ada:\n")
    print(f'  curl http://localhost:{PORT}/api/me -H "Authorization: Bearer {token}"\n')
    create_app(keys.settings).run(port=PORT)


if __name__ == "__main__":
    main()
