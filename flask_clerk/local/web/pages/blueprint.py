"""The blueprint that the pages are routes of."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from ..html import serve_html

blueprint: Final = serve_html(Blueprint("pages", __name__))
