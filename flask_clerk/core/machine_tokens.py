"""Verifying tokens that are no session's: JWTs with the instance's keys, opaque ones by asking."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final

from .constants import Reason
from .errors import BackendAPIError
from .errors import TokenVerificationError
from .revocation import RevocationStore
from .tokens import JWT_TEMPLATE
from .tokens import OAUTH_TOKEN
from .tokens import has_jwt_form
from .tokens import read_token
from .verdicts import Verdict
from .verdicts import Verdicts
from .verified import VerifiedToken
from .verify import TokenVerifier
from .verify import check_class
from .verify import check_revocation

logger = logging.getLogger("flask_clerk")

#: Characters. Clerk's are under a hundred; what is longer is not worth a call.
_MAX_OPAQUE_SIZE: Final = 512

#: Asks the Backend API about a token, by its type and itself; may raise ``BackendAPIError``.
Ask = Callable[[str, str], Mapping[str, Any]]


class MachineTokens:
    """Verifies the tokens of one instance that are no session's."""

    def __init__(
        self, verifier: TokenVerifier, ask: Ask, verdicts: Verdicts, revocations: RevocationStore
    ) -> None:
        """Verify with these keys and by these questions.

        :param verdicts: Remembers the answers.
        :param revocations: Knows which users have ended.
        """
        self._verifier = verifier
        self._ask = ask
        self._verdicts = verdicts
        self._revocations = revocations

    def verify(self, token: str, token_type: str) -> VerifiedToken:
        """Return what a token says. The caller has made sure that its type is accepted.

        :param token_type: The type that the token claims to be of.
        :raises TokenVerificationError: With the reason that Clerk's SDKs use.
        """
        if token_type == JWT_TEMPLATE:
            claims = self._verifier.verify_template_token(token)
            found = VerifiedToken.from_claims(JWT_TEMPLATE, claims)
        elif has_jwt_form(token):
            found = self._jwt(token)
        else:
            found = self._opaque(token, token_type)
        check_revocation({"sub": found.subject, "iat": found.issued_at}, self._revocations)
        return found

    def _jwt(self, text: str) -> VerifiedToken:
        token = read_token(text)
        check_class(token, token.token_type)
        try:
            claims = self._verifier.verify_machine_token(token)
        except TokenVerificationError as error:
            # Whatever fails, Clerk's SDKs have one reason for it.
            raise TokenVerificationError(error.message) from error
        return VerifiedToken.from_claims(token.token_type, claims)

    def _opaque(self, token: str, token_type: str) -> VerifiedToken:
        if len(token) > _MAX_OPAQUE_SIZE or not token.isascii() or not token.isprintable():
            raise _refused(Reason.TOKEN_INVALID)
        verdict = self._verdicts.get(token)
        if verdict is None:
            verdict = self._judge(token, token_type)
            self._verdicts.add(token, verdict)
        if isinstance(verdict, str):
            raise _refused(verdict)
        return verdict

    def _judge(self, token: str, token_type: str) -> Verdict:
        """Return Clerk's verdict; where it gives none, the next request asks again.

        :raises TokenVerificationError: If there is no verdict.
        """
        try:
            answer = self._ask(token_type, token)
        except BackendAPIError as error:
            if error.status == 404:
                return Reason.TOKEN_INVALID
            if error.status == 400:
                return Reason.UNEXPECTED_ERROR
            logger.warning("A machine token could not be verified: %s", error)
            is_key_refused = error.status == 401
            reason = Reason.SECRET_KEY_INVALID if is_key_refused else Reason.UNEXPECTED_ERROR
            raise TokenVerificationError(error.message, reason=reason) from error
        if answer.get("revoked") or answer.get("expired") or answer.get("active") is False:
            return Reason.TOKEN_INVALID
        found = VerifiedToken.from_answer(token_type, answer)
        if found is None:
            logger.warning("The Backend API's answer about a machine token names no subject.")
            raise _refused(Reason.UNEXPECTED_ERROR)
        if token_type == OAUTH_TOKEN:
            try:
                self._verifier.check_oauth_audience(answer)
            except TokenVerificationError as error:
                return error.reason
        return found


def _refused(reason: str) -> TokenVerificationError:
    return TokenVerificationError("Clerk knows no such token, or it has ended.", reason=reason)
