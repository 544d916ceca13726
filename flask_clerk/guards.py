"""Guards: what a view asks of a session, the marks that carry it, and the verdict."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final

from .core.auth import Auth
from .core.claims import MISSING
from .core.constants import Reason
from .core.tokens import JWT_TEMPLATE
from .core.tokens import SESSION_TOKEN
from .exceptions import Forbidden
from .exceptions import InsufficientScope
from .exceptions import ReverificationRequired
from .exceptions import Unauthenticated

logger = logging.getLogger("flask_clerk")

_GUARDS: Final = "__clerk_guards__"
_PUBLIC: Final = "__clerk_public__"
_APART: Final = "__clerk_apart__"
_NOT_MET: Final = "condition-not-met"


class _Marks:
    """Counts the marks, so that what was worked out from them is known to be of yesterday."""

    made = 0


marks: Final = _Marks()


@dataclass(frozen=True, slots=True)
class ClaimCondition:
    """A claim that a session must have, at one of several places.

    With no allowed values the claim must be there and truthy. A scalar must equal an allowed
    value of the same JSON type, a list must contain one, and a callable is asked.
    """

    paths: tuple[str, ...]
    allowed: tuple[Any, ...] = ()

    def holds_for(self, auth: Auth) -> bool:
        """Whether the session has such a claim."""
        claims = (auth.claim(path, MISSING) for path in self.paths)
        return any(claim is not MISSING and self._accepts(claim) for claim in claims)

    def _accepts(self, claim: Any) -> bool:
        if not self.allowed:
            return bool(claim)
        return any(_is_allowed(claim, allowed) for allowed in self.allowed)


@dataclass(frozen=True, slots=True)
class Guard:
    """Somebody who is authenticated, and what else is asked of them.

    A session answers ``asked``, ``claims`` and ``reverification``, a token made from a JWT
    template ``claims``, and any other token ``scopes``. Whoever is asked nothing that they can
    answer, while others are asked something, is refused.

    :param asked: Arguments of ``has()`` other than ``reverification``.
    :param reverification: The preset or mapping asked for, or ``None``.
    :param redirect: Whether a signed-out navigation goes to sign in; the setting's word if
        ``None``.
    :param keep_form: Whether the fields of a form outlive a session that expires meanwhile.
    :param accepts: The token types that are let in; what ``CLERK_ACCEPTS_TOKEN`` says if ``None``.
    :param scopes: The scopes that a token must have, all of them.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[ClaimCondition, ...] = ()
    reverification: Any = None
    redirect: bool | None = None
    keep_form: bool = False
    accepts: tuple[str, ...] | None = None
    scopes: tuple[str, ...] = ()

    def check(self, auth: Auth) -> None:
        """Refuse whoever does not have it all.

        :raises Unauthenticated: If nobody is authenticated, or by a type that is not accepted.
        :raises Forbidden: If a condition does not hold.
        :raises InsufficientScope: If a token lacks one of the scopes.
        :raises ReverificationRequired: If all but a fresh verification is there.
        """
        if not auth.is_authenticated:
            raise Unauthenticated(self._invitation, reason=auth.reason)
        if self.accepts is not None and auth.token_type not in self.accepts:
            raise Unauthenticated(self._invitation, reason=Reason.TOKEN_TYPE_MISMATCH)
        if auth.is_signed_in:
            self._check_session(auth)
        elif auth.token_type == JWT_TEMPLATE:
            self._check_template(auth)
        else:
            self._check_machine(auth)

    @property
    def _invitation(self) -> str | None:
        is_for_people = self.accepts is None or SESSION_TOKEN in self.accepts
        return None if is_for_people else "Send a token of a type that is accepted here."

    def _check_session(self, auth: Auth) -> None:
        has_all = not self.asked or auth.has(**self.asked)
        if not has_all or not self._claims_hold(auth):
            raise Forbidden(reason=_NOT_MET)
        if self.reverification is not None and not auth.has(reverification=self.reverification):
            raise ReverificationRequired(self.reverification)

    def _check_template(self, auth: Auth) -> None:
        is_unanswered = self.asked or self.reverification is not None
        if is_unanswered or (self.scopes and not self.claims) or not self._claims_hold(auth):
            raise Forbidden(reason=_NOT_MET)

    def _check_machine(self, auth: Auth) -> None:
        if not set(self.scopes) <= set(auth.scopes or ()):
            raise InsufficientScope(self.scopes)
        is_unanswered = self.asked or self.claims or self.reverification is not None
        if is_unanswered and not self.scopes:
            raise Forbidden(reason=_NOT_MET)

    def _claims_hold(self, auth: Auth) -> bool:
        return all(claim.holds_for(auth) for claim in self.claims)


