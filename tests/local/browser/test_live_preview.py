"""The dashboard's preview of tokens, which follows what is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flask_clerk.local import LocalClerk
from flask_clerk.local.web.app import create_app
from tests.local.instances import ADA
from tests.local.instances import GRACE
from tests.local.instances import organization
from tests.local.instances import person
from tests.local.live import serving


@pytest.fixture
def page(browser: Any, clerk: LocalClerk) -> Iterator[Any]:
    """Return a page of a local Clerk on a port of its own, whose paths are its base URL."""
    with serving(create_app(clerk)) as url:
        context = browser.new_context(base_url=url, locale="en-US")
        context.set_default_timeout(20_000)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
    assert not [text for text in complaints if "status of 422" not in text]


def wait_for_preview(page: Any, text: str) -> None:
    page.locator("[data-preview]").get_by_text(text).wait_for()


@pytest.mark.parametrize("path", ["/dashboard/templates/new", "/dashboard/session-token"])
def test_preview_follows_what_is_typed_and_for_whom(
    page: Any, clerk: LocalClerk, path: str
) -> None:
    page.goto(path)
    assert page.get_by_role("button", name="Preview").count() == 0
    claims = page.get_by_role("textbox", name="Claims")

    claims.fill(json.dumps({"who": "{{user.full_name}} of {{org.name}}"}))
    wait_for_preview(page, '"who": "Ada Lovelace of null"')

    grace, engines = person(clerk, GRACE), organization(clerk)
    page.get_by_label("For", exact=True).select_option(f"{grace.id}:{engines.id}")
    wait_for_preview(page, '"who": "Grace Hopper of Analytical Engines"')

    claims.fill('{"who": ')
    wait_for_preview(page, "Line 1, column 9")

    claims.fill(json.dumps({"who": "x" * 2000}))
    wait_for_preview(page, "too large")
    assert clerk.templates.search() == []
    assert clerk.settings.session_token_claims == {}


def test_preview_shows_metadata_as_data(page: Any, clerk: LocalClerk) -> None:
    tag = "<img src=x onerror=document.title='run'>"
    clerk.users.merge_metadata(person(clerk, ADA).id, public_metadata={"role": tag})
    page.goto("/dashboard/templates/new")

    page.get_by_role("textbox", name="Claims").fill('{"seen": "{{user.public_metadata.role}}"}')

    wait_for_preview(page, f'"seen": "{tag}"')
    assert page.title().startswith("New template")
