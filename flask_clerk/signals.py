"""Blinker signals. The sender is always the app."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A session or another token was verified. Receivers get ``auth``.
authenticated = _signals.signal("clerk-authenticated")

#: A request carried a token that was refused. Receivers get ``reason``.
authentication_failed = _signals.signal("clerk-authentication-failed")

#: A session or another token lacked what a view asks for. Receivers get ``auth`` and ``error``.
authorization_denied = _signals.signal("clerk-authorization-denied")

#: Clerk told of something by a webhook. Receivers get ``event``, a ``WebhookEvent``. One that
#: raises is called again when the sender tries again.
webhook_received = _signals.signal("clerk-webhook-received")
