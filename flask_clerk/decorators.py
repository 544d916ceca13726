"""The decorators. They mark a view; the hook enforces the marks before the view is called.

So a decorator that stands above the route decorator still guards, and a caching decorator around
the view cannot leak a page. A decorated function also checks for itself when something between it
and the route has hidden the mark.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from copy import deepcopy
from functools import wraps
from typing import Any
from typing import Final
from typing import TypeVar
from typing import overload

from .core.authorization import NOT_ASKED
from .core.authorization import REVERIFICATION_PRESETS
from .core.authorization import reverification_config
from .core.tokens import accepted_types
from .globals import enforce
from .guards import ClaimCondition
from .guards import Guard
from .guards import mark
from .guards import mark_public

View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]

#: A scope-token of RFC 6749, section 3.3.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@overload
def require_auth(view: View, /) -> View: ...
@overload
def require_auth(
    *,
    role: str = ...,
    permission: str = ...,
    feature: str = ...,
    plan: str = ...,
    reverification: str | Mapping[str, Any] = ...,
    claim: str | Mapping[str, Any] = ...,
    accepts_token: str | Iterable[str] = ...,
    scopes: str | Iterable[str] = ...,
    redirect: bool | None = ...,
    keep_form: bool = ...,
) -> Callable[[View], View]: ...
def require_auth(view: Any = None, /, **conditions: Any) -> Any:
    """Let only signed-in sessions in, or other tokens that are accepted, that have all it asks.

    Works bare (``@require_auth``) and called, on functions, async views, view classes and in
    ``MethodView.decorators``. A session answers everything but ``scopes``, a JWT-template token
    only ``claim``, any other token only ``scopes``; who is asked nothing that they can answer,
    while others are asked something, is not let in.

    :param role: An organization role.
    :param permission: An organization permission.
    :param feature: A feature of the plan.
    :param plan: A plan.
    :param reverification: A preset, or ``{"level": …, "after_minutes": …}``.
    :param claim: The name of a claim, or claims with the values allowed.
    :param accepts_token: The token types to let in, instead of what ``CLERK_ACCEPTS_TOKEN``
        says: ``session_token``, ``api_key``, ``m2m_token``, ``oauth_token``, ``jwt_template``,
        several, or ``any`` for all but the last.
    :param scopes: The scopes that a token must have, all of them.
    :param redirect: Whether a signed-out navigation is sent to sign in, instead of what
        ``CLERK_REDIRECT_TO_SIGN_IN`` says.
    :param keep_form: Whether a form posted with a session that has just expired is put aside and
        shown again, with ``kept_form()``, once the session is renewed. Needs ``SECRET_KEY``.
    :raises ValueError: For a reverification or a token type that does not exist.
    """
    guard = make_guard(**conditions)
    if view is None:
        return lambda view: _guarded(view, guard)
    if not callable(view):
        raise TypeError("require_auth takes conditions by name, such as role= or permission=.")
    return _guarded(view, guard)


def require_claim(path: str | Iterable[str], *allowed: Any) -> Callable[[View], View]:
    """Let only sessions in that have this claim, with one of the allowed values.

    :param path: The claim's name, or dots into objects; several places may be named in a tuple.
    :param allowed: Values of the same JSON type, or functions of the claim. A list claim must
        contain one of them. Without any, the claim must be there and truthy.
    """
    guard = Guard(claims=(_claim_condition(path, allowed),))
    return lambda view: _guarded(view, guard)


def require_role(role: str) -> Callable[[View], View]:
    """Let only sessions in whose active organization gives them this role."""
    return require_auth(role=role)


def require_permission(permission: str) -> Callable[[View], View]:
    """Let only sessions in whose active organization gives them this permission."""
    return require_auth(permission=permission)


def require_feature(feature: str) -> Callable[[View], View]:
    """Let only sessions in whose user or organization has this feature."""
    return require_auth(feature=feature)


def require_plan(plan: str) -> Callable[[View], View]:
    """Let only sessions in whose user or organization is on this plan."""
    return require_auth(plan=plan)


def require_reverification(
    reverification: str | Mapping[str, Any] = "strict",
) -> Callable[[View], View]:
    """Let only sessions in that were verified again lately.

    :param reverification: A preset, or ``{"level": …, "after_minutes": …}``.
    :raises ValueError: For one that does not exist.
    """
    return require_auth(reverification=reverification)


def public(view: View) -> View:
    """Leave this view open where the app or its blueprint is closed."""
    if inspect.ismethod(view):  # it takes no marks, and its function is other objects' too
        view = _own_function(view)
    mark_public(view)
    return view


def make_guard(
    *,
    claim: Any = NOT_ASKED,
    reverification: Any = NOT_ASKED,
    accepts_token: Any = NOT_ASKED,
    scopes: Any = NOT_ASKED,
    redirect: bool | None = None,
    keep_form: bool = False,
    **asked: Any,
) -> Guard:
    """Return the guard of these conditions, as ``require_auth`` takes them.

    :raises TypeError: For a condition that does not exist, and for one that asks nothing.
    :raises ValueError: For a reverification or a token type that does not exist.
    """
    unknown = asked.keys() - {"role", "permission", "feature", "plan"}
    for name, value in asked.items():
        if value is not NOT_ASKED and value is not None and not isinstance(value, str):
            raise TypeError(
                f"{name} is one name; to accept several, ask auth.has({name}=…) in the view."
            )
    if unknown:
        raise TypeError(f"require_auth has no condition {', '.join(sorted(unknown))}.")
    if reverification is not NOT_ASKED and reverification_config(reverification) is None:
        presets = ", ".join(REVERIFICATION_PRESETS)
        raise ValueError(
            f'reverification is one of {presets}, or {{"level": "second_factor", '
            '"after_minutes": 10}.'
        )
    return Guard(
        asked={name: value for name, value in asked.items() if value is not NOT_ASKED},
        claims=() if claim is NOT_ASKED else tuple(_claim_conditions(claim)),
        reverification=None if reverification is NOT_ASKED else deepcopy(reverification),
        redirect=redirect,
        keep_form=keep_form,
        accepts=None if accepts_token is NOT_ASKED else _token_types(accepts_token),
        scopes=() if scopes is NOT_ASKED else _scopes(scopes),
    )


def _token_types(asked: Any) -> tuple[str, ...]:
    if not isinstance(asked, (str, list, tuple, set, frozenset)):
        raise TypeError("accepts_token is the name of a token type, or a list of them.")
    try:
        return accepted_types(asked)
    except ValueError as error:
        raise ValueError(f"accepts_token is {error}.") from error


def _scopes(asked: Any) -> tuple[str, ...]:
    """Read ``scopes=``: one, several with spaces between them as OAuth writes them, or a list."""
    named = tuple(asked.split()) if isinstance(asked, str) else asked
    if not isinstance(named, (list, tuple, set, frozenset)) or not named:
        raise TypeError("scopes is the name of a scope, or a list of them.")
    if not all(isinstance(scope, str) and _SCOPE.fullmatch(scope) for scope in named):
        raise TypeError("A scope is printable ASCII without spaces, quotes and backslashes.")
    return tuple(sorted(named) if isinstance(named, (set, frozenset)) else named)


def _own_function(method: Any) -> Any:
    @wraps(method)
    def function(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return function


def _guarded(view: Any, guard: Guard) -> Any:
    if isinstance(view, type):
        return _guarded_class(view, guard)
    mark(view, guard)
    return _checked(view, guard)


def _guarded_class(view_class: type, guard: Guard) -> type:
    """Guard the one function through which a view class serves every request."""
    dispatch = getattr(view_class, "dispatch_request", None)
    if dispatch is None:
        raise TypeError(
            f"{view_class.__name__} is no view class: decorate the functions that are its views."
        )
    mark(view_class, guard)
    setattr(view_class, "dispatch_request", _checked(dispatch, guard))  # noqa: B010
    return view_class


def _checked(view: Any, guard: Guard) -> Any:
    """Return the view with a check of its own, for where its mark is hidden from the hook."""
    if inspect.iscoroutinefunction(view):

        @wraps(view)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            enforce((guard,), view)
            return await view(*args, **kwargs)

    else:

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            enforce((guard,), view)
            return view(*args, **kwargs)

    return wrapper


def _claim_conditions(claim: Any) -> Iterator[ClaimCondition]:
    """Read ``claim=``; an empty one would let every session in, and is likely a mistake."""
    if isinstance(claim, str):
        yield _claim_condition(claim, ())
        return
    if not isinstance(claim, Mapping) or not claim:
        raise TypeError("claim is the name of a claim, or claims with the values allowed.")
    for path, value in claim.items():
        allowed = tuple(value) if isinstance(value, (list, tuple, set, frozenset)) else (value,)
        if not allowed:
            raise TypeError(f"claim allows no value for {path}: name one, or the claim alone.")
        yield _claim_condition(path, allowed)


def _claim_condition(path: str | Iterable[str], allowed: Iterable[Any]) -> ClaimCondition:
    if not isinstance(path, (str, list, tuple)):
        raise TypeError("require_claim takes the name of a claim, or a tuple of names.")
    paths = (path,) if isinstance(path, str) else tuple(path)
    if not paths or not all(isinstance(name, str) and name for name in paths):
        raise TypeError("require_claim takes the name of a claim, or a tuple of names.")
    values = tuple(allowed)
    if any(isinstance(value, (list, tuple, set, frozenset)) for value in values):
        raise TypeError('Name the allowed values one by one: require_claim("role", "a", "b").')
    if None in values:
        raise TypeError(
            "None is no allowed value: Clerk writes null for what a user does not have, so it "
            "would let everybody in who lacks the claim."
        )
    return ClaimCondition(paths, values)
