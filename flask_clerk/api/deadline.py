"""A timeout for the whole of an answer, however small the drops in which it comes.

``requests`` waits its timeout for each piece anew, so a server that sends a byte now and then
holds a caller for as long as it likes.
"""

from __future__ import annotations

import socket
from http.client import HTTPResponse
from io import BufferedReader
from io import RawIOBase
from ssl import SSLWantReadError
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3 import PoolManager
from urllib3.util.wait import wait_for_read


class DeadlineAdapter(HTTPAdapter):
    """An adapter of ``requests`` whose read timeout is for all of an answer, headers and body.

    What the caller does between two reads does not count, so a slow one is not cut off. Before
    that, the connect timeout is for each address of the host, and for the whole of what a proxy
    answers that is asked for a tunnel.
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _hold_to_deadline(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        _hold_to_deadline(manager)  # each time: another thread may have just made it
        return manager


class _Answer(HTTPResponse):
    """An answer with the timeout that its socket has as it begins."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(_Arriving(sock, self.fp.detach()))


class _Arriving(RawIOBase):
    """What arrives at a socket before all the time to wait for it is used up.

    The waiting is done here, beside a socket that does not wait: under gevent, TLS would begin
    its timeout anew with each piece of a record.
    """

    def __init__(self, sock: socket.socket, stream: RawIOBase) -> None:
        self._sock = sock
        self._stream = stream  # keeps the socket open
        self._left = sock.gettimeout() or 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        timeout, began = self._sock.gettimeout(), monotonic()
        self._sock.settimeout(0)
        try:
            while True:
                try:
                    return self._sock.recv_into(buffer)
                except (BlockingIOError, SSLWantReadError):
                    left = self._left - (monotonic() - began)
                    if left <= 0 or not wait_for_read(self._sock, left):
                        raise TimeoutError("The answer takes too long.") from None
        finally:
            self._left -= monotonic() - began
            self._sock.settimeout(timeout)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _hold_to_deadline(manager: PoolManager) -> None:
    """Make all connections of a manager, direct ones and a proxy's, read their answers so."""
    pools: dict[str, type[HTTPConnectionPool]] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _held(pool) for scheme, pool in pools.items()}


def _held(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(pool, _Held):
        return pool
    connection = type("Connection", (pool.ConnectionCls,), {"response_class": _Answer})
    return type("Pool", (_Held, pool), {"ConnectionCls": connection})


class _Held:
    """Marks a kind of pool that has been made so."""
