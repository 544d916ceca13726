"""``python -m example_app``: run the example with a local Clerk to sign in to."""

from __future__ import annotations

from . import create_app

PORT = 5000


def main() -> None:
    """Serve the example, and say where it is and who may sign in."""
    app = create_app({"CLERK_LOCAL": True})
    print(f"Open http://localhost:{PORT} and sign in as ada+clerk_test@example.com,")
    print("grace+clerk_test@example.com or alan+clerk_test@example.com;")
    print("the password is analytical-engine. Change people and sessions at")
    print(f"http://localhost:{PORT}/__clerk/dashboard/.\n", flush=True)
    app.run(port=PORT, debug=True, use_reloader=False)


if __name__ == "__main__":
    main()
