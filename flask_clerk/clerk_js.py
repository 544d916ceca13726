"""``clerk_js()`` for templates: clerk-js and Clerk's components, from wherever this instance is."""

from __future__ import annotations

from typing import Any
from typing import Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from .core.config import ClerkConfig
from .core.errors import ConfigurationError

#: The major versions that this package was tried with.
JS_VERSION: Final = "6"
UI_VERSION: Final = "1"

# Elements with data-clerk-component="UserButton" (SignIn, UserProfile, …) get that component, and
# elements with data-clerk-fallback, which serve people without JavaScript, are hidden. The way
# back stands in our URLs' query, where clerk-js does not look; it follows no way to other origins.
_START: Final = Markup(
    """
addEventListener("load", async () => {
  if (!window.Clerk) return;
  const options = %s;
  await Clerk.load({...options, ui: {ClerkUI: window.__internal_ClerkUICtor}});
  const back = new URLSearchParams(location.search).get("redirect_url");
  for (const node of document.querySelectorAll("[data-clerk-component]")) {
    const name = node.dataset.clerkComponent;
    const returns = back && (name === "SignIn" || name === "SignUp");
    Clerk["mount" + name](node, returns ? {fallbackRedirectUrl: back} : undefined);
  }
  for (const node of document.querySelectorAll("[data-clerk-fallback]")) node.hidden = true;
  document.dispatchEvent(new CustomEvent("clerk-loaded"));
});
"""
)


def clerk_js(config: ClerkConfig, nonce: str | None = None) -> Markup:
    """Return the script tags that load clerk-js and mount its components.

    :param nonce: Of the page's Content-Security-Policy.
    :raises ConfigurationError: Without a publishable key.
    """
    if config.publishable_key is None:
        raise ConfigurationError("clerk_js() needs CLERK_PUBLISHABLE_KEY.")
    base = (config.proxy_url or config.instance_frontend_api or "").rstrip("/")
    version = config.js_version or JS_VERSION
    fetched = {"defer": "defer", "crossorigin": "anonymous", "nonce": nonce}
    return (
        _script("", src=f"{base}/npm/@clerk/ui@{UI_VERSION}/dist/ui.browser.js", **fetched)
        + _script(
            "",
            src=config.js_url or f"{base}/npm/@clerk/clerk-js@{version}/dist/clerk.browser.js",
            data_clerk_publishable_key=config.publishable_key.value,
            data_clerk_proxy_url=config.proxy_url,
            data_clerk_domain=config.domain if config.is_satellite else None,
            **fetched,
        )
        + _script(_START % htmlsafe_json_dumps(_options(config)), nonce=nonce)
    )


def _script(code: str, /, **attributes: str | None) -> Markup:
    """Return a script element with those of the attributes that have a value."""
    given = ((name.replace("_", "-"), value) for name, value in attributes.items() if value)
    written = Markup().join(Markup(' {}="{}"').format(name, value) for name, value in given)
    return Markup("<script{}>{}</script>\n").format(written, code)


def _options(config: ClerkConfig) -> dict[str, Any]:
    options = {
        "signInUrl": config.sign_in_url,
        "signUpUrl": config.sign_up_url,
        "signInFallbackRedirectUrl": config.sign_in_fallback_redirect_url,
        "signInForceRedirectUrl": config.sign_in_force_redirect_url,
        "signUpFallbackRedirectUrl": config.sign_up_fallback_redirect_url,
        "signUpForceRedirectUrl": config.sign_up_force_redirect_url,
        "isSatellite": config.is_satellite or None,
        "satelliteAutoSync": config.satellite_auto_sync or None,
        "telemetry": False if config.local else None,  # nothing of it leaves this machine
    }
    return {name: value for name, value in options.items() if value is not None}
