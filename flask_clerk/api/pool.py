"""One ``requests.Session`` for each process, which keeps connections and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests
from requests.adapters import BaseAdapter

from ..version import VERSION
from .deadline import DeadlineAdapter

USER_AGENT: Final = f"flask-clerk/{VERSION}"

_SIZE: Final = 32


class Pool:
    """Hands out a session: connections must not be shared across a fork."""

    def __init__(self, headers: Mapping[str, str], adapter: BaseAdapter | None = None) -> None:
        """Prepare; nothing is connected yet.

        :param headers: What goes along with every call.
        :param adapter: What carries the calls instead of the network.
        """
        self._headers = headers
        self._adapter = adapter
        self._session: requests.Session | None = None
        self._pid = 0

    def session(self) -> requests.Session:
        """Return this process's session."""
        session = self._session
        if session is not None and self._pid == os.getpid():
            return session
        session = requests.Session()
        session.auth = _no_netrc
        # What one caller's answer sets must not go along with the next caller's request.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = self._adapter or DeadlineAdapter(pool_connections=4, pool_maxsize=_SIZE)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session.headers.clear()
        session.headers.update(self._headers)
        self._session, self._pid = session, os.getpid()
        return session


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep the ``Authorization`` header that is there: a ``.netrc`` would replace it."""
    return request
