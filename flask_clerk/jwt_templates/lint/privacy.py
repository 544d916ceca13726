"""Rules about who can read what is in a token, and who can write it."""

from __future__ import annotations

from collections.abc import Iterator

from ..places import Place
from .findings import Problem
from .findings import Severity
from .shortcodes import in_braces
from .subject import Subject
from .subject import Surroundings

_PRIVATE = "private_metadata"
_UNSAFE = ("user", "unsafe_metadata")


def private_metadata(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find private metadata; whoever holds a token can read it."""
    for place, path in subject.paths:
        if _PRIVATE in path.names[:2]:
            yield Problem(
                place,
                f"{in_braces(path.names)} shows private metadata to everybody who holds the token.",
                "Remove it, or keep what may be seen in public_metadata.",
            )


def whole_unsafe_metadata(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find ``unsafe_metadata`` as a whole; the user can put anything into it, of any size."""
    for place, path in subject.paths:
        if path.names == _UNSAFE:
            yield Problem(
                place,
                "The user can write anything into {{user.unsafe_metadata}}, up to Clerk's 8 KB.",
                "Name the fields that are read, such as {{user.unsafe_metadata.theme}}.",
            )


def guarded_claims(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find claims by which the app decides, and which the user can write.

    A template's claim of such a name is only a warning where the app lets no such tokens in:
    another service may decide by it.
    """
    for guarded in surroundings.guarded:
        is_read = guarded.of_sessions if subject.is_session_token else guarded.of_templates
        for place, source in _sources(subject, guarded.path):
            if source[:2] == _UNSAFE:
                yield Problem(
                    place,
                    f"{guarded.endpoint} is guarded by {guarded.path!r}, which the user can write: "
                    f"it comes from {in_braces(source)}.",
                    "Take it from user.public_metadata, which only your backend writes.",
                    Severity.ERROR if is_read else Severity.WARNING,
                )


def _sources(subject: Subject, claim: str) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Yield the paths that a claim is made of, the claim found as ``auth.claim`` finds it.

    A shortcode that stands for an object may hold the rest of the claim's name.
    """
    wanted = (claim,) if claim in subject.claims else tuple(claim.split("."))
    for place, path in subject.paths:
        found = place[len(subject.root) :]
        if found[: len(wanted)] == wanted[: len(found)]:
            yield place, (*path.names, *wanted[len(found) :])
