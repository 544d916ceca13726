"""How large cookies and headers get, against what browsers and servers take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

from ...bound import AppClerk
from ...core.constants import Cookies
from ..output import working
from .diagnosis import Diagnosis
from .diagnosis import green
from .diagnosis import red
from .diagnosis import skipped
from .diagnosis import yellow

#: Bytes of one cookie, name and value, that browsers keep (RFC 6265, section 6.1).
COOKIE: Final = 4096
#: Bytes of one header: gunicorn's ``limit_request_field_size``; nginx's
#: ``large_client_header_buffers`` is two more.
HEADER: Final = 8190
#: Bytes of all headers together that uWSGI takes (``buffer-size``).
UWSGI: Final = 4096
#: Bytes of Clerk's other cookies: sign-in times, refresh token, development browser.
_OTHERS: Final = 400
_SUFFIX: Final = "_12345678"
_FULL: Final = 0.9
_MOST: Final = 500

_REPAIR: Final = "Put less into the session token: `flask clerk templates lint` says what weighs."


def of_tokens(clerk: AppClerk, token: str | None) -> Iterator[Diagnosis]:
    """Measure the largest session token that is known.

    :param token: One to measure instead of those of the local Clerk's people.
    """
    if token is not None:
        largest, whose = len(token), "the token"
    elif clerk.instance.config.local:
        largest, whose = _largest_of_local()
    else:
        yield skipped("sizes", "There is no token to measure.", "Give one with --token.")
        return
    yield _cookie(largest, whose)
    yield _header(largest, whose)


def _cookie(token: int, whose: str) -> Diagnosis:
    size = token + len(Cookies.SESSION + _SUFFIX) + 1
    finding = f"{size} bytes for {whose}, of {COOKIE} that browsers keep."
    if size > COOKIE:
        return red("session cookie", finding, f"Browsers drop it. {_REPAIR}")
    if size > COOKIE * _FULL:
        return yellow("session cookie", finding, _REPAIR)
    return green("session cookie", finding)


def _header(token: int, whose: str) -> Diagnosis:
    """Judge the ``Cookie`` header, in which the session cookie stands with and without suffix."""
    size = 2 * token + len(2 * Cookies.SESSION + _SUFFIX) + _OTHERS
    finding = f"{size} bytes for {whose}, of {HEADER} that gunicorn and nginx take."
    if size > HEADER:
        return red("Cookie header", finding, f"They answer 400. {_REPAIR}")
    if size > UWSGI:
        return yellow(
            "Cookie header", finding, f"uWSGI takes {UWSGI} unless its buffer-size is larger."
        )
    return green("Cookie header", finding)


def _largest_of_local() -> tuple[int, str]:
    """Return the size of the largest session token of all people, and whose it is."""
    from ...local.web.current import current_local

    local = current_local()
    largest, whose = 0, "nobody"
    users = local.users.search()[:_MOST]
    with working(f"Measuring the tokens of {len(users)} users") if users else nullcontext():
        for user in users:
            memberships = local.organizations.of_user(user.id)
            for active in (None, *(each.organization_id for each in memberships)):
                session = local.sessions.imagine(user.id, active)
                size = len(local.minting.session_token(session, origin="http://localhost:5000"))
                if size > largest:
                    where = f" in {local.organizations.get(active).slug}" if active else ""
                    largest, whose = size, f"{user.id}{where}"
    return largest, whose
