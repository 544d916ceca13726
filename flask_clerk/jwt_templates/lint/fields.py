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
#: Seconds. A token of a template cannot be revoked: it outlives its session by up to this.
LONG_LIFETIME: Final = 300
#: Seconds: Clerk's default for the longest session ("Session options").
SESSION_LIFETIME: Final = 7 * 86_400


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
    repair = f"Set lifetime to {LONG_LIFETIME} seconds or less, and mint a new token when needed."
    if lifetime > SESSION_LIFETIME:
        reason = f"A token lives for {lifetime} seconds, longer than any session by default."
        yield Problem(("lifetime",), reason, repair, Severity.ERROR)
    else:
        reason = f"A token outlives the revocation of its session by up to {lifetime} seconds."
        yield Problem(("lifetime",), reason, repair)


def _unknown_fields(subject: Subject) -> Iterator[Problem]:
    for name in subject.document:
        if name not in TEMPLATE_FIELDS:
            near = get_close_matches(name, TEMPLATE_FIELDS, 1)
            repair = f"Write {near[0]!r}." if near else f"Use {', '.join(TEMPLATE_FIELDS)}."
            yield Problem((name,), f"A template has no field {name!r}.", repair)
