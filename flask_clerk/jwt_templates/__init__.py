"""Clerk's JWT template language as pure functions."""

from __future__ import annotations

from .claims import ParsedClaims
from .claims import parse_claims
from .errors import ReservedClaimError
from .errors import ShortcodeError
from .errors import TemplateError
from .render import RenderContext
from .render import render_claims
from .shortcodes import Literal
from .shortcodes import Path
from .shortcodes import Shortcode
from .shortcodes import Text
from .shortcodes import parse_text
from .template import Template
from .values import claims_size
from .vocabulary import DOCUMENTED_SHORTCODES
from .vocabulary import RECOMMENDED_SESSION_CLAIMS_SIZE
from .vocabulary import SESSION_RESERVED_CLAIMS
from .vocabulary import SHORTCODES
from .vocabulary import TEMPLATE_DEFAULT_CLAIMS
from .vocabulary import TEMPLATE_RESERVED_CLAIMS
from .vocabulary import UNDOCUMENTED_SHORTCODES

__all__ = [
    "DOCUMENTED_SHORTCODES",
    "RECOMMENDED_SESSION_CLAIMS_SIZE",
    "SESSION_RESERVED_CLAIMS",
    "SHORTCODES",
    "TEMPLATE_DEFAULT_CLAIMS",
    "TEMPLATE_RESERVED_CLAIMS",
    "UNDOCUMENTED_SHORTCODES",
    "Literal",
    "ParsedClaims",
    "Path",
    "RenderContext",
    "ReservedClaimError",
    "Shortcode",
    "ShortcodeError",
    "Template",
    "TemplateError",
    "Text",
    "claims_size",
    "parse_claims",
    "parse_text",
    "render_claims",
]
