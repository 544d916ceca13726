"""``flask clerk templates``: JWT templates and the customised session token as files."""

from __future__ import annotations

import click

from .linting import lint
from .listing import diff
from .listing import list_templates
from .preview import preview
from .pull import pull
from .push import push


@click.group()
def templates() -> None:
    """Keep JWT templates and the customised session token as files.

    Templates are clerk/jwt_templates/*.json beside the app, the session token's claims are
    clerk/session_token.json.
    """


for command in (list_templates, pull, diff, push, preview, lint):
    templates.add_command(command)
