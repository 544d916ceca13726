"""The facts of a request that a decision may be remembered by: all that it reads, and no more."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final
from typing import TypeAlias
from urllib.parse import unquote

from .urls import base_of

#: What ``Authorization`` and ``Cookie`` say.
Texts: TypeAlias = tuple[str | None, str | None]
#: The hash of the texts, or ``None`` where they say nothing, and the circumstances.
Key: TypeAlias = tuple[int | None, tuple[Hashable, ...]]
#: What the facts are looked up by, and the texts that were sent.
Facts: TypeAlias = tuple[Key, Texts]

#: The texts of a visitor who carries nothing of Clerk's.
NOTHING: Final = (None, None)
#: In the name of every cookie of Clerk's, suffixed or not.
_MARK_OF_COOKIES: Final = "__"
#: In the name of every query parameter that a decision reads.
_MARK_OF_PARAMETERS: Final = "__clerk"


def facts_of(
    method: str,
    query: str,
    authorization: str | None,
    cookies: str | None,
    destination: str | None,
    referrer: str | None,
    accepts: tuple[str, ...],
    place: Hashable,
    activation: tuple[str | None, ...] | None = None,
) -> Facts | None:
    """Return the facts, or ``None`` for a request that is to be decided each time.

    That is one whose query may carry parameters of Clerk's. A ``Cookie`` header without any that
    may be Clerk's is none. Where a request comes from is read of documents only, and of a referrer
    only its origin.

    :param cookies: The whole ``Cookie`` header.
    :param destination: ``Sec-Fetch-Dest``.
    :param accepts: The token types that are accepted.
    :param place: All that the origin of the URL follows from.
    :param activation: The path and ``Accept``, where an organization may be activated by them.
    """
    if query and _may_name_parameters(query):
        return None
    own = cookies if cookies and _MARK_OF_COOKIES in cookies else None
    is_document = method == "GET" and destination == "document"
    texts = authorization, own
    if texts == NOTHING:  # no path activates an organization for nobody: a flood of paths is one
        return (None, (accepts, is_document)), texts
    if activation is not None:
        activation += (method, destination)
    if is_document and own:
        return (hash(texts), (accepts, place, base_of(referrer or ""), activation)), texts
    return (hash(texts), (accepts, is_document, activation)), texts


def _may_name_parameters(query: str) -> bool:
    """Whether one of Clerk's parameters may be in a query, however it is escaped."""
    return _MARK_OF_PARAMETERS in query or (
        "%" in query and _MARK_OF_PARAMETERS in unquote(query, errors="replace")
    )
