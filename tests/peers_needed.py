"""What some tests need beyond Python: they are skipped where it is missing, but never in CI."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

#: Where ``tests/peers/install`` puts Clerk's own software.
PEERS = Path(__file__).parent / "peers" / "node_modules"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def need_chromium() -> str:
    """Return the path of Chromium; Playwright for Python drives it."""
    if importlib.util.find_spec("playwright") is None:
        _missing("Playwright is not installed: pip install playwright.")
    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    return found or _missing("Chromium is not installed: apt-get install chromium.")


def need_node() -> str:
    """Return the path of Node.js."""
    return shutil.which("node") or _missing("Node.js is not installed.")


def need_redis_server() -> str:
    """Return the path of the Redis server."""
    found = shutil.which("redis-server")
    return found or _missing("Redis is not installed: apt-get install redis-server.")


def need_package(name: str) -> None:
    """Make sure that a Python package is installed.

    :param name: As it is imported.
    """
    if importlib.util.find_spec(name) is None:
        _missing(f"{name} is not installed: pip install -e '.[test]'.")


def need_file_modes() -> None:
    """Make sure that a file can be its owner's alone."""
    if os.name == "nt":
        _missing("Windows has no modes of files.")


def need_peers(*packages: str) -> Path:
    """Return the folder with Clerk's own packages.

    :param packages: Such as ``@clerk/clerk-js``.
    """
    for package in packages:
        if not (PEERS / package / "package.json").exists():
            _missing(f"{package} is not installed: run tests/peers/install.")
    return PEERS


def _missing(what: str) -> str:
    if _in_ci():
        pytest.fail(what)
    pytest.skip(what)


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))
