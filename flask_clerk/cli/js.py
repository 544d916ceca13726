"""``flask clerk js install``: the browser scripts, from npm into the instance folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from ..clerk_js import JS_VERSION
from ..clerk_js import UI_VERSION
from .errors import shown
from .output import working

_TIMEOUT = 300  # seconds


@click.group()
def js() -> None:
    """Manage the scripts that the local Clerk serves to browsers."""


@js.command()
@click.option("--version", default=JS_VERSION, show_default=True, help="Of clerk-js.")
@click.option("--ui-version", default=UI_VERSION, show_default=True, help="Of Clerk's components.")
@shown
@with_appcontext
def install(version: str, ui_version: str) -> None:
    """Install clerk-js and Clerk's components with npm.

    Only the packages themselves are fetched: their bundles need none of their dependencies.
    """
    if shutil.which("npm") is None:
        raise click.ClickException("npm is not installed: install Node.js, which comes with it.")
    folder = Path(current_app.instance_path) / "clerk-js"
    for name, wanted in (("clerk-js", version), ("ui", ui_version)):
        with working(f"Fetching @clerk/{name} {wanted}"):
            installed = _install(f"@clerk/{name}", wanted, folder)
        click.echo(f"Installed @clerk/{name} {installed}.")


def _install(package: str, version: str, folder: Path) -> str:
    """Put one package where the local Clerk looks for it, and return its exact version."""
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary) / _pack(f"{package}@{version}", temporary)
        with tarfile.open(archive) as tar:
            # Python 3.12 warns without one; releases before June 2023 know none.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(temporary, members=_safe_members(tar))
        unpacked = Path(temporary) / "package"
        exact: str = json.loads((unpacked / "package.json").read_text(encoding="utf-8"))["version"]
        target = folder / package
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(unpacked, target)
    return exact


def _pack(specifier: str, folder: str) -> str:
    try:
        packed = subprocess.run(
            ["npm", "pack", "--json", "--pack-destination", folder, specifier],
            capture_output=True,
            check=True,
            cwd=folder,
            text=True,
            timeout=_TIMEOUT,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise click.ClickException(
            f"npm could not fetch {specifier}; try `npm view {specifier} version`."
        ) from error
    name: str = json.loads(packed.stdout)[0]["filename"]
    return name.removeprefix("@").replace("/", "-")


def _safe_members(tar: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Return the plain files below ``package/``; a package has no need for anything else."""
    return [
        member
        for member in tar.getmembers()
        if member.isfile() and member.name.startswith("package/") and ".." not in member.name
    ]
