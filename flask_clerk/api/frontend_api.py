"""Handing a request on to the Frontend API as it came, and the answer back as it comes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from typing import Protocol

import requests
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from ..core.errors import BackendAPIError
from .pool import USER_AGENT
from .pool import Pool

logger = logging.getLogger("flask_clerk")

#: Seconds to connect, and seconds to wait for the whole of an answer, however slow the browser is.
TIMEOUT: Final = (3.05, 30.0)
#: Bytes that are handed on at once, at most.
_CHUNK: Final = 64 * 1024

Lines = list[tuple[str, str]]


class Readable(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Frontend API answered; the body is still on its way and encoded as it was sent."""

    status: int
    headers: Lines
    body: Iterator[bytes]
    _response: requests.Response

    def close(self) -> None:
        """Let go of the connection, wherever the body stands."""
        self._response.close()


class FrontendAPI:
    """The Frontend API at one origin. No call ever leaves it, since each carries the secret key."""

    def __init__(self, origin: str) -> None:
        """Prepare; nothing is connected yet.

        :param origin: Scheme and host, without path.
        """
        self._origin = origin
        self._pool = Pool({"Accept-Encoding": "identity", "User-Agent": USER_AGENT})

    def __repr__(self) -> str:
        return f"<FrontendAPI at {self._origin}>"

    def send(
        self, method: str, path: str, headers: Iterable[tuple[str, str]], body: Body | None
    ) -> Answer:
        """Send a request and return the beginning of the answer; a redirect is an answer, too.

        :param path: Percent-encoded, with its query.
        :raises BackendAPIError: If no answer begins in time.
        """
        url = f"{self._origin}/{path}"  # the slash ends the host, whatever the path
        try:
            response = self._pool.session().request(
                method,
                url,
                headers=dict(headers),
                data=body,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # Its text may quote the URL, and with it a development browser's token.
            message = f"The Frontend API could not be reached: {type(error).__name__}."
            raise BackendAPIError(message) from None
        raw: BaseHTTPResponse = response.raw
        return Answer(raw.status, list(raw.headers.iteritems()), _chunks(raw), response)


class Body:
    """A body of known length, which ``requests`` reads piece by piece."""

    def __init__(self, stream: Readable, length: int) -> None:
        """Wrap a stream that holds so many bytes."""
        self._stream = stream
        self._length = self._missing = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_CHUNK), b"")

    def read(self, size: int) -> bytes:
        """Return up to so many bytes.

        :raises OSError: If the stream ends early: the other side would wait for the rest.
        """
        piece = self._stream.read(min(size, self._missing)) if self._missing else b""
        if self._missing and not piece:
            raise OSError("The request ends before its Content-Length.")
        self._missing -= len(piece)
        return piece


def _chunks(raw: BaseHTTPResponse) -> Iterator[bytes]:
    """Yield what arrives as soon as it does.

    An answer that is cut ends with an error, so that the browser learns that it was.
    """
    try:
        while chunk := raw.read1(_CHUNK, decode_content=False):
            yield chunk
    except (HTTPError, OSError) as error:
        logger.warning("An answer of the Frontend API was cut: %s.", type(error).__name__)
        raise BackendAPIError("The Frontend API's answer was cut.") from None
