"""Decisions that are remembered: for the same facts, until the first moment of another answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .constants import Reason
from .context import AuthenticateContext
from .facts import NOTHING
from .facts import Facts
from .facts import carry
from .recent import Recent
from .state import RequestState
from .verify import Signature
from .verify import TokenVerifier
from .verify import lifetime


@dataclass(frozen=True, slots=True)
class _Decision:
    """A decision, the Unix seconds between which it holds, and the signature it rests on."""

    state: RequestState
    good_from: float = -math.inf
    good_until: float = math.inf
    signature: Signature | None = None


class Memory:
    """What one instance has decided lately, where deciding again could not differ.

    That is so where the request itself carried the token, or nothing at all, and no call was made
    for it. Time and keys are asked anew at every use, so that a clock that was set back and a key
    that was withdrawn count at once.
    """

    def __init__(self, size: int, verifier: TokenVerifier, clock_skew: float) -> None:
        """Remember nothing yet.

        :param size: Decisions to keep at most.
        :param clock_skew: Seconds by which the clocks may differ.
        """
        self._decisions: Recent[Facts, _Decision] = Recent(size)
        self._verifier = verifier
        self._clock_skew = clock_skew

    def recall(self, facts: Facts, now: float) -> RequestState | None:
        """Return what a decision about these facts would be, if that is known.

        :param now: Unix seconds.
        """
        found = self._decisions.get(facts)
        if found is None or not found.good_from <= now < found.good_until:
            return None
        signature = found.signature
        if signature is not None and not self._verifier.still_believes(signature):
            return None
        return found.state

    def remember(self, facts: Facts, context: AuthenticateContext, state: RequestState) -> None:
        """Keep a decision, if deciding about the same facts again could not differ."""
        decision = self._of_session(facts, context, state) or self._of_nobody(facts, state)
        if decision is not None:
            self._decisions.add(facts, decision)

    def _of_session(
        self, facts: Facts, context: AuthenticateContext, state: RequestState
    ) -> _Decision | None:
        """Return the decision about a session whose token came with these very facts.

        A token that was handed over or renewed comes with headers, and with a nonce that counts
        once.
        """
        if state.token is None or state.headers or not carry(facts, state.token):
            return None
        if context.handshake_nonce or context.handshake_token:
            return None
        signature = self._verifier.signature_of(state.token)
        if signature is None or signature.claims is not state.claims:
            return None
        return _Decision(state, *lifetime(signature.claims, self._clock_skew), signature)

    def _of_nobody(self, facts: Facts, state: RequestState) -> _Decision | None:
        """Return the decision about visitors who carry nothing: it is the same for all of them."""
        is_plain = state.reason == Reason.SESSION_TOKEN_AND_UAT_MISSING
        return _Decision(state) if is_plain and facts[:2] == NOTHING else None
