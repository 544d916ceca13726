"""The facts of a request that a decision may be remembered by: the exact texts, and no others."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final
from typing import TypeAlias
from urllib.parse import unquote

from .urls import base_of

#: First what ``Authorization`` says, then the cookies that may be Clerk's, then the circumstances.
Facts: TypeAlias = tuple[Hashable, ...]

#: How the facts of a visitor begin who carries nothing of Clerk's.
NOTHING: Final = (None, ())
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
    circumstances: Hashable = None,
) -> Facts | None:
    """Return the facts, or ``None`` for a request that is to be decided each time.

    That is one whose query may carry parameters of Clerk's. Other cookies are left out, since
    those of visitor statistics change with every page. Where a request comes from is read of
    documents only, and of a referrer only its origin.

    :param cookies: The whole ``Cookie`` header.
    :param destination: ``Sec-Fetch-Dest``.
    :param accepts: The token types that are accepted.
    :param place: All that the origin of the URL follows from.
    :param circumstances: All else that an organization of the URL is activated by.
    """
    if query and _may_name_parameters(query):
        return None
    own = () if not cookies else tuple([c for c in cookies.split(";") if _MARK_OF_COOKIES in c])
    is_document = method == "GET" and destination == "document"
    if is_document and own:
        return authorization or None, own, accepts, place, base_of(referrer or ""), circumstances
    return authorization or None, own, accepts, is_document, circumstances


def carry(facts: Facts, token: str) -> bool:
    """Whether the token is among the texts that were sent."""
    authorization, cookies = facts[:2]
    texts = (authorization, *cookies) if isinstance(cookies, tuple) else ()
    return any(isinstance(text, str) and token in text for text in texts)


def _may_name_parameters(query: str) -> bool:
    """Whether one of Clerk's parameters may be in a query, however it is escaped."""
    return _MARK_OF_PARAMETERS in query or (
        "%" in query and _MARK_OF_PARAMETERS in unquote(query, errors="replace")
    )
