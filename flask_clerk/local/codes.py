"""Email codes: sent, checked, limited in number and time."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Final

from . import errors
from .ids import new_code
from .model import Verification

#: Milliseconds for which a code is good.
LIFETIME: Final = 600_000
#: Wrong codes after which a new one must be asked for.
MAX_ATTEMPTS: Final = 3
#: The code of test addresses ("Test emails and phones").
TEST_CODE: Final = "424242"

EMAIL_CODE: Final = "email_code"


def new_verification(address: str, now: int) -> Verification:
    """Return a verification with a fresh code.

    :param now: Unix milliseconds.
    """
    code = TEST_CODE if is_test_address(address) else new_code()
    return Verification(strategy=EMAIL_CODE, expire_at=now + LIFETIME, code=code)


def check(
    verification: Verification | None, code: str | None, now: int
) -> tuple[Verification | None, errors.LocalClerkError | None]:
    """Return the verification after an attempt, and why it failed if it did.

    The caller writes the first down before it raises the second: attempts must count.

    :param now: Unix milliseconds.
    """
    if verification is None or verification.code is None:
        return verification, errors.verification_missing()
    if verification.is_verified:
        return verification, errors.verification_already_verified()
    if verification.attempts >= MAX_ATTEMPTS:
        return replace(verification, status="failed"), errors.verification_failed()
    if verification.expire_at is None or now >= verification.expire_at:
        return replace(verification, status="expired"), errors.verification_expired()
    if not code:
        return verification, errors.param_missing("code")
    tried = replace(verification, attempts=verification.attempts + 1)
    if not hmac.compare_digest(code.encode(), verification.code.encode()):
        return tried, errors.code_incorrect()
    return replace(tried, status="verified"), None


def is_test_address(address: str) -> bool:
    """Whether the address is of the form ``anything+clerk_test@example.com``."""
    return address.rpartition("@")[0].endswith("+clerk_test")
