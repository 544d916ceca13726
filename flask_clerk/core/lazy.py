"""Attributes that are computed at first use and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Generic
from typing import TypeVar
from typing import overload

_T = TypeVar("_T")


class lazy(Generic[_T]):  # noqa: N801 (it reads as a decorator)
    """``functools.cached_property`` without its lock.

    Before Python 3.12 that lock is one for all objects of a class and is held while the value is
    computed, so that one request's network call would stop every other request.
    """

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        """Decorate a method without arguments."""
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> lazy[_T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> _T: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> lazy[_T] | _T:
        if instance is None:
            return self
        value = self._compute(instance)
        # Not by way of __dict__: since Python 3.11 an object has none before somebody asks for it.
        object.__setattr__(instance, self._name, value)
        return value
