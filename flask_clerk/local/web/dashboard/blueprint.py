"""The blueprint that the dashboard is routes of. It has no login: it serves this machine only."""

from __future__ import annotations

from typing import Any
from typing import Final

from flask import Blueprint
from flask import Response
from flask import url_for

from ..html import see_other
from ..html import serve_html

blueprint: Final = serve_html(Blueprint("dashboard", __name__))


def see(endpoint: str, done: str | None = None, **values: Any) -> Response:
    """Redirect to a page of the dashboard after a form was obeyed.

    :param done: The notice that the page shows.
    """
    return see_other(url_for(f"clerk_local.dashboard.{endpoint}", done=done, **values))
