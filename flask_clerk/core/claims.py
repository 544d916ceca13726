"""Verified claims as read-only ``dict`` and ``list``, which JSON encoders take as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from typing import Final
from typing import NoReturn

from .strict_json import Members
from .strict_json import decoder_of
from .strict_json import read_json

MISSING: Final = object()

_PLAIN: Final = frozenset({dict, list})


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
    if isinstance(value, (FrozenDict, FrozenList)):
        return value
    if isinstance(value, dict):
        return _frozen_object(list(value.items()))
    if isinstance(value, list):
        return FrozenList([freeze(item) if type(item) in _PLAIN else item for item in value])
    return value


def read_frozen(text: str) -> Any:
    """Return the value of a JSON text; an object is read-only throughout.

    :raises ValueError: As :func:`read_json` does.
    """
    return read_json(text, _DECODER)


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


def _frozen_object(members: Members) -> FrozenDict:
    """Return a read-only object; its names are shared: the same few come with every token."""
    found = FrozenDict(
        {
            _shared(name): freeze(value) if type(value) in _PLAIN else value
            for name, value in members
        }
    )
    if len(found) != len(members):
        raise ValueError("duplicate name")
    return found


@lru_cache(maxsize=256)
def _shared(name: str) -> str:
    """Return equal names as one object.

    What ``sys.intern`` is given may live for ever (CPython 3.12), and names are read of tokens
    that anybody can make up.
    """
    return name


_DECODER: Final = decoder_of(_frozen_object)
