"""What surrounds every call: foreign pages, CORS, faults, errors, environment, scripts, keys."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flask_clerk.local import LocalClerk
from flask_clerk.local.web.frontend.scripts import FOLDER
from tests.local.frontend_caller import Page
from tests.local.instances import ADA


@pytest.fixture
def standalone(clerk: LocalClerk) -> Page:
    """Return a page that talks to a local Clerk on a port of its own."""
    page = Page(clerk, prefix="")
    page.headers = {"Origin": "http://127.0.0.1:5000"}
    return page


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Return a folder in which clerk-js 6.40.0 seems to be installed."""
    dist = tmp_path / "@clerk" / "clerk-js" / "dist"
    dist.mkdir(parents=True)
    (dist.parent / "package.json").write_text(json.dumps({"version": "6.40.0"}))
    (dist / "clerk.browser.js").write_text("window.Clerk = {}")
    return tmp_path


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_pages_of_other_machines_are_refused(page: Page, origin: str) -> None:
    page.headers = {"Origin": origin}
    assert page.refused("POST", "/v1/client") == (400, "origin_invalid")


def test_beside_an_app_other_ports_cannot_read_the_answers(page: Page) -> None:
    page.headers = {"Origin": "http://localhost:5000"}
    answer = page.send("GET", "/v1/client")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_on_its_own_port_pages_of_this_machine_may_read(standalone: Page) -> None:
    standalone.open()
    answer = standalone.send(
        "POST",
        "/v1/client/sign_ins",
        {"strategy": "password", "identifier": ADA, "password": "analytical-engine"},
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:5000"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]
    assert "Path=/" in answer.headers["Set-Cookie"].split("; ")


def test_on_its_own_port_preflights_are_answered(standalone: Page) -> None:
    standalone.headers["Access-Control-Request-Headers"] = "authorization"
    answer = standalone.send("OPTIONS", "/v1/client")
    assert answer.status_code == 200
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    del standalone.headers["Access-Control-Request-Headers"]
    assert "Access-Control-Allow-Headers" not in standalone.send("OPTIONS", "/v1/client").headers


def test_on_its_own_port_a_call_without_origin_is_answered(standalone: Page) -> None:
    standalone.headers = {}
    assert "Access-Control-Allow-Origin" not in standalone.send("GET", "/v1/client").headers


def test_method_may_be_meant(page: Page) -> None:
    assert page.http.put("/__clerk/v1/client").status_code == 200
    assert page.http.head("/__clerk/v1/client").status_code == 200
    answer = page.send("PATCH", "/v1/client")
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "DELETE, GET, POST, PUT"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_unknown_paths_are_answered_in_json(page: Page, method: str) -> None:
    assert page.refused(method, "/v1/me/passkeys") == (404, "resource_not_found")


def test_faults_come_once_for_each_call(page: Page) -> None:
    page.clerk.faults.fail("frontend", 500, times=1)
    assert page.send("OPTIONS", "/v1/client").status_code == 200
    assert page.refused("GET", "/v1/client") == (500, "internal_clerk_error")
    page.clerk.faults.limit("frontend", 7, times=1)
    answer = page.send("GET", "/v1/client")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert page.send("GET", "/v1/client").status_code == 200


def test_fault_can_be_a_delay(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    page.clerk.faults.hang("frontend", 3, times=1)
    assert page.send("GET", "/v1/client").status_code == 200
    assert waited == [3]


def test_environment_follows_the_settings(page: Page) -> None:
    page.clerk.update_settings(
        application_name="Engines",
        single_session_mode=False,
        username_enabled=True,
        names_required=True,
        password_enabled=False,
        email_code_enabled=False,
        sign_up_enabled=False,
        organizations_enabled=False,
    )
    environment = page.ask("GET", "/v1/environment")
    assert environment["display_config"]["application_name"] == "Engines"
    assert environment["display_config"]["sign_in_url"] == "/__clerk/sign-in"
    assert environment["auth_config"]["single_session_mode"] is False
    assert environment["organization_settings"]["enabled"] is False
    users = environment["user_settings"]
    assert users["sign_up"]["mode"] == "restricted"
    attributes = users["attributes"]
    assert attributes["username"]["used_for_first_factor"] is True
    assert attributes["first_name"]["required"] is True
    assert attributes["password"]["enabled"] is False
    assert attributes["email_address"]["first_factors"] == []


def test_environment_of_the_default_settings(standalone: Page) -> None:
    environment = standalone.ask("PATCH", "/v1/environment")
    assert environment["display_config"]["sign_in_url"] == "/sign-in"
    assert environment["user_settings"]["attributes"]["password"]["required"] is True
    assert environment["user_settings"]["attributes"]["username"]["enabled"] is False


def test_jwks_holds_the_public_key(page: Page) -> None:
    assert page.ask("GET", "/.well-known/jwks.json") == page.clerk.jwks()


@pytest.mark.parametrize("version", ["6", "6.40", "6.40.0", "latest"])
def test_scripts_are_served_by_major_and_by_exact_version(
    clerk: LocalClerk, scripts: Path, version: str
) -> None:
    page = Page(clerk)
    page.http.application.extensions[FOLDER] = scripts
    answer = page.send("GET", f"/npm/@clerk/clerk-js@{version}/dist/clerk.browser.js")
    assert answer.text == "window.Clerk = {}"
    assert ("max-age" in answer.headers["Cache-Control"]) is (version == "6.40.0")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clerk-js@5/dist/clerk.browser.js", "6.40.0 is installed, not 5"),
        ("clerk-js@6.4/dist/clerk.browser.js", "6.40.0 is installed, not 6.4"),
        ("ui@1/dist/ui.browser.js", "@clerk/ui is not installed: run `flask clerk js install`."),
        ("backend@3/dist/index.js", "@clerk/backend is no package"),
        ("..@3/dist/index.js", "no package"),
        ("clerk-js@6/dist/missing.js", "Not Found"),
        ("clerk-js@6/dist/../package.json", "Not Found"),
        ("clerk-js@6/dist/%2e%2e/package.json", "Not Found"),
        ("clerk-js@6/dist/..%2fpackage.json", "Not Found"),
    ],
)
def test_scripts_that_are_not_there(
    clerk: LocalClerk, scripts: Path, name: str, message: str
) -> None:
    page = Page(clerk)
    page.http.application.extensions[FOLDER] = scripts
    answer = page.http.get(f"/__clerk/npm/@clerk/{name}")
    assert answer.status_code == 404
    assert message in answer.json["errors"][0]["long_message"]


def test_scripts_live_in_the_instance_folder(page: Page, scripts: Path) -> None:
    page.http.application.instance_path = str(scripts / "instance")
    (scripts / "instance").mkdir()
    (scripts / "instance" / "clerk-js").symlink_to(scripts)
    answer = page.send("GET", "/npm/@clerk/clerk-js@6/dist/clerk.browser.js")
    assert answer.status_code == 200
