#!/usr/bin/env python3
"""Build the distributions twice into dist/, and check what is in them and that both are the same.

Afterwards the installed dependencies are audited; that the service knows nothing of them is said,
and is no finding. Run it with a Python that has ``build``, ``twine`` and ``pip-audit``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What a wheel must hold besides the modules.
WANTED = {
    "flask_clerk/py.typed",
    "flask_clerk/local/static/local_clerk.css",
    "flask_clerk/local/templates/clerk_local/sign_in.html",
    "flask_clerk/local/templates/clerk_local/dashboard/layout.html",
}
#: Folders of this repository that concern nobody who installs the package.
PRIVATE = {"tests", "example_app", "node_modules", ".ci", "__pycache__", "instance"}
SUFFIXES = {".py", ".typed", ".html", ".css", ".js", ".svg", ".json", ".txt"}


def run(*command: str) -> bytes:
    """Run a command in the repository, and return what it prints."""
    return subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE).stdout


def commit_time() -> int:
    """Return the Unix seconds of the last commit, by which everything in an archive is dated."""
    return int(run("git", "log", "-1", "--format=%ct"))


def build(into: Path, epoch: int) -> dict[str, str]:
    """Build from a clean copy of what is committed; return the digests by file name."""
    with tempfile.TemporaryDirectory() as folder:
        archive = run("git", "archive", "HEAD")
        with tarfile.open(fileobj=io.BytesIO(archive)) as committed:
            committed.extractall(folder, filter="data")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
        command = [sys.executable, "-m", "build", "-o", str(into), folder]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    for sdist in into.glob("*.tar.gz"):
        date_all_by(sdist, epoch)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in into.iterdir()}


def date_all_by(sdist: Path, epoch: int) -> None:
    """Pack an sdist anew: setuptools dates what it generates by the clock."""
    packed = io.BytesIO()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w") as new:
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.mtime, member.uid, member.gid = epoch, 0, 0
            member.uname = member.gname = ""
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=epoch))


def check_contents(dist: Path) -> list[str]:
    """Return what is wrong with the files in the wheel and the sdist."""
    [wheel], [sdist] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    committed = set(run("git", "ls-files", "flask_clerk").decode().split())
    own = {name for name in inside if name.startswith("flask_clerk/")}
    print(f"{wheel.name}: {len(inside)} files; {sdist.name}: {len(source)}")
    return [
        *(f"the wheel lacks {name}" for name in sorted((WANTED | committed) - inside)),
        *(f"the wheel holds {name}" for name in sorted(own - committed)),
        *(f"the sdist lacks {name}" for name in sorted(committed - source)),
        *(
            f"{where} holds {name}"
            for where, names in (("the wheel", inside), ("the sdist", source))
            for name in sorted(names)
            if PRIVATE & set(Path(name).parts)
        ),
        *(
            f"{name} is of no known kind"
            for name in sorted(own)
            if Path(name).suffix not in SUFFIXES
        ),
    ]


def audit() -> list[str]:
    """Return the known vulnerabilities of what is installed, and print how much was looked up."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--skip-editable",
         "-f", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"pip-audit: NOTHING WAS AUDITED, its service is out of reach: {reason[:200]}")
        return []
    unknown = [one["name"] for one in listed if "skip_reason" in one]
    print(f"pip-audit: {len(listed) - len(unknown)} of {len(listed)} packages looked up")
    if unknown:
        print(f"pip-audit: NOT AUDITED, unknown to the service: {', '.join(unknown)}")
    return [
        f"{one['name']} {one['version']} has {flaw['id']}"
        for one in listed
        for flaw in one.get("vulns", [])
    ]


def main() -> int:
    """Return 1 if anything is wrong."""
    epoch = commit_time()
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    for old in dist.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as again:
        first, second = build(dist, epoch), build(Path(again), epoch)
    wrong = [
        f"{name} differs between two builds" for name in first if first[name] != second.get(name)
    ]
    for name, digest in sorted(first.items()):
        print(f"{digest}  {name}")
    checked = run(sys.executable, "-m", "twine", "check", "--strict", *map(str, dist.iterdir()))
    print(checked.decode().rstrip())
    wrong += check_contents(dist)
    wrong += audit()
    for line in wrong:
        print(f"wrong: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
