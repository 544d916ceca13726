"""Content-Security-Policy: the sources that clerk-js needs, for the instance at hand.

The list is that of Clerk's page "Configure Clerk Content-Security-Policy headers", for an instance
in production, in development, behind a proxy of the app's own, or local.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Final

from .core.accounts import accounts_url
from .core.config import ClerkConfig
from .core.urls import origin_of

#: Directives and their sources, as Flask-Talisman takes them.
Policy = dict[str, list[str]]

_SELF: Final = "'self'"
_ANYWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "default-src": (_SELF,),
    "connect-src": (_SELF,),
    "form-action": (_SELF,),
    "frame-src": (_SELF,),
    # Clerk's page leaves data: out, but components of clerk-js 6 draw pictures of their own.
    "img-src": (_SELF, "data:"),
    "script-src": (_SELF,),
    # Clerk's components write their styles at run time.
    "style-src": (_SELF, "'unsafe-inline'"),
    "worker-src": (_SELF, "blob:"),
}
#: Pictures, and the protection against bots and fraud.
_AT_CLERK: Final[Mapping[str, tuple[str, ...]]] = {
    "connect-src": ("https://*.protect.clerk.com:*",),
    "frame-src": ("https://challenges.cloudflare.com", "https://*.protect.clerk.com"),
    "img-src": ("https://img.clerk.com",),
    "script-src": ("https://challenges.cloudflare.com", "https://*.protect.clerk.com"),
}
_TELEMETRY: Final[Mapping[str, tuple[str, ...]]] = {
    "connect-src": ("https://clerk-telemetry.com", "https://*.clerk-telemetry.com"),
}
_BILLING: Final[Mapping[str, tuple[str, ...]]] = {
    "connect-src": ("https://api.stripe.com", "https://maps.googleapis.com"),
    "frame-src": (
        "https://js.stripe.com",
        "https://*.js.stripe.com",
        "https://hooks.stripe.com",
    ),
    "script-src": (
        "https://js.stripe.com",
        "https://*.js.stripe.com",
        "https://maps.googleapis.com",
    ),
}


def content_security_policy(
    config: ClerkConfig, *, billing: bool = False, **more: str | Iterable[str]
) -> Policy:
    """Return the directives of a page that clerk-js runs on, with their sources.

    The one inline script of ``clerk_js()`` takes a nonce, so scripts need no ``unsafe-inline``.

    :param billing: Whether the page shows Clerk's components for plans and payment.
    :param more: Sources of the app's own, by directive: ``img_src=["https://cdn.example.com"]``.
    """
    parts: list[Mapping[str, Iterable[str]]] = [_ANYWHERE, _instance_sources(config)]
    if not config.local:
        parts.append(_AT_CLERK)
        if config.is_development:
            parts.append(_TELEMETRY)
    if billing:
        parts.append(_BILLING)
    own = {name.replace("_", "-"): _listed(sources) for name, sources in more.items()}
    policy: Policy = {}
    for part in [*parts, own]:
        for directive, sources in part.items():
            known = policy.setdefault(directive, [])
            known += [source for source in sources if source not in known]
    return policy


def header_value(policy: Mapping[str, Iterable[str]], nonce: str | None = None) -> str:
    """Return a policy as the ``Content-Security-Policy`` header has it.

    :param nonce: That of the page's inline scripts, new for every answer, as ``clerk_js()`` takes
        it.
    """
    lines = {directive: list(sources) for directive, sources in policy.items()}
    if nonce is not None:
        lines.setdefault("script-src", []).append(f"'nonce-{nonce}'")
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in lines.items())


def _instance_sources(config: ClerkConfig) -> Mapping[str, list[str]]:
    """Return where clerk-js is loaded from and calls, where that is not the app itself."""
    frontend_api = origin_of(config.proxy_url or config.instance_frontend_api or "")
    scripts = [frontend_api, origin_of(config.js_url or "")]
    # A form may end in a redirect through the handshake or to the sign-in page, and browsers
    # that hold redirects to form-action, too, would stop there.
    forms = [origin_of(config.instance_frontend_api or ""), origin_of(config.sign_in_url or "")]
    if config.issuer is not None and config.sign_in_url is None:
        forms.append(origin_of(accounts_url(config.issuer)))
    if config.local:
        forms = []
    found = {"connect-src": [frontend_api], "script-src": scripts, "form-action": forms}
    return {name: [each for each in each_list if each] for name, each_list in found.items()}


def _listed(sources: str | Iterable[str]) -> list[str]:
    return sources.split() if isinstance(sources, str) else list(sources)
