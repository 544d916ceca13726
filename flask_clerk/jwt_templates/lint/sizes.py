"""The rule about sizes, measured over people."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Final

from ..claims import parse_claims
from ..errors import TemplateError
from ..render import RenderContext
from ..template import Template
from ..tokens import Mint
from ..tokens import TokenPreview
from ..tokens import preview_session_token
from ..tokens import preview_template
from ..values import claims_size
from ..vocabulary import COOKIE_LIMIT
from ..vocabulary import RECOMMENDED_SESSION_CLAIMS_SIZE
from .findings import Problem
from .findings import Severity
from .subject import Person
from .subject import Subject
from .subject import Surroundings

_NOBODY: Final = Person("anybody", RenderContext())
_REPAIR: Final = "Name the fields that are read, such as {{user.public_metadata.role}}."


def sizes(subject: Subject, surroundings: Surroundings) -> Iterator[Problem]:
    """Find tokens that are too large for somebody: the one for whom they are largest."""
    found = max(_previews(subject, surroundings), key=lambda each: each[1].size, default=None)
    if found is None:
        return
    person, token = found
    if token.cookie_size > COOKIE_LIMIT:
        severity = Severity.ERROR if subject.is_session_token else Severity.WARNING
        reason = (
            f"For {person.name} the token takes {token.cookie_size} bytes in a cookie, "
            f"and browsers drop cookies of more than {COOKIE_LIMIT}"
        )
    elif subject.is_session_token and token.custom_size > RECOMMENDED_SESSION_CLAIMS_SIZE:
        severity = Severity.WARNING
        reason = (
            f"For {person.name} the claims take {token.custom_size} bytes, "
            f"and Clerk recommends at most {RECOMMENDED_SESSION_CLAIMS_SIZE}"
        )
    else:
        return
    largest, size = _largest(token)
    yield Problem(
        (*subject.root, largest), f"{reason}: {largest!r} takes {size}.", _REPAIR, severity
    )


def _previews(
    subject: Subject, surroundings: Surroundings
) -> Iterator[tuple[Person, TokenPreview]]:
    """Yield the token of everybody; none if no token can be made."""
    try:
        make = _maker(subject, surroundings.mint)
    except TemplateError:
        return
    for person in (_NOBODY, *surroundings.people):
        yield person, make(person.context)


def _maker(subject: Subject, mint: Mint) -> Callable[[RenderContext], TokenPreview]:
    if subject.is_session_token:
        claims = parse_claims(subject.claims)
        return lambda context: preview_session_token(claims, context, mint)
    template = Template.from_json(subject.document)
    return lambda context: preview_template(template, context, mint)


def _largest(token: TokenPreview) -> tuple[str, int]:
    """Return the claim that takes the most bytes, and how many."""
    by_size = {name: claims_size({name: value}) for name, value in token.custom.items()}
    name = max(by_size, key=by_size.__getitem__, default="")
    return name, by_size.get(name, 0)
