"""Rules about a template's fields and the names of its claims."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from ..claims import parse_claims
from ..errors import ReservedClaimError
from ..errors import ShortcodeError
from ..errors import TemplateError
from ..template import TEMPLATE_FIELDS
from ..template import Template
from .findings import Problem
from .findings import Severity
from .subject import Subject
from .subject import Surroundings

#: Bytes of a claim's name. Those that Clerk shows have at most 25.
LONG_NAME: Final = 32
#: Seconds. A template's token names no session, so it outlives its session by up to this.
LONG_LIFETIME: Final = 300


def invalid_fields(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find what Clerk would refuse, but for what other rules find claim by claim."""
    if not subject.is_session_token:
        yield from _unknown_fields(subject)
        try:
            Template.from_json({**subject.document, "claims": {}})
        except TemplateError as error:
            yield Problem((error.where,), f"{error.where} is not valid.", f"{error.message}.")
        if not isinstance(subject.document.get("claims"), dict):
            yield Problem(("claims",), "The template has no object of claims.", 'Add "claims": {}.')
    try:
        parse_claims(subject.claims)
    except ShortcodeError:
        return
    except TemplateError as error:
        yield Problem(subject.root, "Clerk cannot use the claims.", f"{error.message}.")


def reserved_claims(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find claims that only Clerk sets."""
    for name in subject.claims:
        if name in subject.reserved:
            message = ReservedClaimError((name,)).message
            reason, _, repair = message.partition(". ")
            yield Problem((*subject.root, name), f"{reason}.", repair)


def long_names(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find names that cost more than they say; URLs are names by agreement with others."""
    for place, name in subject.names:
        size = len(name.encode())
        if size > LONG_NAME and "://" not in name:
            yield Problem(
                place,
                f"The name {name!r} takes {size} bytes of every token.",
                f"Shorten it to {LONG_NAME} bytes or less.",
            )


def long_lifetimes(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find tokens that are good for long after their session was revoked."""
    lifetime = subject.document.get("lifetime")
    if subject.is_session_token or type(lifetime) is not int or lifetime <= LONG_LIFETIME:
        return
    remembered = surroundings.revocation_lifetime
    if lifetime > remembered:
        yield Problem(
            ("lifetime",),
            f"A token lives for {lifetime} seconds, and a user's revocation is forgotten after "
            f"{remembered:.0f}.",
            f"Set lifetime to {LONG_LIFETIME} or less, or CLERK_REVOCATION_LIFETIME to {lifetime}.",
            Severity.ERROR,
        )
    else:
        yield Problem(
            ("lifetime",),
            f"A token outlives its session, revoked or not, by up to {lifetime} seconds.",
            f"Set lifetime to {LONG_LIFETIME} seconds or less, and mint tokens when needed.",
        )


def _unknown_fields(subject: Subject) -> Iterator[Problem]:
    for name in subject.document:
        if name not in TEMPLATE_FIELDS:
            near = get_close_matches(name, TEMPLATE_FIELDS, 1)
            repair = f"Write {near[0]!r}." if near else f"Use {', '.join(TEMPLATE_FIELDS)}."
            yield Problem((name,), f"A template has no field {name!r}.", repair)
