"""``flask clerk serve``: a local Clerk on a port of its own, for gunicorn and for other apps."""

from __future__ import annotations

from pathlib import Path

import click

from .errors import shown

_HOST = "127.0.0.1"


@click.command()
@click.option("--port", default=5555, show_default=True, help="The port on 127.0.0.1.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("instance"),
    show_default=True,
    help="Where it keeps its people, sessions and keys.",
)
@click.option(
    "--seed",
    "seed_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file of users and organizations to add.",
)
@click.option("--webhooks", "webhooks_url", help="Where your app receives webhooks.")
@shown
def serve(port: int, folder: Path, seed_file: Path | None, webhooks_url: str | None) -> None:
    """Serve a local Clerk until it is interrupted.

    It prints the settings for the apps that are to use it.
    """
    from werkzeug.serving import run_simple

    from ..local import load_seed
    from ..local import seed
    from ..local.web.app import create_app
    from ..local.web.attach import open_local
    from ..local.web.delivery import deliver_over_http

    local = open_local(folder, seed_file)
    if seed_file is not None:
        seed(local, load_seed(seed_file), source=str(seed_file))
    if webhooks_url is not None:
        local.outbox.deliver = deliver_over_http(webhooks_url, local)
    origin = f"http://{_HOST}:{port}"
    click.echo(f"A local Clerk is at {origin}, its dashboard at {origin}/dashboard/.")
    click.echo("Settings for your app (its secrets are on the dashboard's page of keys):\n")
    for name, value in (
        ("CLERK_PUBLISHABLE_KEY", local.publishable_key.value),
        ("CLERK_API_URL", f"{origin}/api"),
        ("CLERK_FRONTEND_API", origin),
        ("CLERK_SIGN_IN_URL", f"{origin}/sign-in"),
        ("CLERK_SIGN_UP_URL", f"{origin}/sign-up"),
    ):
        click.echo(f"  {name}={value}")
    click.echo()
    run_simple(_HOST, port, create_app(local), threaded=True)
