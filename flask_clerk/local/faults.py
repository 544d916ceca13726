"""Faults on demand: what a test wants to go wrong, for the HTTP layers to look up."""

from __future__ import annotations

from collections import defaultdict
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Literal

if TYPE_CHECKING:
    from .instance import LocalClerk

Api = Literal["frontend", "backend"]


@dataclass(frozen=True, slots=True)
class Fault:
    """How an API misbehaves.

    :param status: Answered instead of the real thing, or ``None`` for the real thing, late.
    :param retry_after: Seconds, for the ``Retry-After`` header.
    :param hang: Seconds to wait before answering.
    """

    status: int | None = None
    retry_after: int | None = None
    hang: float = 0.0


class Faults:
    """What is to go wrong. It lives in this process and is forgotten with it."""

    def __init__(self, clerk: LocalClerk) -> None:
        self._clerk = clerk
        self._queued: dict[Api, deque[Fault]] = defaultdict(deque)
        self._lasting: dict[Api, Fault] = {}
        #: Seconds by which the tokens' clock runs ahead of the instance's.
        self.token_clock_skew: float = 0.0

    def fail(
        self,
        api: Api,
        status: int | None = 500,
        *,
        times: int | None = None,
        retry_after: int | None = None,
        hang: float = 0.0,
    ) -> None:
        """Make an API misbehave.

        :param status: To answer with; ``None`` to answer properly after ``hang`` seconds.
        :param times: For so many requests; until :meth:`clear` unless given.
        """
        fault = Fault(status, retry_after, hang)
        if times is None:
            self._lasting[api] = fault
        else:
            self._queued[api].extend([fault] * times)

    def limit(self, api: Api, retry_after: int = 10, *, times: int | None = None) -> None:
        """Make an API answer 429.

        :param retry_after: Seconds, in the ``Retry-After`` header.
        """
        self.fail(api, 429, times=times, retry_after=retry_after)

    def hang(self, api: Api, seconds: float, *, times: int | None = None) -> None:
        """Make an API answer late."""
        self.fail(api, None, times=times, hang=seconds)

    def take(self, api: Api) -> Fault | None:
        """Return what is wrong with the request at hand; the HTTP layers ask once for each."""
        try:
            return self._queued[api].popleft()
        except IndexError:
            return self._lasting.get(api)

    def rotate_keys(self, *, keep_old: bool = False) -> None:
        """Sign with a new key from now on; unless kept, tokens of the old one are worthless."""
        self._clerk.rotate_keys(keep_old=keep_old)

    def skew_tokens(self, seconds: float) -> None:
        """Mint tokens as if the instance's clock were ahead of the app's, or behind."""
        self.token_clock_skew = seconds

    def clear(self) -> None:
        """Let everything work again; rotated keys stay rotated."""
        self._queued.clear()
        self._lasting.clear()
        self.token_clock_skew = 0.0
