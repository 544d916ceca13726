"""The account portal: Clerk's own sign-in pages, whose host follows from the Frontend API's."""

from __future__ import annotations

import re
from typing import Final

from .urls import host_of
from .urls import origin_of

_LEGACY_DEVELOPMENT: Final = (".lcl.dev", ".lclstage.dev", ".lclclerk.com")
_DEVELOPMENT: Final = (".accounts.dev", ".accountsstage.dev", ".accounts.lclclerk.com")


def accounts_url(frontend_api: str) -> str:
    """Return the base URL of the account portal of an instance.

    :param frontend_api: The base URL of the instance's own Frontend API, not of a proxy.
    """
    host = re.sub(r"clerk\.accountsstage\.", "accountsstage.", host_of(frontend_api), count=1)
    host = re.sub(r"clerk\.accounts\.|clerk\.", "accounts.", host, count=1)
    return f"https://{host}"


def is_clerk_page(origin: str, frontend_api: str, is_development: bool) -> bool:
    """Whether an origin is the instance's Frontend API or its account portal.

    Anybody can get a host of the development portals, so only development trusts them.
    """
    host = host_of(origin)
    if host == host_of(frontend_api) or origin == origin_of(accounts_url(frontend_api)):
        return True
    return is_development and _is_development_portal(host)


def _is_development_portal(host: str) -> bool:
    if host.startswith("accounts.") and host.endswith(_LEGACY_DEVELOPMENT):
        return True
    return any(
        host.endswith(suffix) and not host.endswith(f".clerk{suffix}") for suffix in _DEVELOPMENT
    )
