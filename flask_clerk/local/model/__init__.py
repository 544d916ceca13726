"""What a Clerk instance knows, as plain frozen data. All times are Unix milliseconds."""

from __future__ import annotations

from .attempts import FailedAttempts
from .attempts import SignIn
from .attempts import SignUp
from .attempts import TestingToken
from .attempts import Ticket
from .document import Document
from .instance import InstanceState
from .instance import JWTTemplate
from .instance import Settings
from .instance import SigningKey
from .machines import Machine
from .machines import MachineToken
from .messages import AuthenticationLogEntry
from .messages import OutboxMessage
from .organizations import ADMIN
from .organizations import MEMBER
from .organizations import SYSTEM_PERMISSIONS
from .organizations import Membership
from .organizations import Organization
from .organizations import Role
from .sessions import Activity
from .sessions import Client
from .sessions import DevBrowser
from .sessions import HandshakePayload
from .sessions import RefreshToken
from .sessions import Session
from .users import EmailAddress
from .users import User
from .users import Verification

__all__ = [
    "ADMIN",
    "MEMBER",
    "SYSTEM_PERMISSIONS",
    "Activity",
    "AuthenticationLogEntry",
    "Client",
    "DevBrowser",
    "Document",
    "EmailAddress",
    "FailedAttempts",
    "HandshakePayload",
    "InstanceState",
    "JWTTemplate",
    "Machine",
    "MachineToken",
    "Membership",
    "Organization",
    "OutboxMessage",
    "RefreshToken",
    "Role",
    "Session",
    "Settings",
    "SignIn",
    "SignUp",
    "SigningKey",
    "TestingToken",
    "Ticket",
    "User",
    "Verification",
]
