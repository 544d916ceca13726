from __future__ import annotations

import gc
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from flask_clerk.local import DEFAULT_PASSWORD
from flask_clerk.local import LocalClerk
from flask_clerk.local import MemoryStore
from flask_clerk.local import SQLiteStore
from flask_clerk.local import seed
from flask_clerk.local.model import DevBrowser
from flask_clerk.local.model import User
from flask_clerk.local.store import StoreVersionError
from tests.local.instances import ADA
from tests.local.instances import FAST_HASH
from tests.peers_needed import need_file_modes


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "a" / "b.db")
    yield store
    store.close()


def browser(key: str, client_id: str | None = None) -> DevBrowser:
    return DevBrowser(id=key, client_id=client_id, created_at=0)


def test_a_document_comes_back_as_it_was_written(store):
    user = User(id="user_1", created_at=1, updated_at=2, public_metadata={"a": [1, {"b": None}]})
    with store.transaction() as tx:
        tx.put(user)
    with store.read() as tx:
        assert tx.get(User, "user_1") == user


def test_an_index_follows_the_document(store):
    with store.transaction() as tx:
        tx.put(browser("dvb_1", "client_1"))
        tx.put(browser("dvb_1", "client_2"))
        assert tx.find(DevBrowser, client_id="client_1") == []
        assert tx.find(DevBrowser, client_id="client_2") == [browser("dvb_1", "client_2")]
        tx.delete(browser("dvb_1"))
        assert tx.find(DevBrowser, client_id="client_2") == []


def test_trim_keeps_the_newest(store):
    with store.transaction() as tx:
        for number in range(5):
            tx.put(browser(f"dvb_{number}"))
        tx.trim(DevBrowser, 2)
        assert [each.id for each in tx.all(DevBrowser)] == ["dvb_3", "dvb_4"]


def test_an_exception_undoes_everything_and_what_should_follow(store):
    followed = []

    def write_and_fail() -> None:
        with store.transaction() as tx:
            tx.after_commit(lambda: followed.append(1))
            with store.transaction() as inner:
                inner.put(browser("dvb_1"))
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with store.read() as tx:
        assert tx.all(DevBrowser) == []
    assert followed == []


def test_a_snapshot_refuses_a_writer(store):
    with store.read(), pytest.raises(RuntimeError), store.transaction():
        pass


def test_what_follows_a_commit_may_fail(store, caplog):
    def fail() -> None:
        raise OSError("nobody answers")

    with store.transaction() as tx:
        tx.put(browser("dvb_1"))
        tx.after_commit(fail)
    assert "nobody answers" in caplog.text
    with store.read() as tx:
        assert len(tx.all(DevBrowser)) == 1


def test_the_file_is_its_owners_alone(tmp_path):
    need_file_modes()
    path = tmp_path / "instance" / "clerk.sqlite3"
    store = SQLiteStore(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_a_file_of_another_version_is_refused_with_advice(tmp_path):
    path = tmp_path / "clerk.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreVersionError, match="delete the file"):
        SQLiteStore(path)


def test_a_restart_keeps_keys_and_sessions(tmp_path, keys):
    path = tmp_path / "clerk.sqlite3"
    first = LocalClerk(SQLiteStore(path), key=keys, password_method=FAST_HASH)
    seed(first)
    session = first.sessions.create(first.users.find(ADA).id)
    first.store.close()
    second = LocalClerk(SQLiteStore(path))
    seed(second)
    assert second.jwks() == first.jwks()
    assert second.secret_key == first.secret_key
    assert second.sessions.get(session.id).status == "active"
    assert len(second.users.search()) == 3
    second.store.close()


def test_fifty_browsers_sign_in_at_once_and_none_is_lost(tmp_path, keys):
    clerk = LocalClerk(SQLiteStore(tmp_path / "clerk.sqlite3"), key=keys, password_method=FAST_HASH)
    seed(clerk)
    barrier = threading.Barrier(50)
    signed_in: list[str] = []
    failures: list[BaseException] = []

    def sign_in() -> None:
        try:
            barrier.wait()
            client = clerk.clients.create()
            done = clerk.sign_ins.create(client.id, identifier=ADA, password=DEFAULT_PASSWORD)
            signed_in.append(done.created_session_id or "")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=sign_in) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {session.id for session in clerk.sessions.search(status="active")} == set(signed_in)
    assert len(signed_in) == 50
    clerk.store.close()


_SIGN_INS = """
import sys
from flask_clerk.local import DEFAULT_PASSWORD, LocalClerk, SQLiteStore
clerk = LocalClerk(SQLiteStore(sys.argv[1]))
for _ in range(10):
    client = clerk.clients.create()
    clerk.sign_ins.create(client.id, identifier=sys.argv[2], password=DEFAULT_PASSWORD)
"""


def test_several_processes_share_one_file(tmp_path, keys):
    path = tmp_path / "clerk.sqlite3"
    clerk = LocalClerk(SQLiteStore(path), key=keys, password_method=FAST_HASH)
    seed(clerk)
    processes = [
        subprocess.Popen([sys.executable, "-c", _SIGN_INS, str(path), ADA]) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(clerk.sessions.search(status="active")) == 30
    clerk.store.close()


def test_a_store_that_is_dropped_closes_its_connections(tmp_path):
    """Python 3.13 warns of connections that are not, in the tests of apps that drop theirs."""
    store = SQLiteStore(tmp_path / "clerk.sqlite3")
    (connection,) = store._idle
    assert connection.execute("SELECT 1").fetchone() == (1,)

    del store
    gc.collect()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
