"""Parsed claims and the facts of one session become the claims of one token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from .claims import Node
from .claims import ParsedClaims
from .shortcodes import Literal
from .shortcodes import Path
from .shortcodes import Shortcode
from .shortcodes import Text
from .values import compact_json
from .values import plain_json
from .vocabulary import SHORTCODES


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What the shortcodes stand for, each mapping keyed by the shortcode's second name.

    Nothing is derived here: whoever builds it supplies ``full_name``, ``created_at`` in Unix
    seconds and so on. Other keys may be there; no shortcode can reach them.

    :param org: The active organization, or ``None``.
    :param org_membership: The user's membership in it, or ``None``.
    """

    user: Mapping[str, Any] | None = field(default=None, repr=False)
    org: Mapping[str, Any] | None = field(default=None, repr=False)
    org_membership: Mapping[str, Any] | None = field(default=None, repr=False)
    session: Mapping[str, Any] | None = field(default=None, repr=False)


def render_claims(parsed: ParsedClaims, context: RenderContext) -> dict[str, Any]:
    """Return the claims with every shortcode replaced. Never raises for a JSON context.

    The result shares nothing with the template or the context.
    """
    return {name: _render(node, context) for name, node in parsed.nodes.items()}


def _render(node: Node, context: RenderContext) -> Any:
    if isinstance(node, Text):
        return _render_text(node, context)
    if isinstance(node, dict):
        return {name: _render(inner, context) for name, inner in node.items()}
    if isinstance(node, tuple):
        return [_render(inner, context) for inner in node]
    return node


def _render_text(text: Text, context: RenderContext) -> Any:
    """A shortcode alone keeps its type; beside anything else it becomes text."""
    first = text.parts[0]
    if len(text.parts) == 1 and isinstance(first, Shortcode):
        return _evaluate(first, context)
    return "".join(
        part if isinstance(part, str) else _as_text(_evaluate(part, context)) for part in text.parts
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else compact_json(value)


def _evaluate(shortcode: Shortcode, context: RenderContext) -> Any:
    """Return the first operand that is neither null nor false, else the last.

    Zero and the empty string are values ("JWT templates", "Conditional expressions").
    """
    value = None
    for operand in shortcode.operands:
        value = operand.value if isinstance(operand, Literal) else _look_up(operand, context)
        if value is not None and value is not False:
            break
    return value


def _look_up(path: Path, context: RenderContext) -> Any:
    """Return what a path leads to; only objects are walked.

    A name outside the vocabulary is null even if the context knows it, so a template cannot
    fetch a password hash that lies beside the documented fields.
    """
    if path.shortcode not in SHORTCODES:
        return None
    root, *names = path.names
    value: object = getattr(context, root)
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return plain_json(value)
