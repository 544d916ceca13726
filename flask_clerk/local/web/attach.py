"""Giving an app a local Clerk: where it is kept, which settings follow, and how the two talk."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Final
from typing import TypeVar

from flask import Flask
from flask import Response
from flask import current_app
from flask import request

from ...core.config import ClerkConfig
from ...core.errors import BackendAPIError
from ...core.errors import ConfigurationError
from ...globals import clerk_of
from ..clock import Clock
from ..errors import LocalClerkError
from ..instance import LocalClerk
from ..model import AuthenticationLogEntry
from ..seed import SeedError
from ..seed import load_seed
from ..seed import seed
from ..store import SQLiteStore
from ..token_resources import machine_token_json
from .app import serve_in_front_of
from .current import PREFIX
from .current import current_local

#: The file in the app's instance folder that holds everything, keys included.
DATABASE: Final = "clerk.sqlite3"
#: The file beside an app's package that says whom a new local Clerk knows.
SEED_FILE: Final = "clerk/seed.json"
#: Settings that say which instance an app belongs to; the local one takes their place.
_INSTANCE_SETTINGS: Final = (
    "publishable_key",
    "secret_key",
    "jwt_key",
    "machine_secret_key",
    "frontend_api",
    "api_url",
    "proxy_url",
    "issuers",
)

_PAGES: Final = {
    "CLERK_SIGN_IN_URL": f"{PREFIX}/sign-in",
    "CLERK_SIGN_UP_URL": f"{PREFIX}/sign-up",
}

_T = TypeVar("_T")


def attach(
    app: Flask, arguments: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[ClerkConfig, LocalBackend, Clock]:
    """Give an app a local Clerk; return its settings, its Backend API and its clock.

    :param arguments: Settings by keyword; ``local`` may be a :class:`LocalClerk` to serve.
    :raises ConfigurationError: If a live key is set: a local Clerk beside production keys is a
        mistake either way.
    """
    _refuse_live_keys(arguments, app.config, environ)
    given = arguments.get("local") or app.config.get("CLERK_LOCAL")
    if isinstance(given, LocalClerk):
        local = given
    elif given is not None and not isinstance(given, (bool, str)):
        raise ConfigurationError("CLERK_LOCAL must be true, false or a LocalClerk.")
    else:
        local = open_local(Path(app.instance_path), Path(app.root_path) / SEED_FILE)
    serve_in_front_of(app, local)
    own = {
        "local": True,
        "publishable_key": local.publishable_key.value,
        "secret_key": local.secret_key.value,
        "proxy_url": PREFIX,
    }
    config = ClerkConfig.load(
        {**_without(arguments, _INSTANCE_SETTINGS), **own},
        # Its own pages come last, so that the app can have pages of its own.
        {**_PAGES, **_present(environ), **_present(app.config), "CLERK_LOCAL": True},
        {},
    )
    app.after_request(_log_decision)
    return config, LocalBackend(local), local.clock


def open_local(folder: Path, seed_file: Path | None = None) -> LocalClerk:
    """Open the local Clerk that a folder holds, or found one.

    :param seed_file: Whom a new one knows; the default people without such a file.
    :raises SeedError: If the file cannot be used.
    """
    path = folder / DATABASE
    is_new = not path.exists()
    local = LocalClerk(SQLiteStore(path))
    if is_new:
        try:
            _seed(local, seed_file)
        except SeedError:
            local.store.close()
            path.unlink()  # the next start founds it anew, with the file mended
            raise
    return local


def _seed(local: LocalClerk, seed_file: Path | None) -> None:
    if seed_file is not None and seed_file.exists():
        seed(local, load_seed(seed_file), source=str(seed_file))
    else:
        seed(local)


class LocalBackend:
    """The local Clerk's Backend API for the app beside it, without a detour over HTTP.

    A development server with one thread could not call itself.
    """

    def __init__(self, local: LocalClerk) -> None:
        """Talk to this instance."""
        self._local = local

    def fetch_jwks(self) -> Mapping[str, Any]:
        """Return the instance's JWKS."""
        return self._call(self._local.jwks)

    def fetch_handshake_cookies(self, nonce: str) -> list[str]:
        """Return the ``Set-Cookie`` lines that wait under a nonce."""
        return self._call(lambda: self._local.handshakes.redeem(nonce))

    def refresh_session(
        self, session_id: str, body: Mapping[str, Any], *, suffixed_cookies: bool
    ) -> list[str]:
        """Return the ``Set-Cookie`` lines that renew a session token."""
        policy = self._local.handshakes.policy(
            is_suffixed=suffixed_cookies,
            is_secure=str(body["request_origin"]).startswith("https:"),
        )
        token = self._call(
            lambda: self._local.handshakes.refresh(
                session_id,
                expired_token=body["expired_token"],
                refresh_token=body["refresh_token"],
                request_origin=body["request_origin"],
            )
        )
        return policy.renewed(token)

    def create_token(self, session_id: str, template: str | None, expires_in: int | None) -> str:
        """Return a newly minted token of a session."""

        def mint() -> str:
            session = self._local.sessions.get_live(session_id)
            if template is None:
                return self._local.minting.session_token(session, lifetime=expires_in)
            return self._local.minting.template_token(session, template, lifetime=expires_in)

        return self._call(mint)

    def revoke_session(self, session_id: str) -> None:
        """End a session."""
        self._call(lambda: self._local.sessions.revoke(session_id))

    def revoke_user(self, user_id: str) -> None:
        """End every session of a user."""
        self._call(lambda: self._local.sessions.revoke_all(user_id))

    def verify_machine_token(self, token_type: str, token: str) -> Mapping[str, Any]:
        """Return what is known of an opaque machine token that is good."""
        record = self._call(lambda: self._local.machines.verify(token_type, token))
        return machine_token_json(record, self._local.now)

    def _call(self, call: Callable[[], _T]) -> _T:
        fault = self._local.faults.take("backend")
        if fault is not None:
            time.sleep(fault.hang)
        if fault is not None and fault.status is not None:
            raise BackendAPIError(
                f"The local Clerk answered {fault.status}, as it was told to.",
                status=fault.status,
                retry_after=fault.retry_after,
            )
        try:
            return call()
        except LocalClerkError as error:
            raise BackendAPIError(
                f"The local Clerk answered {error.status} {error.code}.",
                status=error.status,
                codes=(error.code,),
            ) from error


