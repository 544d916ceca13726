"""Places where no answer comes from, or not the right one: real sockets on this machine."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat

Serve = Callable[[socket.socket], None]

_HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nConnection: close\r\n"


def answer(status: str, body: bytes, *headers: str, promised: int | None = None) -> Serve:
    """Return a server's part: read a request, and answer so.

    :param promised: The length to announce instead of the body's own.
    """
    length = len(body) if promised is None else promised
    more = "".join(f"{header}\r\n" for header in headers).encode()
    head = _HEAD % status.encode() + more + b"Content-Length: %d\r\n\r\n" % length

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head + body)

    return serve


def cut_off(connection: socket.socket) -> None:
    """Hang up on the request."""
    connection.recv(65_536)


def reset(connection: socket.socket) -> None:
    """Hang up as a crashed machine does: with a reset."""
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def cut_in_the_head(connection: socket.socket) -> None:
    """Hang up amid the headers."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def no_http(connection: socket.socket) -> None:
    """Speak another protocol."""
    connection.recv(65_536)
    connection.sendall(b"220 mail.example ESMTP\r\n")


def silence(connection: socket.socket) -> None:
    """Take the request and say nothing until the client has given up."""
    while connection.recv(65_536):
        pass


def in_drops(content: bytes, at_once: bytes = b"") -> Serve:
    """Return a server's part: send this byte by byte, each long before any time is over.

    :param at_once: What is sent before.
    """

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(at_once)
        _drip(connection, content)

    return serve


def record_in_drops(content: bytes, context: ssl.SSLContext) -> Serve:
    """Return a server's part: send this as one record of TLS, which comes byte by byte.

    RFC 8446, section 5: nothing of a record can be read before all of it is there.
    """

    def serve(connection: socket.socket) -> None:
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(arrived, leaving, server_side=True)

        def has_done(step: Callable[[], object]) -> bool:
            try:
                step()
            except ssl.SSLWantReadError:
                connection.sendall(leaving.read())
                if not arrived.write(connection.recv(65_536)):
                    raise ConnectionResetError from None
                return False
            return True

        while not has_done(tls.do_handshake):
            pass
        while not has_done(lambda: tls.read(65_536)):
            pass
        connection.sendall(leaving.read())
        tls.write(content)
        _drip(connection, leaving.read())

    return serve


def _drip(connection: socket.socket, content: bytes) -> None:
    for drop in content:
        connection.sendall(bytes([drop]))
        time.sleep(0.05)


@contextmanager
def place(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[float]]]:
    """Serve so on a port of its own; give its URL, and the times of the calls."""
    calls: list[float] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        try:
            wrapped = context.wrap_socket(connection, True) if context else connection
            with wrapped:
                serve(wrapped)
        except OSError:
            return  # the client has hung up

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            calls.append(time.monotonic())
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    scheme = "https" if context else "http"
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", calls
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def closed_port() -> str:
    """Return a URL at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "self-signed.pem"
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
