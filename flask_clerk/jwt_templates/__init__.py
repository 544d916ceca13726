"""Clerk's JWT template language as pure functions."""

from __future__ import annotations

from .claims import ParsedClaims
from .claims import parse_claims
from .errors import ReservedClaimError
from .errors import ShortcodeError
from .errors import TemplateError
from .people import context_of
from .people import memberships_of
from .places import Place
from .places import file_text
from .places import lines_of
from .places import written
from .render import RenderContext
from .render import render_claims
from .shortcodes import Literal
from .shortcodes import Path
from .shortcodes import Shortcode
from .shortcodes import Text
from .shortcodes import parse_text
from .template import TEMPLATE_FIELDS
from .template import Template
from .tokens import Mint
from .tokens import TokenPreview
from .tokens import preview_session_token
from .tokens import preview_template
from .values import claims_size
from .vocabulary import COOKIE_LIMIT
from .vocabulary import DOCUMENTED_SHORTCODES
from .vocabulary import RECOMMENDED_SESSION_CLAIMS_SIZE
from .vocabulary import SESSION_RESERVED_CLAIMS
from .vocabulary import SHORTCODES
from .vocabulary import TEMPLATE_DEFAULT_CLAIMS
from .vocabulary import TEMPLATE_RESERVED_CLAIMS
from .vocabulary import UNDOCUMENTED_SHORTCODES

__all__ = [
    "COOKIE_LIMIT",
    "DOCUMENTED_SHORTCODES",
    "RECOMMENDED_SESSION_CLAIMS_SIZE",
    "SESSION_RESERVED_CLAIMS",
    "SHORTCODES",
    "TEMPLATE_DEFAULT_CLAIMS",
    "TEMPLATE_FIELDS",
    "TEMPLATE_RESERVED_CLAIMS",
    "UNDOCUMENTED_SHORTCODES",
    "Literal",
    "Mint",
    "ParsedClaims",
    "Path",
    "Place",
    "RenderContext",
    "ReservedClaimError",
    "Shortcode",
    "ShortcodeError",
    "Template",
    "TemplateError",
    "Text",
    "TokenPreview",
    "claims_size",
    "context_of",
    "file_text",
    "lines_of",
    "memberships_of",
    "parse_claims",
    "parse_text",
    "preview_session_token",
    "preview_template",
    "render_claims",
    "written",
]
