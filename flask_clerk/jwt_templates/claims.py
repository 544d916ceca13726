"""A template's claims, checked and read once, to be rendered many times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from typing import TypeAlias

from .errors import ReservedClaimError
from .errors import TemplateError
from .shortcodes import Shortcode
from .shortcodes import Text
from .shortcodes import parse_text
from .values import claims_size
from .vocabulary import MAX_TEMPLATE_DEPTH
from .vocabulary import MAX_TEMPLATE_SIZE

Node: TypeAlias = "str | int | float | bool | Text | dict[str, Node] | tuple[Node, ...] | None"


@dataclass(frozen=True, slots=True)
class ParsedClaims:
    """Claims in which every text with shortcodes has become a :class:`Text`."""

    nodes: Mapping[str, Node]

    def shortcodes(self) -> Iterator[tuple[str, Shortcode]]:
        """Yield every shortcode with the claim it stands in, such as ``metadata.roles[0]``."""
        for name, node in self.nodes.items():
            yield from _walk(node, name)


def parse_claims(claims: Mapping[str, Any], *, reserved: Set[str] = frozenset()) -> ParsedClaims:
    """Check a template's claims and read their shortcodes.

    Keys are static: braces in them mean nothing.

    :param reserved: Names that the outermost object must not use: ``TEMPLATE_RESERVED_CLAIMS``
        for a JWT template, ``SESSION_RESERVED_CLAIMS`` for a customised session token.
    :raises ReservedClaimError: If a reserved name is used.
    :raises ShortcodeError: If a shortcode cannot be read.
    :raises TemplateError: If the claims are not a JSON object, too deep or too large.
    """
    if not isinstance(claims, Mapping):
        raise TemplateError("Claims must be a JSON object, such as {}", where="claims")
    if taken := tuple(sorted(name for name in claims if name in reserved)):
        raise ReservedClaimError(taken)
    nodes = _parse_object(claims, "", 1)
    size = claims_size(claims)
    if size > MAX_TEMPLATE_SIZE:
        raise TemplateError(
            f"Claims take {size} bytes: shorten them to {MAX_TEMPLATE_SIZE} or less",
            where="claims",
        )
    return ParsedClaims(nodes)


def _parse(value: object, where: str, level: int) -> Node:
    if isinstance(value, str):
        return parse_text(value, where=where) if "{{" in value else value
    if isinstance(value, dict):
        return _parse_object(value, where, level)
    if isinstance(value, list):
        _check_level(where, level)
        return tuple(
            _parse(item, f"{where}[{index}]", level + 1) for index, item in enumerate(value)
        )
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise TemplateError(
        f"Claim {where!r} is not a JSON value: use text, numbers, true, false, null, lists"
        " and objects",
        where=where,
    )


def _parse_object(value: Mapping[str, Any], where: str, level: int) -> dict[str, Node]:
    _check_level(where, level)
    nodes = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise TemplateError(f"Name {name!r} must be text", where=where)
        nodes[name] = _parse(item, f"{where}.{name}" if where else name, level + 1)
    return nodes


def _check_level(where: str, level: int) -> None:
    if level > MAX_TEMPLATE_DEPTH:
        raise TemplateError(
            f"Claims are nested deeper than {MAX_TEMPLATE_DEPTH} levels: flatten them",
            where=where,
        )


def _walk(node: Node, where: str) -> Iterator[tuple[str, Shortcode]]:
    if isinstance(node, Text):
        for shortcode in node.shortcodes:
            yield where, shortcode
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from _walk(inner, f"{where}.{name}")
    elif isinstance(node, tuple):
        for index, inner in enumerate(node):
            yield from _walk(inner, f"{where}[{index}]")
