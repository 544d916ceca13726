"""The arrows of the design: who may import whom, what is loaded when, and the public names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import flask_clerk
from tests.signing import Signer
from tests.signing import session_claims

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flask_clerk"

#: For each room: the rooms it may import from, and the distributions besides the standard library.
ARROWS: dict[str, tuple[set[str], set[str]]] = {
    "core": ({"core"}, {"joserfc", "cachetools"}),
    "api": ({"api", "core", "version"}, {"requests", "urllib3"}),
    "redis_stores": ({"redis_stores", "core"}, {"redis"}),
    "jwt_templates": ({"jwt_templates"}, set()),
    "version": (set(), set()),
    "skin": (
        {"skin", "core", "jwt_templates", "version"},
        {"flask", "werkzeug", "jinja2", "markupsafe", "click", "authlib", "blinker"},
    ),
}
#: What the skin may load when it is used, but never along with itself.
LATE_IN_THE_SKIN = {
    "api", "local", "cli", "redis_stores", "standardwebhooks", "clerk_backend_api", "httpx",
}  # fmt: skip
#: These hang off the skin: nothing else imports them.
WINGS = {"local", "cli", "testing", "pytest_plugin", "apispec_plugin"}


@dataclass(frozen=True)
class Import:
    """One imported module, by its absolute name, and whether it is imported late or for types."""

    importer: str
    target: str
    is_late: bool
    is_for_types: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.target}"

    @property
    def room(self) -> str:
        return room_of(self.target)


def room_of(module: str) -> str:
    """Return a module's room, or the name of its distribution."""
    first, _, rest = module.partition(".")
    if first != "flask_clerk":
        return first
    name = rest.partition(".")[0]
    return name if name in {*ARROWS, *WINGS} else "skin"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(module: str) -> Iterator[Import]:
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def walk(node: ast.AST, is_late: bool, is_for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            late = is_late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            typed = is_for_types or (
                isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
            )
            for target in targets_of(child, package):
                yield Import(module, target, is_late, is_for_types)
            yield from walk(child, late, typed)

    yield from walk(ast.parse(path.read_text("utf-8")), False, False)


def targets_of(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        start = package.split(".")
        base = start[: len(start) - node.level + 1] if node.level else []
        source = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            yield inner if inner in MODULES else source


IMPORTS = [found for module in MODULES for found in imports_of(module)]


def test_the_walk_sees_what_there_is() -> None:
    seen = {(one.importer, one.target) for one in IMPORTS}
    assert ("flask_clerk.core.config", "flask_clerk.core.settings") in seen
    assert ("flask_clerk.api.client", "requests.adapters") in seen
    late = {
        one.target for one in IMPORTS if one.importer == "flask_clerk.extension" and one.is_late
    }
    assert "flask_clerk.api" in late


@pytest.mark.parametrize("room", sorted(ARROWS))
def test_every_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    rooms, distributions = ARROWS[room]
    allowed = rooms | distributions | sys.stdlib_module_names | {"_typeshed"}  # there to checkers
    found = [one for one in IMPORTS if room_of(one.importer) == room]
    assert found or room == "version"
    wrong = [
        str(one)
        for one in found
        if one.room not in allowed
        and not (room == "skin" and one.is_late and one.room in LATE_IN_THE_SKIN)
        and not (room == "skin" and one.is_for_types and one.room in LATE_IN_THE_SKIN)
    ]
    assert wrong == []


def test_only_the_api_room_imports_requests() -> None:
    importers = {room_of(one.importer) for one in IMPORTS if one.room in ("requests", "urllib3")}
    assert importers == {"api"}


def test_nothing_imports_the_command_line_or_the_testing_tools() -> None:
    wrong = [
        str(one)
        for one in IMPORTS
        if (one.room == "cli" and room_of(one.importer) != "cli" and not one.is_late)
        or (one.room == "testing" and room_of(one.importer) not in WINGS)
    ]
    assert wrong == []


def test_the_modules_of_the_core_form_no_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for one in IMPORTS:
        if room_of(one.importer) == one.room == "core" and one.importer != one.target:
            arrows.setdefault(one.importer, set()).add(one.target)
    remaining = {module for module in MODULES if room_of(module) == "core"}
    while remaining:
        ready = {module for module in remaining if not arrows.get(module, set()) & remaining}
        assert ready, f"a circle among {sorted(remaining)}"
        remaining -= ready


def test_importing_the_package_loads_nothing_that_is_heavy_or_optional() -> None:
    loaded = set(printed_by("import sys, flask_clerk; print(*sys.modules)"))
    assert "flask_clerk.core.request" in loaded
    unwanted = {
        "authlib", "apispec", "flask_clerk.openapi", "flask_clerk.resource_protector",
        "requests", "urllib3", "redis", "standardwebhooks", "sqlite3", "pytest",
        "clerk_backend_api", "httpx", "joserfc", "cryptography",
        "flask_clerk.api", "flask_clerk.cli", "flask_clerk.local", "flask_clerk.testing",
        "flask_clerk.redis_stores", "flask_clerk.core.instance", "flask_clerk.core.verify",
    }  # fmt: skip
    assert loaded & unwanted == set()


def test_the_first_token_is_verified_with_what_init_app_has_loaded(
    sign: Signer, public_pem: str
) -> None:
    token = sign(session_claims(time.time()))
    program = f"""
import sys
from flask import Flask
from flask_clerk import Clerk, auth

app = Flask("first")
app.add_url_rule("/", view_func=lambda: auth.user_id)
Clerk(app, jwt_key={public_pem!r})
before = set(sys.modules)
print(app.test_client().get("/", headers={{"Authorization": "Bearer {token}"}}).text)
print(*(set(sys.modules) - before))
"""
    user_id, *loaded = printed_by(program)
    assert user_id == "user_1"
    ours = ("flask_clerk", "joserfc", "cryptography")
    assert [name for name in loaded if name.startswith(ours)] == []


def test_an_app_whose_keys_are_fetched_loads_in_init_app_what_verifies() -> None:
    program = """
import sys
from flask import Flask
from flask_clerk import Clerk

Clerk(Flask("fetches"), secret_key="sk_test_1")
print(*sys.modules)
"""
    assert {"joserfc.jwk", "joserfc.jws", "flask_clerk.core.verify"} <= set(printed_by(program))


def printed_by(program: str) -> list[str]:
    """Return the words that a program prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=30,
    )
    return done.stdout.split()


def test_the_core_works_without_flask() -> None:
    program = "import sys, flask_clerk.core.request; print(*sys.modules)"
    # The package's own __init__ loads Flask, so the core is imported from beneath it.
    stub = "import sys, types; p = types.ModuleType('flask_clerk'); p.__path__ = ['flask_clerk'];"
    done = subprocess.run(
        [sys.executable, "-c", f"{stub} sys.modules['flask_clerk'] = p; {program}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=30,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & {"flask", "werkzeug", "requests", "authlib", "jinja2"} == set()


PUBLIC = {
    # the extension, and who is there
    "Clerk", "auth", "Auth", "SessionAuth", "TokenAuth", "RequestState", "__version__",
    # guards
    "public", "require_auth", "require_claim", "require_feature", "require_permission",
    "require_plan", "require_reverification", "require_role",
    # answers, and the form that an answer kept
    "kept_form", "Unauthenticated", "Forbidden", "InsufficientScope", "ReverificationRequired",
    # errors
    "ClerkError", "ConfigurationError", "TokenVerificationError", "SigningKeyError",
    "HandshakeError", "BackendAPIError", "ResourceNotFoundError", "TooManyRequestsError",
    # signals
    "authenticated", "authentication_failed", "authorization_denied", "webhook_received",
    "WebhookEvent",
}  # fmt: skip


def test_the_public_names_are_these_sorted_and_all_of_them_exist() -> None:
    assert set(flask_clerk.__all__) == PUBLIC
    assert list(flask_clerk.__all__) == sorted(flask_clerk.__all__)
    for name in flask_clerk.__all__:
        assert getattr(flask_clerk, name) is not None


def test_every_name_that_the_documents_import_is_public() -> None:
    imported = set()
    for document in ROOT.glob("*.md"):
        text = document.read_text("utf-8")
        for names in re.findall(r"from flask_clerk import \(?([\w\s,]+?)\)?(?:\s*#|$)", text, re.M):
            imported |= {name.strip() for name in names.split(",") if name.strip()}
    assert imported <= set(flask_clerk.__all__)


def test_nothing_uses_the_property_whose_lock_is_shared() -> None:
    """Before Python 3.12, ``functools.cached_property`` makes requests wait for one another."""
    users = [path for path in PACKAGE.rglob("*.py") if "import cached_property" in path.read_text()]
    assert users == []
