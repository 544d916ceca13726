"""``/npm/@clerk/…`` and the JWKS: what browsers and servers fetch from Clerk's own host.

The scripts are never part of this package: ``flask clerk js install`` fetches them from npm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from flask import Response
from flask import jsonify
from flask import send_from_directory

from ... import errors
from ..current import current_local
from ..current import host_app
from .browser import JWKS_PATH
from .routing import route

#: The extension slot of a folder laid out like ``node_modules``, to use instead of ``clerk-js``
#: in the instance folder.
FOLDER: Final = "clerk_local_scripts"
_PACKAGES: Final = ("clerk-js", "ui")
#: Seconds, for a version named in full.
_FOREVER: Final = 31_536_000


@route("GET", "/npm/@clerk/<package>@<version>/dist/<path:name>")
def script(package: str, version: str, name: str) -> Response:
    """Return a file of clerk-js or of Clerk's components; the version may be a major one."""
    if package not in _PACKAGES:
        raise _missing(f"@clerk/{package} is no package that the local Clerk serves.")
    folder = _folder() / "@clerk" / package
    installed = _version(folder)
    if installed is None:
        raise _missing(f"@clerk/{package} is not installed: run `flask clerk js install`.")
    if version != "latest" and not f"{installed}.".startswith(f"{version}."):
        raise _missing(
            f"@clerk/{package} {installed} is installed, not {version}: run "
            "`flask clerk js install` with the version that you want."
        )
    is_exact = version == installed
    response = send_from_directory(folder / "dist", name, max_age=_FOREVER if is_exact else None)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@route("GET", JWKS_PATH)
def jwks() -> Response:
    """Return the public keys of the instance."""
    return jsonify(current_local().jwks())


def is_installed() -> bool:
    """Whether clerk-js and Clerk's components are there to be served."""
    return all(_version(_folder() / "@clerk" / package) for package in _PACKAGES)


def _folder() -> Path:
    host = host_app()
    configured = host.extensions.get(FOLDER)
    return Path(configured) if configured else Path(host.instance_path) / "clerk-js"


def _version(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "package.json").read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def _missing(long_message: str) -> errors.LocalClerkError:
    return errors.LocalClerkError("resource_not_found", 404, "not found", long_message)
