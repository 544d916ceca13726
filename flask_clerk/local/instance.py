"""The local Clerk: one Clerk instance, with its keys, its clock and its services."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from dataclasses import replace
from typing import Any
from typing import Final

from joserfc.jwk import RSAKey

from ..core.keys import PublishableKey
from ..core.keys import SecretKey
from . import errors
from .clients import Clients
from .clock import Clock
from .faults import Faults
from .handshakes import Handshakes
from .ids import new_id
from .ids import new_secret
from .machines import Machines
from .minting import Minting
from .model import AuthenticationLogEntry
from .model import InstanceState
from .model import Role
from .model import Settings
from .model import SigningKey
from .model.organizations import default_roles
from .organizations import Organizations
from .outbox import Deliver
from .outbox import Outbox
from .resources import Resources
from .sessions import Sessions
from .sign_ins import SignIns
from .sign_ups import SignUps
from .signing import generate_key
from .signing import public_jwk
from .signing import public_pem
from .signing import signing_key
from .store import Store
from .templates import Templates
from .tickets import Tickets
from .users import Users
from .verifications import Verifications

#: Below it clerk-js takes every host for a development instance; none need resolve.
_HOSTS: Final = "local.clerk.accounts.dev"
_LOGGED: Final = 200
_DURATIONS: Final = ("max_lifetime", "inactivity_timeout")


class LocalClerk:
    """A Clerk instance. Everything but the clock, the faults and the log is in the store.

    Each service is an attribute, and each of their methods one transaction. What they refuse,
    they refuse with :class:`~flask_clerk.local.LocalClerkError`.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        frontend_api: str | None = None,
        key: RSAKey | None = None,
        deliver: Deliver | None = None,
        password_method: str = "scrypt",
    ) -> None:
        """Open the instance that the store holds, or found one.

        :param frontend_api: The host, with a port where it has one, that the publishable key
            names; one of the instance's own unless given, since all apps on localhost share
            their cookies, whose suffix follows from it.
        :param key: The RSA key to found an instance with; tests save time by sharing one.
        :param deliver: Delivers webhooks; they stay in the outbox unless given.
        :param password_method: Of Werkzeug's ``generate_password_hash``.
        """
        self.store = store
        self.clock = clock or Clock()
        self.password_method = password_method
        self.log: deque[AuthenticationLogEntry] = deque(maxlen=_LOGGED)
        self.faults = Faults(self)
        self.resources = Resources(self)
        self.outbox = Outbox(self, deliver)
        self.users = Users(self)
        self.organizations = Organizations(self)
        self.clients = Clients(self)
        self.sessions = Sessions(self)
        self.minting = Minting(self)
        self.templates = Templates(self)
        self.tickets = Tickets(self)
        self.sign_ins = SignIns(self)
        self.sign_ups = SignUps(self)
        self.verifications = Verifications(self)
        self.handshakes = Handshakes(self)
        self.machines = Machines(self)
        self._found(key)
        self.publishable_key = PublishableKey.build(frontend_api or self._own_host())

    def __repr__(self) -> str:
        return f"<LocalClerk {self.publishable_key.frontend_api}>"

    @property
    def now(self) -> int:
        """Unix milliseconds by the instance's clock."""
        return int(self.clock() * 1000)

    @property
    def issuer(self) -> str:
        """The ``iss`` of every token: the Frontend API's own URL, whatever proxy is before it."""
        return f"https://{self.publishable_key.frontend_api}"

    @property
    def state(self) -> InstanceState:
        """The keys and ids, as another process may just have changed them."""
        with self.store.read() as tx:
            state = tx.get(InstanceState, "instance")
        assert state is not None, "an instance is founded before it is used"
        return state

    @property
    def secret_key(self) -> SecretKey:
        """The secret key of the instance."""
        return SecretKey(self.state.secret_key)

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs from now on."""
        return self.state.signing_keys[0]

    @property
    def jwt_key(self) -> str:
        """The public key as PEM, as ``CLERK_JWT_KEY`` takes it."""
        return public_pem(self.signing_key)

    @property
    def settings(self) -> Settings:
        """The instance's settings."""
        with self.store.read() as tx:
            return tx.get(Settings, "settings") or Settings()

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWKS (RFC 7517, section 5)."""
        return {"keys": [public_jwk(key) for key in self.state.signing_keys]}

    def rotate_keys(self, *, keep_old: bool = True) -> SigningKey:
        """Sign with a new key from now on.

        :param keep_old: Whether the JWKS still has the old one.
        """
        key = generate_key()
        with self.store.transaction() as tx:
            state = self.state
            kept = state.signing_keys if keep_old else ()
            tx.put(replace(state, signing_keys=(key, *kept)))
        return key

    def update_settings(self, **changes: Any) -> Settings:
        """Change settings.

        :param changes: Fields of :class:`~flask_clerk.local.model.Settings`.
        :raises LocalClerkError: ``form_param_value_invalid``, ``form_param_unknown``.
        """
        _check_settings(changes)
        with self.store.transaction() as tx:
            old = self.settings
            settings = replace(old, **changes)
            if settings.max_lifetime is None and settings.inactivity_timeout is None:
                raise errors.param_invalid(
                    "max_lifetime", "Keep the maximum lifetime or the inactivity timeout on."
                )
            tx.put(settings)
            if settings.inactivity_timeout != old.inactivity_timeout:
                self.sessions.apply_settings(settings)
            return settings

    def is_secret_key(self, value: str) -> bool:
        """Whether this is the instance's secret key; takes the same time either way."""
        return secrets.compare_digest(value.encode(), self.state.secret_key.encode())

    def _own_host(self) -> str:
        digest = hashlib.sha256(self.state.instance_id.encode()).hexdigest()
        return f"{digest[:12]}.{_HOSTS}"

    def _found(self, key: RSAKey | None) -> None:
        with self.store.read() as tx:
            if tx.get(InstanceState, "instance") is not None:
                return
        # Generated before the transaction, which must be short; another process may win.
        first = signing_key(key) if key is not None else generate_key()
        now = self.now
        with self.store.transaction() as tx:
            if tx.get(InstanceState, "instance") is not None:
                return
            webhook_secret = base64.b64encode(secrets.token_bytes(24)).decode("ascii")
            tx.put(
                InstanceState(
                    instance_id=new_id("ins"),
                    secret_key=f"sk_test_{new_secret(42)}",
                    webhook_secret=f"whsec_{webhook_secret}",
                    signing_keys=(first,),
                    created_at=now,
                )
            )
            tx.put(Settings())
            for role in default_roles(now):
                if tx.get(Role, role.id) is None:
                    tx.put(role)


def _check_settings(changes: Mapping[str, Any]) -> None:
    defaults = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}
    for name, value in changes.items():
        if name not in defaults or name == "id":
            raise errors.LocalClerkError(
                "form_param_unknown", 422, "is unknown", f"There is no setting {name}.", param=name
            )
        expected = int if name in _DURATIONS else type(defaults[name])
        is_off = value is None and name in _DURATIONS
        if not is_off and type(value) is not expected:
            raise errors.param_invalid(name, f"{name} must be of type {expected.__name__}.")
        if expected is int and not is_off and value < 1:
            raise errors.param_invalid(name, f"{name} must be 1 or more.")
