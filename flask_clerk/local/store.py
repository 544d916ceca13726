"""Where the instance keeps everything: JSON documents by kind and id, in SQLite.

A store is entered for one short transaction at a time. A transaction opened within another one
of the same thread joins it, so services can call each other and still commit as one.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from typing import Protocol
from typing import TypeVar

from .model import Document

logger = logging.getLogger("flask_clerk")

SCHEMA_VERSION: Final = 1
#: Seconds for which a writer waits for the others.
_BUSY_TIMEOUT: Final = 30.0
_MAX_IDLE: Final = 8
_SCHEMA: Final = """
CREATE TABLE documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX documents_by_age ON documents (kind, position);
CREATE TABLE lookups (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (kind, name, value, id)
) WITHOUT ROWID;
CREATE INDEX lookups_by_id ON lookups (kind, id);
"""

_D = TypeVar("_D", bound=Document)


class Transaction(Protocol):
    """Reads and writes that become visible together or not at all."""

    def get(self, kind: type[_D], key: str) -> _D | None:
        """Return the document of this id."""

    def find(self, kind: type[_D], **where: str) -> list[_D]:
        """Return the documents whose one indexed field has this value, oldest first."""

    def all(self, kind: type[_D]) -> list[_D]:
        """Return every document of the kind, oldest first."""

    def put(self, document: Document) -> None:
        """Write a document over whatever has its id."""

    def delete(self, document: Document) -> None:
        """Remove a document; it need not be there."""

    def trim(self, kind: type[Document], keep: int) -> None:
        """Remove the oldest documents of a kind beyond so many."""

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this once the outermost transaction is written; its errors are only logged."""


class Store(Protocol):
    """What keeps documents."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to write; an exception undoes everything.

        :raises RuntimeError: Within :meth:`read`, whose snapshot cannot be written to.
        """

    def read(self) -> AbstractContextManager[Transaction]:
        """Begin to read one snapshot; waits for nobody."""

    def close(self) -> None:
        """Let go of what the store holds open."""


class StoreVersionError(RuntimeError):
    """The file was written by another version of this package."""


class SQLiteStore:
    """Documents in one file, for any number of threads and processes.

    Its directories are created; the file can be read by its owner only, since it holds keys.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, or create it.

        :param path: Such as ``clerk.sqlite3`` in the app's instance folder.
        :raises StoreVersionError: If another version wrote it.
        """
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._path.chmod(0o600)
        self._prepare()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._path}>"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin to write; an exception undoes everything."""
        with self._enter(writes=True) as current:
            yield current

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin to read one snapshot; waits for nobody."""
        with self._enter(writes=False) as current:
            yield current

    def close(self) -> None:
        """Close the connections that nobody is using; a store that is dropped does so, too."""
        _close_all(self._idle, self._process)

    def _prepare(self) -> None:
        self._here = threading.local()
        self._begin_pool()
        connection = self._connect()
        try:
            _create_schema(connection, str(self))
        finally:
            self._give_back(connection)

    def _begin_pool(self) -> None:
        self._idle: list[sqlite3.Connection] = []
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._idle, self._process)

    @contextmanager
    def _enter(self, *, writes: bool) -> Iterator[_Transaction]:
        current: _Transaction | None = getattr(self._here, "current", None)
        if current is not None:
            if writes and not current.writes:
                raise RuntimeError("A snapshot that is being read cannot be written to.")
            yield current
            return
        connection = self._take()
        current = self._here.current = _Transaction(connection, writes)
        try:
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield current
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            self._here.current = None
            self._give_back(connection)
        current.run_callbacks()

    def _take(self) -> sqlite3.Connection:
        if self._process != os.getpid():
            # SQLite connections must not cross a fork, not even to be closed.
            _ABANDONED.append(self._idle)
            self._begin_pool()
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        # Safe against a crash of the process; only power loss may cost the last commits.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _close_all(connections: list[sqlite3.Connection], process: int) -> None:
    while connections and process == os.getpid():
        connections.pop().close()


class MemoryStore(SQLiteStore):
    """Documents that vanish with the process, for tests. One thread at a time has it."""

    def __init__(self) -> None:
        self._path = Path(":memory:")
        self._lock = threading.RLock()
        self._prepare()

    @contextmanager
    def _enter(self, *, writes: bool) -> Iterator[_Transaction]:
        with self._lock, super()._enter(writes=writes) as current:
            yield current

    def _take(self) -> sqlite3.Connection:
        # There is one connection, and the documents are in it: nothing to share across a fork.
        return self._idle.pop() if self._idle else self._connect()


class _Transaction:
    def __init__(self, connection: sqlite3.Connection, writes: bool) -> None:
        self.writes = writes
        self._connection = connection
        self._callbacks: list[Callable[[], None]] = []

    def get(self, kind: type[_D], key: str) -> _D | None:
        rows = self._connection.execute(
            "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind.kind, key)
        )
        found: list[_D] = _documents(kind, rows)
        return found[0] if found else None

    def find(self, kind: type[_D], **where: str) -> list[_D]:
        ((name, value),) = where.items()
        rows = self._connection.execute(
            "SELECT body FROM lookups JOIN documents USING (kind, id)"
            " WHERE kind = ? AND name = ? AND value = ? ORDER BY position",
            (kind.kind, name, value),
        )
        return _documents(kind, rows)

    def all(self, kind: type[_D]) -> list[_D]:
        rows = self._connection.execute(
            "SELECT body FROM documents WHERE kind = ? ORDER BY position", (kind.kind,)
        )
        return _documents(kind, rows)

    def put(self, document: Document) -> None:
        key = (document.kind, document.id)
        body = json.dumps(document.to_json(), separators=(",", ":"))
        self._connection.execute(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (*key, body),
        )
        self._connection.execute("DELETE FROM lookups WHERE kind = ? AND id = ?", key)
        self._connection.executemany(
            "INSERT OR IGNORE INTO lookups (kind, name, value, id) VALUES (?, ?, ?, ?)",
            [(document.kind, name, value, document.id) for name, value in document.index_values()],
        )

    def delete(self, document: Document) -> None:
        self._delete((document.kind, document.id))

    def trim(self, kind: type[Document], keep: int) -> None:
        rows = self._connection.execute(
            "SELECT kind, id FROM documents WHERE kind = ?"
            " ORDER BY position DESC LIMIT -1 OFFSET ?",
            (kind.kind, keep),
        )
        for key in rows.fetchall():
            self._delete(key)

    def _delete(self, key: tuple[str, str]) -> None:
        self._connection.execute("DELETE FROM lookups WHERE kind = ? AND id = ?", key)
        self._connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", key)

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def run_callbacks(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                logger.exception("What followed a commit failed; the commit stands.")


#: Connections of the parent process, kept so that they are never closed here.
_ABANDONED: Final[list[list[sqlite3.Connection]]] = []


def _documents(kind: type[_D], rows: sqlite3.Cursor) -> list[_D]:
    return [kind.from_json(json.loads(body)) for (body,) in rows]


def _create_schema(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise StoreVersionError(
                f"{name} has schema {version}, this version reads {SCHEMA_VERSION}: delete the file"
                " to start anew, or install the version that wrote it."
            )
    finally:
        connection.execute("COMMIT")