def _refuse_live_keys(*places: Mapping[str, Any]) -> None:
    for place in places:
        for name in ("publishable_key", "secret_key"):
            value = place.get(name) or place.get(f"CLERK_{name.upper()}")
            if isinstance(value, str) and value.startswith(("pk_live_", "sk_live_")):
                raise ConfigurationError(
                    f"CLERK_LOCAL is on beside a live CLERK_{name.upper()}: remove one of them."
                )


def _present(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``CLERK_`` settings that are set and do not name another instance."""
    hidden = {f"CLERK_{name.upper()}" for name in _INSTANCE_SETTINGS} | {"CLERK_FAPI"}
    own = {name: value for name, value in mapping.items() if str(name).startswith("CLERK_")}
    return _without({name: value for name, value in own.items() if value not in (None, "")}, hidden)


def _without(mapping: Mapping[str, _T], names: Collection[str]) -> dict[str, _T]:
    return {name: value for name, value in mapping.items() if name not in names}


def _log_decision(response: Response) -> Response:
    """Remember how a request was judged, for the dashboard."""
    state = clerk_of(current_app).visit_of(request).decision
    if state is not None:
        local = current_local()
        claims: Mapping[str, Any] = state.claims or {}
        local.log.append(
            AuthenticationLogEntry(
                at=local.now,
                method=request.method,
                path=request.path,
                status=state.status,
                answer=response.status_code,
                reason=state.reason,
                user_id=claims.get("sub"),
                session_id=claims.get("sid"),
            )
        )
    return response
