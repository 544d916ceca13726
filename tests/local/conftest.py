"""An instance in memory with the default seed, sharing one RSA key for speed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from joserfc.jwk import RSAKey

from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import seed
from flask_clerk.local.model import Session
from flask_clerk.local.model import User
from tests.local.backend_caller import Caller
from tests.local.form_browser import FormBrowser
from tests.local.frontend_caller import Page
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.local.instances import person


class CompiledTemplates(BytecodeCache):
    """Keeps what Jinja makes of a template; it is found again by name and content."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="package", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Compile each template once, though every test makes an app of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
        yield


@pytest.fixture
def clerk(keys: RSAKey) -> Iterator[LocalClerk]:
    """Return an instance with Ada, Grace and Alan."""
    store = MemoryStore()
    clerk = LocalClerk(store, key=keys, password_method=FAST_HASH)
    seed(clerk)
    yield clerk
    store.close()


@pytest.fixture
def ada(clerk: LocalClerk) -> User:
    """Return Ada."""
    return person(clerk, ADA)


@pytest.fixture
def session(clerk: LocalClerk, ada: User) -> Session:
    """Return a session of Ada's on a client of her own."""
    return clerk.sessions.create(ada.id)


@pytest.fixture
def backend(clerk: LocalClerk) -> Caller:
    """Return what calls the Backend API of the instance."""
    return Caller(clerk)


@pytest.fixture
def page(clerk: LocalClerk) -> Page:
    """Return a page with clerk-js that has just been opened."""
    page = Page(clerk)
    page.open()
    return page


@pytest.fixture
def browser(clerk: LocalClerk) -> FormBrowser:
    """Return a browser without JavaScript that visits the pages and the dashboard."""
    return FormBrowser(clerk)
