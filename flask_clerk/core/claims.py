"""Verified claims as read-only ``dict`` and ``list``, which JSON encoders take as they are."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any
from typing import Final
from typing import NoReturn

MISSING: Final = object()


def _refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
    raise TypeError("Verified claims are read-only; make a copy with dict(…) or list(…).")


class FrozenDict(dict[str, Any]):
    """A ``dict`` whose mutators raise ``TypeError``. Copies of it are plain.

    It guards against mistakes, not against code that goes around it (``dict.update(claims, …)``).
    """

    __slots__ = ()

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: _thaw(value) for key, value in self.items()}


class FrozenList(list[Any]):
    """A ``list`` whose mutators raise ``TypeError``. Copies of it are plain."""

    __slots__ = ()

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = pop = clear = _refuse
    sort = reverse = _refuse

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return list, (list(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [_thaw(value) for value in self]


#: The claims of a token whose signature and times have been checked.
Claims = FrozenDict


def freeze(value: Any) -> Any:
    """Return the JSON value with every object and array in it read-only."""
    if isinstance(value, dict):
        # Interned, since the same few names come with every token that is remembered.
        return FrozenDict({intern(key): freeze(item) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList(map(freeze, value))
    return value


def find_claim(claims: Any, path: str) -> Any:
    """Return the claim at ``path``, or ``MISSING``.

    A key spelled exactly like the path wins; then dots walk into objects.
    """
    if not isinstance(claims, dict):
        return MISSING
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return MISSING
        found = found[name]
    return found


def _thaw(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_thaw(item) for item in value]
    return value
