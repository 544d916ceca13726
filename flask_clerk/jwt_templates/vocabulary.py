"""The words of Clerk's template language: shortcodes, reserved claims, limits."""

from __future__ import annotations

# Clerk's "JWT templates", "Session tokens", "Reverification" and "Impersonation" pages, the
# shortcode table that the first of them carried until 2024, and the picture of the Dashboard's
# shortcode panel on "Customize your session token".
DOCUMENTED_SHORTCODES = frozenset(
    {
        "user.id",
        "user.external_id",
        "user.first_name",
        "user.last_name",
        "user.full_name",
        "user.username",
        "user.created_at",
        "user.updated_at",
        "user.last_sign_in_at",
        "user.primary_email_address",
        "user.primary_phone_address",
        "user.primary_phone_number",
        "user.primary_web3_wallet",
        "user.email_verified",
        "user.phone_number_verified",
        "user.image_url",
        "user.has_image",
        "user.two_factor_enabled",
        "user.organizations",
        "user.public_metadata",
        "user.unsafe_metadata",
        "org.id",
        "org.name",
        "org.role",
        "org.slug",
        "org.public_metadata",
        "org_membership.permissions",
        "org_membership.public_metadata",
        "session.actor",
        "session.reverification_id",
    }
)

# Seen in older guides. A token can be read by whoever holds it, so this publishes the metadata.
UNDOCUMENTED_SHORTCODES = frozenset({"user.private_metadata"})

SHORTCODES = DOCUMENTED_SHORTCODES | UNDOCUMENTED_SHORTCODES

# Set by Clerk in every token made from a template ("JWT templates", "Default claims").
TEMPLATE_DEFAULT_CLAIMS = frozenset({"azp", "exp", "iat", "iss", "jti", "nbf", "sub"})

# ``sid v pla fea`` "cannot be included in custom JWTs"; "Session tokens" lists ``fva`` and
# ``sts`` among what no template can override. ``act`` is free: "Impersonation" has
# ``{{session.actor}}`` added as a claim.
TEMPLATE_RESERVED_CLAIMS = TEMPLATE_DEFAULT_CLAIMS | {"sid", "v", "pla", "fea", "fva", "sts"}

# Version 2 of the session token, with its organization and actor claims. Version 1's ``org_id``,
# ``org_role`` and the like are free names in it.
SESSION_RESERVED_CLAIMS = TEMPLATE_RESERVED_CLAIMS | {"o", "act"}

#: Seconds (Backend API, ``CreateJWTTemplate``).
DEFAULT_LIFETIME = 60
MIN_LIFETIME = 30
MAX_LIFETIME = 315_360_000

#: Seconds (Backend API, ``CreateJWTTemplate``).
DEFAULT_ALLOWED_CLOCK_SKEW = 5
MIN_ALLOWED_CLOCK_SKEW = 0
MAX_ALLOWED_CLOCK_SKEW = 300

#: Bytes of custom claims that a session token should stay under ("Size limitations").
RECOMMENDED_SESSION_CLAIMS_SIZE = 1200

#: Bytes of name and value after which browsers drop a cookie (RFC 6265, section 6.1).
COOKIE_LIMIT = 4096

# Clerk names no limits for the next four: these are ours, far above what a cookie can carry.

#: Levels of objects and lists in a template; the object of claims itself is the first.
MAX_TEMPLATE_DEPTH = 32

#: Bytes of a template as compact JSON.
MAX_TEMPLATE_SIZE = 65_536

#: Levels of objects and lists in a value that a shortcode stands for.
MAX_VALUE_DEPTH = 100

#: Characters of a number in a shortcode.
MAX_NUMBER_LENGTH = 40
