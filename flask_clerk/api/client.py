"""One pooled HTTP client for Clerk: authorised, patient within bounds, and typed in its errors."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from typing import Final

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from ..core.config import ClerkConfig
from ..core.constants import SUPPORTED_API_VERSION
from ..core.errors import BackendAPIError
from ..core.errors import ResourceNotFoundError
from ..core.errors import TooManyRequestsError
from ..core.keys import SecretKey
from .collections import Json
from .instance import JWKS
from .instance import APIKeys
from .instance import JWTTemplates
from .instance import M2MTokens
from .instance import TestingTokens
from .organizations import Memberships
from .organizations import OrganizationInvitations
from .organizations import Organizations
from .people import ActorTokens
from .people import Invitations
from .people import Sessions
from .people import SignInTokens
from .people import Users
from .pool import USER_AGENT
from .pool import Pool
from .resources import Resource

#: Seconds to connect, and seconds to wait for the whole of an answer.
TIMEOUT: Final = (3.05, 10.0)
#: Tries of an idempotent call, the first included.
MAX_TRIES: Final = 3
#: Seconds. After a call that failed this slowly, another one would fail as slowly.
PATIENCE: Final = 2.0
#: Seconds. A server that asks for a longer pause is not waited for.
MAX_PAUSE: Final = 5.0
#: Bytes. No answer of the calls made here comes near it.
MAX_ANSWER_SIZE: Final = 8 * 1024 * 1024

#: Without a state that forked workers would share, or that is the app's own to seed.
_JITTER: Final = random.SystemRandom()
_RETRIED: Final = (429, 500, 502, 503, 504)
_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Clerk-API-Version": SUPPORTED_API_VERSION,
    "User-Agent": USER_AGENT,
}
_ERRORS: Final = {404: ResourceNotFoundError, 429: TooManyRequestsError}


class Client:
    """Calls the Backend API of one instance (``https://api.clerk.com/v1``).

    What it answers are :class:`Resource` mappings. Whatever has no collection here,
    :meth:`request` reaches.
    """

    def __init__(
        self,
        config: ClerkConfig,
        *,
        sleep: Callable[[float], object] = time.sleep,
        adapter: BaseAdapter | None = None,
    ) -> None:
        """Prepare; nothing is connected yet.

        :param sleep: Waits a number of seconds between two tries.
        :param adapter: What carries the calls instead of the network.
        """
        self._config = config
        self._sleep = sleep
        self._pool = Pool(_HEADERS, adapter)
        self.users = Users(self)
        self.sessions = Sessions(self)
        self.organizations = Organizations(self)
        self.memberships = Memberships(self)
        self.organization_invitations = OrganizationInvitations(self)
        self.invitations = Invitations(self)
        self.sign_in_tokens = SignInTokens(self)
        self.actor_tokens = ActorTokens(self)
        self.testing_tokens = TestingTokens(self)
        self.jwt_templates = JWTTemplates(self)
        self.jwks = JWKS(self)
        self.api_keys = APIKeys(self)
        self.m2m_tokens = M2MTokens(self)

    def __repr__(self) -> str:
        return f"<Client of {self._config.api_url}>"

    @property
    def machine_key(self) -> SecretKey:
        """The key by which this machine calls.

        :raises BackendAPIError: If it has none.
        """
        if self._config.machine_secret_key is None:
            raise BackendAPIError("M2M tokens are made with CLERK_MACHINE_SECRET_KEY: set it.")
        return self._config.machine_secret_key

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Json | None = None,
        retry: bool | None = None,
        key: SecretKey | None = None,
    ) -> Any:
        """Make a call and return the decoded JSON of its answer (``None`` if it has none).

        :param path: Below the version, such as ``/users/user_1``.
        :param query: A list is sent as one parameter for each item, ``None`` not at all.
        :param retry: Whether the call may be made again when it fails; unless given, GET and
            DELETE may (RFC 9110, section 9.2.2).
        :param key: To call with instead of ``CLERK_SECRET_KEY``.
        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        key = key or self._config.secret_key
        if key is None:
            raise BackendAPIError("The Backend API needs CLERK_SECRET_KEY.")
        url = f"{self._config.api_url}/{self._config.api_version}/{path.lstrip('/')}"
        headers = {"Authorization": f"Bearer {key.value}"}
        may_retry = method in ("GET", "DELETE") if retry is None else retry
        return self.send(method, url, query=query, body=body, headers=headers, retry=may_retry)

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        retry: bool = False,
    ) -> Any:
        """Make a call to any URL of Clerk's; redirects are never followed.

        :raises BackendAPIError: If Clerk refuses or cannot be reached.
        """
        tries = MAX_TRIES if retry else 1
        began = time.monotonic()
        for attempt in range(1, tries):
            try:
                return self._once(method, url, query, body, headers)
            except BackendAPIError as error:
                pause = _pause(error, attempt)
                is_slow = error.is_unreachable and time.monotonic() - began > PATIENCE
                if pause is None or is_slow:
                    raise
                self._sleep(pause)
        return self._once(method, url, query, body, headers)

    def server_time(self, url: str) -> float:
        """Return a server's clock, in Unix seconds, as it is when the call returns.

        Whatever it answers, it names its time in ``Date`` (RFC 9110, section 6.6.1), to the second.

        :raises BackendAPIError: If it cannot be reached, or does not tell.
        """
        began = time.monotonic()
        response, _ = self._exchange("GET", url, None, None, None)
        on_the_way = (time.monotonic() - began) / 2
        try:
            date = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError as error:
            raise _unreachable("an answer that does not tell its time") from error
        # On average, half of the second that Date leaves out had passed.
        return date.timestamp() + 0.5 + on_the_way

    def _once(
        self,
        method: str,
        url: str,
        query: Mapping[str, Any] | None,
        body: Json | None,
        headers: Mapping[str, str] | None,
    ) -> Any:
        return _read(*self._exchange(method, url, query, body, headers))

    def _exchange(
        self,
        method: str,
        url: str,
        query: Mapping[str, Any] | None,
        body: Json | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[requests.Response, bytes]:
        try:
            with self._pool.session().request(
                method,
                url,
                params=_spelled(query),
                json=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _body_of(response)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _unreachable(type(error).__name__) from None  # its text may quote the URL
        return response, content


def _spelled(query: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a query with booleans as JSON spells them; ``str(True)`` is nothing Clerk knows."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (query or {}).items()
    }


def _pause(error: BackendAPIError, attempt: int) -> float | None:
    """Return the seconds to wait before another try, or ``None`` if none is worth it."""
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= MAX_PAUSE else None
    if error.is_unreachable or error.status in _RETRIED:
        return _JITTER.uniform(0.1, 0.2) * float(2**attempt)
    return None


def _body_of(response: requests.Response) -> bytes:
    """Return the body, decompressed, unless it is too large.

    :raises BackendAPIError: If it is.
    """
    read = getattr(response.raw, "read1", response.raw.read)  # urllib3 before 2 has no read1
    content = bytearray()
    while chunk := read(MAX_ANSWER_SIZE + 1 - len(content), decode_content=True):
        content += chunk
        if len(content) > MAX_ANSWER_SIZE:
            raise _unreachable("an answer over the size limit")
    return bytes(content)


def _read(response: requests.Response, content: bytes) -> Any:
    document = _decode(content)
    if response.ok and response.status_code < 300:
        if content and document is None:
            raise _unreachable("an answer that is not JSON")
        return document
    problem = document if isinstance(document, dict) else {}
    listed = problem.get("errors")
    errors = tuple(
        error for error in (listed if isinstance(listed, list) else ()) if isinstance(error, dict)
    )
    codes = tuple(str(error.get("code", "")) for error in errors)
    trace_id = problem.get("clerk_trace_id")
    raise _ERRORS.get(response.status_code, BackendAPIError)(
        f"The Backend API answered {response.status_code} {', '.join(codes)}".rstrip() + ".",
        status=response.status_code,
        codes=codes,
        errors=errors,
        trace_id=trace_id if isinstance(trace_id, str) else response.headers.get("cf-ray"),
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content, object_hook=Resource)
    except (ValueError, RecursionError):
        return None


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() else None


def _unreachable(what: str) -> BackendAPIError:
    return BackendAPIError(f"The Backend API could not be reached: {what}.")
