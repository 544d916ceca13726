"""Who is at the browser: its client, and the session that it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response
from flask import request
from flask import url_for

from ...model import Client
from ...model import Session
from ...model import User
from ..current import client_cookie_name
from ..current import current_local
from ..frontend.activity import activity
from ..frontend.browser import set_client_cookie
from ..html import see_other
from .way_back import forward


@dataclass(frozen=True, slots=True)
class Account:
    """One session of a client, with the person in it."""

    session: Session
    user: User


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in at this browser.

    :param session: The one that the browser shows.
    """

    client: Client
    session: Session
    user: User


def accounts() -> list[Account]:
    """Return everybody who is signed in at this browser, whom it shows first."""
    local, client = current_local(), known_client()
    if client is None:
        return []
    current = local.sessions.current(client)
    live = local.sessions.live(client.id)
    live.sort(key=lambda session: current is None or session.id != current.id)
    return [Account(session, local.users.get(session.user_id)) for session in live]


def known_client() -> Client | None:
    """Return the client that the browser's cookie proves.

    The cookie alone counts here: a development browser travels in URLs, and anybody can make up
    a link.
    """
    return current_local().clients.find(request.cookies.get(client_cookie_name()))


def client_at_hand() -> Client:
    """Return the browser's client; one that has none gets one."""
    return known_client() or current_local().clients.create()


def remember(response: Response, client: Client) -> Response:
    """Let the browser keep its client, whose secret a sign-in has just changed."""
    set_client_cookie(response, current_local().clients.get(client.id) or client)
    return response


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Give a view the :class:`Visitor`, and send whoever is signed out to sign in."""

    @wraps(view)
    def with_visitor(**values: str) -> Any:
        local, client = current_local(), known_client()
        session = local.sessions.current(client) if client is not None else None
        if client is None or session is None:
            way_back = request.url if request.method == "GET" else None
            return see_other(url_for("clerk_local.pages.sign_in", redirect_url=way_back))
        session = local.sessions.touch(session.id, activity())
        return view(Visitor(client, session, local.users.get(session.user_id)), **values)

    return with_visitor


def settled(view: Callable[..., Any]) -> Callable[..., Any]:
    """As :func:`signed_in`, and send a session that waits for its tasks to them."""

    @signed_in
    @wraps(view)
    def with_settled_visitor(visitor: Visitor, **values: str) -> Any:
        if visitor.session.tasks:
            return forward("tasks")
        return view(visitor, **values)

    return with_settled_visitor
