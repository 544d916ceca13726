"""Chromium, an app with the local Clerk, and tabs."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk.local import LocalClerk
from tests.local.browser.clerk_js_app import Tab
from tests.local.browser.clerk_js_app import live_app
from tests.local.live import serving
from tests.peers_needed import need_chromium
from tests.peers_needed import need_peers

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Return headless Chromium.

    No longer than needed: while Playwright runs, its event loop keeps Flask from async views.
    """
    path = need_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def app_url(clerk: LocalClerk) -> Iterator[str]:
    """Return the address of an app whose pages run clerk-js."""
    need_peers("@clerk/clerk-js", "@clerk/ui")
    with serving(live_app(clerk)) as url:
        yield url


@pytest.fixture
def new_tab(browser: Any, app_url: str) -> Iterator[Callable[[], Tab]]:
    """Return what opens another tab of one browser, which reaches nothing but this machine."""
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(20_000)
    strayed: list[str] = []

    def stay_here(route: Any) -> None:
        if route.request.url.startswith(("http://localhost:", "http://127.0.0.1:")):
            route.continue_()
        else:
            strayed.append(route.request.url)
            route.abort()

    context.route("**/*", stay_here)
    tabs: list[Tab] = []

    def new_tab() -> Tab:
        tabs.append(Tab(context.new_page(), app_url))
        return tabs[-1]

    yield new_tab
    context.close()
    assert [error for tab in tabs for error in tab.errors] == []
    assert strayed == []


@pytest.fixture
def tab(new_tab: Callable[[], Tab]) -> Tab:
    """Return a tab in which clerk-js has loaded."""
    return new_tab().open()
