"""A wire to a server that can be cut: nothing passes, and nobody is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    """Forwards TCP connections to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._is_whole = threading.Event()
        self._is_whole.set()
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def connected(self) -> Iterator[Wire]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self.mend()
            for each in [self._listener, *self._ends]:
                close(each)

    def cut(self) -> None:
        """Hold back every byte from now on; new connections are accepted and hang as well."""
        self._is_whole.clear()

    def mend(self) -> None:
        """Let bytes pass again, on new connections: the old ones have given up meanwhile."""
        for each in self._ends:
            close(each)
        self._is_whole.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._ends.append(near)
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._is_whole.wait()
            far = socket.create_connection(("127.0.0.1", self._target))
            self._ends.append(far)
            threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
            self._pump(near, far)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._is_whole.wait()
                target.sendall(data)
        close(source)
        close(target)


def close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
