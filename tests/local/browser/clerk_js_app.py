"""An app with the local Clerk on a real port, and a browser's tab with clerk-js in it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import g
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from flask_clerk import Clerk
from flask_clerk.local import LocalClerk
from flask_clerk.local.web.current import PREFIX
from flask_clerk.local.web.frontend.scripts import FOLDER
from tests.local.frontend_caller import frontend_app
from tests.peers_needed import PEERS

#: What every page of the app is: clerk-js with Clerk's components, and a place for one.
_PAGE = Markup(
    """<!doctype html><meta charset="utf-8"><title>App</title>
<link rel="icon" href="data:,">
<main id="place"></main>
<script defer crossorigin="anonymous" src="{fapi}/npm/@clerk/ui@{ui}/dist/ui.browser.js"></script>
<script defer crossorigin="anonymous" data-clerk-publishable-key="{key}"
  data-clerk-proxy-url="{fapi}"
  src="{fapi}/npm/@clerk/clerk-js@{js}/dist/clerk.browser.js"></script>
<script>
addEventListener("load", async () => {{
  try {{
    await Clerk.load({{ui: {{ClerkUI: window.__internal_ClerkUICtor}}, telemetry: false}});
    window.outcome = "loaded";
  }} catch (error) {{ window.outcome = String(error); }}
}});
</script>"""
)


def frontend_alone(clerk: LocalClerk) -> Flask:
    """Return the Frontend API for a port of its own."""
    app = frontend_app(clerk, prefix="")
    app.extensions[FOLDER] = PEERS
    return app


def live_app(clerk: LocalClerk, fapi: str = PREFIX, upstream: str | None = None) -> Flask:
    """Return an app whose pages run clerk-js and which says who it believes is there.

    :param fapi: Where the Frontend API is, if not in the app itself.
    :param upstream: Where it is behind the app's proxy.
    """
    app = Flask("live", static_folder=None)
    app.testing = True
    app.extensions[FOLDER] = PEERS
    if fapi == PREFIX and upstream is None:
        Clerk(app, local=clerk)
    else:
        keys = {"publishable_key": clerk.publishable_key.value, "jwt_key": clerk.jwt_key}
        secret = {} if upstream is None else {"secret_key": clerk.secret_key.value}
        extension = Clerk(app, proxy_url=fapi, frontend_api=upstream, **keys, **secret)
        if upstream is not None:
            app.register_blueprint(extension.frontend_api_proxy())

    @app.get("/")
    def home() -> str:
        return _PAGE.format(key=clerk.publishable_key.value, fapi=fapi, js=6, ui=1)

    @app.get("/whoami")
    def whoami() -> ResponseReturnValue:
        auth = g.auth
        return {
            "user_id": auth.user_id,
            "org_slug": auth.org_slug,
            "is_admin": auth.has(role="org:admin"),
            "reason": auth.reason,
        }

    return app


class Tab:
    """One tab of a browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "/") -> Tab:
        """Go to a page and wait until clerk-js has loaded."""
        self.page.goto(self.url + path)
        return self.loaded()

    def loaded(self) -> Tab:
        """Wait until clerk-js has loaded."""
        self.page.wait_for_function("window.outcome")
        assert self.run("window.outcome") == "loaded"
        return self

    def run(self, script: str, argument: Any = None) -> Any:
        """Return what a script in the page returns."""
        return self.page.evaluate(script, argument)

    def wait_for(self, condition: str) -> None:
        """Wait until a condition in the page holds."""
        self.page.wait_for_function(condition)

    def sign_in(self, identifier: str, password: str) -> str:
        """Sign in by password, and return what the attempt came to."""
        status: str = self.run(
            """async ([identifier, password]) => {
              const attempt = await Clerk.client.signIn.create(
                {strategy: "password", identifier, password});
              await Clerk.setActive({session: attempt.createdSessionId});
              return attempt.status;
            }""",
            [identifier, password],
        )
        return status

    def whoami(self) -> dict[str, Any]:
        """Return whom the app sees in the cookies."""
        found: dict[str, Any] = self.run('async () => (await fetch("/whoami")).json()')
        return found

    def cookies(self) -> dict[str, str]:
        """Return the browser's cookies."""
        return {each["name"]: each["value"] for each in self.page.context.cookies()}

    def mount(self, component: str) -> None:
        """Show one of Clerk's components."""
        self.run('name => Clerk["mount" + name](document.getElementById("place"))', component)
