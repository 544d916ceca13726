"""One fixed sentence for each reason that is worth one. No detail of a request is ever in it."""

from __future__ import annotations

from .constants import Reason

_SENTENCES = {
    Reason.TOKEN_INVALID: "The token is none that this application accepts.",
    Reason.TOKEN_INVALID_ALGORITHM: "The token is signed with an algorithm that is not accepted.",
    Reason.TOKEN_INVALID_SIGNATURE: "The token's signature is not valid.",
    Reason.TOKEN_INVALID_AUTHORIZED_PARTIES: "The token was made for another origin.",
    Reason.TOKEN_INVALID_ISSUER: "The token comes from another issuer.",
    Reason.TOKEN_VERIFICATION_FAILED: "The token's claims were refused.",
    Reason.SESSION_TOKEN_EXPIRED: "The session token has expired.",
    Reason.SESSION_TOKEN_NBF: "The session token is not valid yet.",
    Reason.SESSION_TOKEN_IAT_IN_THE_FUTURE: "The session token was issued in the future.",
    Reason.SESSION_PENDING: "The session still has tasks to complete.",
    Reason.SESSION_REVOKED: "The session was ended.",
    Reason.CROSS_ORIGIN_SYNC: "A document reached from another origin settles its session anew.",
    Reason.JWK_FAILED_TO_LOAD: "The signing keys could not be loaded.",
    Reason.JWK_FAILED_TO_RESOLVE: "No signing key is available.",
    Reason.JWK_KID_MISMATCH: "No signing key fits the token.",
    Reason.SECRET_KEY_INVALID: "The token could not be verified.",
}


def message_for(reason: str | None) -> str | None:
    """Return the sentence for a reason, or ``None`` where the reason says it all."""
    if reason is None:
        return None
    if reason.startswith(Reason.SESSION_TOKEN_EXPIRED):
        reason = Reason.SESSION_TOKEN_EXPIRED
    return _SENTENCES.get(reason)
