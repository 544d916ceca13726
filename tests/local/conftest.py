"""An instance in memory with the default seed, sharing one RSA key for speed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
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
    return clerk.users.find(ADA)


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
