"""Names on the wire, spelled as Clerk spells them: cookies, headers, parameters, reasons."""

from __future__ import annotations

from typing import Final

API_URL: Final = "https://api.clerk.com"
API_VERSION: Final = "v1"
#: The dated version of the Backend API that this package was written against.
SUPPORTED_API_VERSION: Final = "2026-05-12"


class Cookies:
    """Cookie names. The first four also come as ``NAME_<suffix>``."""

    SESSION: Final = "__session"
    CLIENT_UAT: Final = "__client_uat"
    REFRESH: Final = "__refresh"
    DEV_BROWSER: Final = "__clerk_db_jwt"
    HANDSHAKE: Final = "__clerk_handshake"
    HANDSHAKE_NONCE: Final = "__clerk_handshake_nonce"
    REDIRECT_COUNT: Final = "__clerk_redirect_count"


class Parameters:
    """Query parameters that Clerk adds to an app's URLs and reads from them."""

    DEV_BROWSER: Final = Cookies.DEV_BROWSER
    LEGACY_DEV_BROWSER: Final = "__dev_session"
    HANDSHAKE: Final = Cookies.HANDSHAKE
    HANDSHAKE_NONCE: Final = Cookies.HANDSHAKE_NONCE
    HANDSHAKE_HELP: Final = "__clerk_help"
    HANDSHAKE_REASON: Final = "__clerk_hs_reason"
    HANDSHAKE_FORMAT: Final = "format"
    SESSION: Final = "__session"
    SUFFIXED_COOKIES: Final = "suffixed_cookies"
    API_VERSION: Final = "__clerk_api_version"
    REDIRECT_URL: Final = "redirect_url"
    SATELLITE_REDIRECT_URL: Final = "__clerk_redirect_url"
    SYNCED: Final = "__clerk_synced"
    ORGANIZATION: Final = "organization_id"


class Synced:
    """Values of ``__clerk_synced``, with which a satellite tracks its synchronisation."""

    NEEDED: Final = "false"
    COMPLETED: Final = "true"


class Headers:
    """Response headers that say how a request was judged."""

    STATUS: Final = "X-Clerk-Auth-Status"
    REASON: Final = "X-Clerk-Auth-Reason"
    MESSAGE: Final = "X-Clerk-Auth-Message"


class Status:
    """The three outcomes of ``authenticate_request``."""

    SIGNED_IN: Final = "signed-in"
    SIGNED_OUT: Final = "signed-out"
    HANDSHAKE: Final = "handshake"


class Reason:
    """Why a request is not signed in."""

    TOKEN_INVALID: Final = "token-invalid"
    TOKEN_INVALID_ALGORITHM: Final = "token-invalid-algorithm"
    TOKEN_INVALID_SIGNATURE: Final = "token-invalid-signature"
    TOKEN_INVALID_AUTHORIZED_PARTIES: Final = "token-invalid-authorized-parties"
    TOKEN_INVALID_ISSUER: Final = "token-invalid-issuer"
    TOKEN_VERIFICATION_FAILED: Final = "token-verification-failed"
    TOKEN_EXPIRED: Final = "token-expired"
    TOKEN_NOT_ACTIVE_YET: Final = "token-not-active-yet"
    TOKEN_IAT_IN_THE_FUTURE: Final = "token-iat-in-the-future"
    TOKEN_TYPE_MISMATCH: Final = "token-type-mismatch"

    JWK_FAILED_TO_LOAD: Final = "jwk-remote-failed-to-load"
    JWK_FAILED_TO_RESOLVE: Final = "jwk-failed-to-resolve"
    JWK_KID_MISMATCH: Final = "jwk-kid-mismatch"
    JWK_LOCAL_MISSING: Final = "jwk-local-missing"
    SECRET_KEY_INVALID: Final = "secret-key-invalid"

    #: Of a route that takes tokens of one machine type only.
    NO_TOKEN_IN_HEADER: Final = "No token in header"

    SESSION_TOKEN_AND_UAT_MISSING: Final = "session-token-and-uat-missing"
    SESSION_TOKEN_MISSING: Final = "session-token-missing"
    SESSION_TOKEN_WITHOUT_UAT: Final = "session-token-but-no-client-uat"
    UAT_WITHOUT_SESSION_TOKEN: Final = "client-uat-but-no-session-token"
    SESSION_TOKEN_BEFORE_UAT: Final = "session-token-iat-before-client-uat"
    SESSION_TOKEN_EXPIRED: Final = "session-token-expired"
    SESSION_TOKEN_NBF: Final = "session-token-nbf"
    SESSION_TOKEN_IAT_IN_THE_FUTURE: Final = "session-token-iat-in-the-future"
    SESSION_PENDING: Final = "session-pending"
    SESSION_REVOKED: Final = "session-revoked"

    DEV_BROWSER_MISSING: Final = "dev-browser-missing"
    DEV_BROWSER_SYNC: Final = "dev-browser-sync"
    SATELLITE_NEEDS_SYNCING: Final = "satellite-needs-syncing"
    PRIMARY_RESPONDS_TO_SYNCING: Final = "primary-responds-to-syncing"
    CROSS_ORIGIN_SYNC: Final = "primary-domain-cross-origin-sync"
    ACTIVE_ORGANIZATION_MISMATCH: Final = "active-organization-mismatch"

    UNEXPECTED_ERROR: Final = "unexpected-error"


class RefreshReason:
    """Why an expired token was not refreshed; the tail of ``session-token-expired-refresh-…``."""

    NO_COOKIE: Final = "non-eligible-no-refresh-cookie"
    NON_GET: Final = "non-eligible-non-get"
    INVALID_SESSION_TOKEN: Final = "invalid-session-token"
    MISSING_API_CLIENT: Final = "missing-api-client"
    MISSING_SESSION_TOKEN: Final = "missing-session-token"
    DECODE_FAILED: Final = "expired-session-token-decode-failed"
    MISSING_SID: Final = "expired-session-token-missing-sid-claim"
    FETCH_ERROR: Final = "fetch-error"
    UNEXPECTED_SDK_ERROR: Final = "unexpected-sdk-error"
    UNEXPECTED_BAPI_ERROR: Final = "unexpected-bapi-error"
