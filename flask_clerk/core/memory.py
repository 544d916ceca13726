"""Decisions that are remembered: for the same facts, until the first moment of another answer."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .constants import Reason
from .context import AuthenticateContext
from .facts import NOTHING
from .facts import Facts
from .facts import Key
from .facts import Texts
from .recent import Recent
from .state import RequestState
from .state import signed_in
from .verify import Signature
from .verify import TokenVerifier
from .verify import lifetime

#: Characters of a token's signature, 384 bits of what only its holder and Clerk can know.
_PROOF_SIZE: Final = 64


@dataclass(slots=True)
class _Decision:
    """A decision, the Unix seconds between which it holds, and the signature it rests on.

    The texts that it was made from are long: what is kept is their hash, where the token stood (in
    which of them, from where, to where) and how it ended. Others may have that hash, but only who
    holds the token knows how its signature ends, and then it is his own decision that he gets.
    """

    state: RequestState
    good_from: float = -math.inf
    good_until: float = math.inf
    signature: Signature | None = None
    source: int = 0
    start: int = 0
    end: int = 0
    proof: str = ""


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
        self._decisions: Recent[Key, _Decision] = Recent(size)
        self._verifier = verifier
        self._clock_skew = clock_skew

    def recall(self, facts: Facts, now: float) -> tuple[RequestState, str | None] | None:
        """Return what a decision about these facts would be, if that is known, and the token.

        :param now: Unix seconds.
        """
        key, texts = facts
        found = self._decisions.get(key)
        if found is None or not found.good_from <= now < found.good_until:
            return None
        if found.signature is None:
            return (found.state, None) if texts == NOTHING else None
        token = (texts[found.source] or "")[found.start : found.end]
        if token.endswith(found.proof) and self._verifier.still_believes(found.signature):
            return found.state, token
        return None

    def remember(self, facts: Facts, context: AuthenticateContext, state: RequestState) -> None:
        """Keep a decision, if deciding about the same facts again could not differ."""
        (carried, circumstances), texts = facts
        decision = self._of_session(texts, context, state) or self._of_nobody(texts, state)
        if decision is not None:
            self._decisions.add((carried, _as_one(circumstances)), decision)

    def _of_session(
        self, texts: Texts, context: AuthenticateContext, state: RequestState
    ) -> _Decision | None:
        """Return the decision about a session whose token came with these very texts.

        A token that was handed over or renewed comes with headers, and with a nonce that counts
        once.
        """
        if state.token is None or state.claims is None or state.headers:
            return None
        if context.handshake_nonce or context.handshake_token:
            return None
        source = 0 if context.token_in_header else 1
        start = (texts[source] or "").find(state.token)
        signature = self._verifier.signature_of(state.token)
        if start < 0 or signature is None or signature.claims is not state.claims:
            return None
        pending = state.treat_pending_as_signed_out
        return _Decision(
            signed_in(state.claims, None, treat_pending_as_signed_out=pending),
            *lifetime(state.claims, self._clock_skew),
            signature,
            source,
            start,
            start + len(state.token),
            state.token[-_PROOF_SIZE:],
        )

    def _of_nobody(self, texts: Texts, state: RequestState) -> _Decision | None:
        """Return the decision about visitors who carry nothing: it is the same for all of them."""
        is_plain = state.reason == Reason.SESSION_TOKEN_AND_UAT_MISSING
        return _Decision(state) if is_plain and texts == NOTHING else None


@lru_cache(maxsize=256)
def _as_one(circumstances: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Return equal circumstances as one object: an app has few."""
    return circumstances
