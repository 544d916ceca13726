"""What goes onto a response: the decision's headers, and what tells caches and clients."""

from __future__ import annotations

from typing import Final

from flask import Response

from .core.constants import Headers
from .core.constants import Status
from .core.messages import message_for
from .core.state import HeaderList

_VARIES_WITH: Final = ("Cookie", "Authorization")


def redirect_to(location: str) -> Response:
    """Return the 307 of a handshake. Its body is empty: the URL may carry a token."""
    return Response(status=307, headers={"Location": location})


def finish(response: Response, headers: HeaderList, *, depends_on_session: bool) -> Response:
    """Put the decision's headers on a response, whatever the view answered.

    :param depends_on_session: Whether the view or a guard has read who is signed in. Then, and
        where cookies are set, no shared cache may keep the answer, whatever the view says.
    """
    names = {name.lower() for name, _ in response.headers}  # asked one by one, each miss raises
    set_by_view = _cookies_of(response) if "set-cookie" in names else set()
    for name, value in headers:
        if name == "Set-Cookie":
            depends_on_session = True
            if _cookie_name(value) not in set_by_view:
                response.headers.add(name, value)
        elif name == "Location":
            continue
        elif name.lower() in names:
            response.headers[name] = value
        else:
            response.headers.add(name, value)
            names.add(name.lower())
    if depends_on_session and "cache-control" in names:
        _keep_from_shared_caches(response)
    elif depends_on_session:
        response.headers.add("Cache-Control", "private")
    if "vary" in names:
        response.vary.update(_VARIES_WITH)
    else:
        response.headers.add("Vary", ", ".join(_VARIES_WITH))
    return response


def _keep_from_shared_caches(response: Response) -> None:
    """Make the policy that is there a private one."""
    policy = response.headers["Cache-Control"]
    response.headers["Cache-Control"] = policy.lower()  # Werkzeug knows directives by case
    if not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True


def _cookies_of(response: Response) -> set[str]:
    return {_cookie_name(line) for line in response.headers.getlist("Set-Cookie")}


def _cookie_name(line: str) -> str:
    return line.partition("=")[0].strip()


def refusal_headers(reason: str | None, challenge: str) -> HeaderList:
    """Return the headers of a 401: the challenge, the reason and its sentence."""
    headers = (
        ("WWW-Authenticate", challenge),
        (Headers.STATUS, Status.SIGNED_OUT),
        (Headers.REASON, reason or Status.SIGNED_OUT),
    )
    message = message_for(reason)
    return headers if message is None else (*headers, (Headers.MESSAGE, message))
