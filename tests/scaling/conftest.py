"""A real Redis, for the whole folder; each test finds it running and empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers_needed import need_package
from tests.peers_needed import need_redis_server


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    need_package("redis")
    from tests.scaling.redis_server import RedisServer

    server = RedisServer(need_redis_server(), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis(redis_process):
    """Return the server, started and empty."""
    redis_process.restart()
    return redis_process
