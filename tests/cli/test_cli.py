"""``flask clerk``: the group, and what it loads."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from flask_clerk.cli import clerk
from flask_clerk.cli import js as js_commands
from tests.cli.running import run


def test_help_lists_every_command() -> None:
    answer = CliRunner().invoke(clerk, ["--help"])

    assert answer.exit_code == 0
    listed = answer.output.partition("Commands:\n")[2].splitlines()
    assert {"js", "routes", "serve"} <= {line.split()[0] for line in listed}
    for line in listed:
        name, purpose = line.split(maxsplit=1)
        shown = CliRunner().invoke(clerk, [name, "--help"]).output
        assert purpose.removesuffix("...") in " ".join(shown.split())


def test_an_unknown_command_is_wrong_usage() -> None:
    answer = CliRunner().invoke(clerk, ["sing-in"])

    assert answer.exit_code == 2
    assert "No such command" in answer.output


def test_a_command_is_loaded_only_when_it_is_called() -> None:
    code = "import sys, flask_clerk.cli; print([m for m in sys.modules if 'clerk.cli.' in m])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an ``npm`` on the path that packs what is in a folder, as npm lays it out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "npm"
    script.write_text(
        f"""#!{sys.executable}
import io, json, pathlib, sys, tarfile
*_, destination, specifier = sys.argv
if "@404" in specifier:
    sys.exit("npm error 404")
name, _, version = specifier.rpartition("@")
flat = name.removeprefix("@").replace("/", "-") + f"-{{version}}.0.1.tgz"
with tarfile.open(pathlib.Path(destination) / flat, "w:gz") as tar:
    def add(path, text):
        info = tarfile.TarInfo(path); info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    add("package/package.json", json.dumps({{"version": version + ".0.1"}}))
    add("package/dist/clerk.browser.js", "// " + name)
    add("package/../../outside.js", "evil")
print(json.dumps([{{"filename": flat}}]))
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin")
    return folder


def test_js_install_puts_the_scripts_into_the_instance_folder(npm: Path, tmp_path: Path) -> None:
    app = Flask("scripts", instance_path=str(tmp_path / "instance"))

    answer = run(app, "js", "install")

    assert answer.stdout.splitlines() == [
        "Installed @clerk/clerk-js 6.0.1.",
        "Installed @clerk/ui 1.0.1.",
    ]
    assert answer.stderr.splitlines()[0].startswith("Fetching @clerk/clerk-js ")
    installed = tmp_path / "instance/clerk-js/@clerk/clerk-js/dist/clerk.browser.js"
    assert installed.read_text() == "// @clerk/clerk-js"
    assert not list(tmp_path.rglob("outside.js"))


def test_js_install_of_an_unknown_version_is_told_in_a_sentence(npm: Path, tmp_path: Path) -> None:
    app = Flask("scripts", instance_path=str(tmp_path / "instance"))

    answer = app.test_cli_runner().invoke(js_commands.js, ["install", "--version", "404"])

    assert answer.exit_code == 1
    assert "\nError: npm could not fetch @clerk/clerk-js@404" in answer.output
    assert "Traceback" not in answer.output


def test_js_install_needs_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    app = Flask("scripts", instance_path=str(tmp_path / "instance"))

    answer = app.test_cli_runner().invoke(js_commands.js, ["install"])

    assert answer.exit_code == 1
    assert "install Node.js" in answer.output


def test_links_and_paths_outside_are_left_in_the_archive() -> None:
    tar = tarfile.TarFile.__new__(tarfile.TarFile)
    link = tarfile.TarInfo("package/link")
    link.type = tarfile.SYMTYPE
    names = ["package/dist/a.js", "package/../b.js", "../c.js", "/d.js"]
    tar.getmembers = lambda: [link, *map(tarfile.TarInfo, names)]  # type: ignore[method-assign]

    assert [member.name for member in js_commands._safe_members(tar)] == ["package/dist/a.js"]
