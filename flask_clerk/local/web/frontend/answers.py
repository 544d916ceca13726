"""What the Frontend API answers: a resource alone, with the browser's client, or an error."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import jsonify
from werkzeug.exceptions import HTTPException

from ...errors import LocalClerkError
from ...model import Client
from ..current import current_local
from .browser import set_client_cookie
from .origins import page_origin


def alone(resource: Any) -> Response:
    """Answer a question: the resource, and nothing new about the client."""
    return jsonify(response=resource, client=None)


def with_client(resource: Any, client: Client) -> Response:
    """Answer after a change: the resource and the client as it is now.

    clerk-js takes the client's sessions and tokens from there (``core/resources/Base.ts``), and
    the browser its cookie, since a sign-in changes the client's secret.
    """
    local = current_local()
    now = local.clients.get(client.id) or client
    response = jsonify(response=resource, client=local.resources.client(now, origin=page_origin()))
    set_client_cookie(response, now)
    return response


def refusal(error: LocalClerkError, client: Client | None = None) -> Response:
    """Answer with an error.

    :param client: With the attempt that failed, so that clerk-js can go on with it.
    """
    body = error.to_json()
    if client is not None:
        shown = current_local().resources.client(client, origin=page_origin())
        body["meta"] = {"client": shown}
    response = jsonify(body)
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if client is not None:
        set_client_cookie(response, client)
    return response


def refusal_of_http(error: HTTPException) -> Response:
    """Answer in Clerk's shape what Flask itself refuses, such as a method."""
    status = error.code or 500
    message = error.name
    response = refusal(LocalClerkError(message.lower().replace(" ", "_"), status, message))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response