def mark(target: Any, guard: Guard) -> None:
    """Leave a guard on a view, a view class or a blueprint; one that is there already is enough."""
    target = getattr(target, "__func__", target)  # a bound method takes no marks of its own
    there = getattr(target, _GUARDS, ())
    if repr(guard) not in map(repr, there):  # by repr: for == a guard for 1 is one for True
        setattr(target, _GUARDS, (*there, guard))
        marks.made += 1


def mark_public(target: Any) -> None:
    """Leave the mark of a view, a view class or a blueprint that is open to everybody."""
    setattr(target, _PUBLIC, True)
    marks.made += 1


def mark_apart(view: Any) -> None:
    """Leave the mark of a view that finds out itself who calls: no session is decided about."""
    setattr(view, _APART, True)
    mark_public(view)


def is_marked_apart(view: Any) -> bool:
    """Whether a view finds out itself who calls."""
    return hasattr(view, _APART)


def guards_of(
    view: Any, method: str, blueprints: Iterable[Any], *, closed: bool
) -> tuple[Guard, ...]:
    """Return every guard between a request and a view.

    A public view is open where its blueprint or the app is closed; what the view itself asks for
    stays.

    :param closed: Whether views without any mark ask for a session.
    """
    own = [view, *_parts_of_class(view, method)]
    around = list(blueprints)
    guards = _collect(own)
    if any(map(_is_public, own)):
        return guards
    guards += _collect(around)
    is_closed = closed and not any(map(_is_public, around))
    return guards or ((Guard(),) if is_closed else ())


def accepted_by(guards: Iterable[Guard]) -> tuple[str, ...] | None:
    """Return the token types that all of the guards accept; ``None`` if none of them says."""
    found: tuple[str, ...] | None = None
    for guard in guards:
        if guard.accepts is not None:
            named = guard.accepts if found is None else found
            found = tuple(name for name in named if name in guard.accepts)
    return found


def is_marked_public(view: Any, method: str, blueprints: Iterable[Any]) -> bool:
    """Whether a view, its class or a blueprint around it is marked as open to everybody."""
    return any(map(_is_public, [view, *_parts_of_class(view, method), *blueprints]))


def answers_options(view: Any) -> bool:
    """Whether a decorator of the view answers ``OPTIONS``, by Flask's own sign for that."""
    return getattr(view, "provide_automatic_options", None) is False


def _parts_of_class(view: Any, method: str) -> list[Any]:
    """Return the class of a class-based view and its functions for this HTTP method."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return []
    name = method.lower()
    function = getattr(view_class, name, None)
    if function is None and name == "head":
        function = getattr(view_class, "get", None)
    return [view_class, getattr(view_class, "dispatch_request", None), function]


def _is_public(target: Any) -> bool:
    """Whether the target itself is marked; a class does not inherit being open."""
    return bool(vars(target).get(_PUBLIC)) if isinstance(target, type) else hasattr(target, _PUBLIC)


def _collect(targets: Iterable[Any]) -> tuple[Guard, ...]:
    return tuple(guard for target in targets for guard in getattr(target, _GUARDS, ()))


def _is_allowed(claim: Any, allowed: Any) -> bool:
    if callable(allowed):
        return _is_approved(claim, allowed)
    if isinstance(claim, list):
        return any(_is_same(item, allowed) for item in claim)
    return _is_same(claim, allowed)


def _is_approved(claim: Any, approve: Any) -> bool:
    """Ask a function about a claim; one that a claim of another type trips up says no."""
    try:
        return bool(approve(claim))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        logger.debug("A function of require_claim could not judge a claim.", exc_info=True)
        return False


def _is_same(claim: Any, allowed: Any) -> bool:
    """Compare as JSON does, all the way down: ``true`` is not ``1``."""
    if isinstance(claim, dict) and isinstance(allowed, dict):
        return claim.keys() == allowed.keys() and all(
            _is_same(claim[name], allowed[name]) for name in claim
        )
    if isinstance(claim, list) and isinstance(allowed, list):
        return len(claim) == len(allowed) and all(map(_is_same, claim, allowed))
    return isinstance(claim, bool) is isinstance(allowed, bool) and bool(claim == allowed)
