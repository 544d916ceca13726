"""Every check of a token with its verdict, by the verifier's own checks, also behind a failure."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from .claims import freeze
from .constants import Reason
from .errors import TokenVerificationError
from .instance import Instance
from .tokens import MAX_TOKEN_SIZE
from .tokens import OAUTH_TOKEN
from .tokens import UnverifiedToken
from .tokens import read_token
from .verify import CLAIM_CHECKS
from .verify import EXEMPT
from .verify import HEADER_CHECKS
from .verify import check_class
from .verify import check_oauth_audience
from .verify import check_revocation
from .verify import check_signature


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is checked of a token.

    :param name: A word, or the name of the header parameter or claim.
    :param is_right: The verdict; ``None`` where it could not be reached.
    :param sentence: What is wrong, or why there is no verdict.
    :param reason: Clerk's reason code, where something is wrong.
    """

    name: str
    is_right: bool | None
    sentence: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a JWT is and whether an instance believes it as what it claims to be.

    :param token: What it says, believed or not; ``None`` if it is no JWT.
    :param checks: In the order of verification; the first that fails is the verifier's verdict.
    :param is_genuine: Whether the instance signed it.
    """

    token: UnverifiedToken | None = field(repr=False)
    checks: tuple[Check, ...]
    is_genuine: bool

    @property
    def failed(self) -> Check | None:
        """The check for which verification refuses the token, or ``None``."""
        return next((check for check in self.checks if not check.is_right), None)


def explain(text: str, instance: Instance) -> Explanation:
    """Check everything about a token, whatever fails on the way.

    :param text: The compact JWT, without ``Bearer``.
    """
    try:
        token = read_token(text)
    except TokenVerificationError as error:
        is_too_long = len(text) > MAX_TOKEN_SIZE
        name = "size" if is_too_long else "shape"
        before = () if is_too_long else (Check("size", True),)
        return Explanation(None, (*before, Check(name, False, error.message, error.reason)), False)
    exempt = EXEMPT.get(token.token_type, ())
    signed = _of_signature(token, instance, exempt)
    config, now, claims = instance.config, instance.now(), freeze(token.payload)
    is_for_oauth = token.token_type == OAUTH_TOKEN
    checks = [
        Check("size", True),
        Check("shape", True),
        _check("class", check_class, token, token.token_type),
        *signed,
        *([_check("audience", check_oauth_audience, claims, config)] if is_for_oauth else ()),
        *(
            _check(name, check, claims, config, now, config.clock_skew)
            for name, check in CLAIM_CHECKS
            if name not in exempt
        ),
        _check("revoked", check_revocation, claims, instance.revocations),
    ]
    return Explanation(token, tuple(checks), all(check.is_right for check in signed))


def _of_signature(
    token: UnverifiedToken, instance: Instance, exempt: Collection[str]
) -> list[Check]:
    """Check the key, the header and the signature; without a key there is no verdict on it."""
    header = [_check(name, check, token) for name, check in HEADER_CHECKS if name not in exempt]
    try:
        key = instance.keys.get(token.kid)
    except TokenVerificationError as error:
        is_unknown = error.reason == Reason.JWK_KID_MISMATCH
        missing = Check("key", False if is_unknown else None, error.message, error.reason)
        return [missing, *header, Check("signature", None, "There is no key to check it with.")]
    return [Check("key", True), *header, _check("signature", check_signature, token, key)]


def _check(name: str, check: Callable[..., None], *arguments: Any) -> Check:
    try:
        check(*arguments)
    except TokenVerificationError as error:
        return Check(name, False, error.message, error.reason)
    return Check(name, True)
