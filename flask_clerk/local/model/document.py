"""What every stored thing has in common: a kind, an id, a JSON form, a few indexed fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import ClassVar
from typing import TypeVar

_Part = TypeVar("_Part", bound="Part")


class Part:
    """A dataclass that goes into JSON and comes back. All times are Unix milliseconds."""

    #: Fields that hold another part, a tuple of them, or ``None``.
    parts: ClassVar[Mapping[str, type[Part]]] = {}

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls: type[_Part], data: Mapping[str, Any]) -> _Part:
        """Read the stored form; unknown fields are dropped, missing ones get their defaults."""
        names = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        values = {
            name: _restore(value, cls.parts.get(name))
            for name, value in data.items()
            if name in names
        }
        return cls(**values)


class Document(Part):
    """A part that is stored on its own, under its kind and id."""

    kind: ClassVar[str]
    #: Fields by which the store finds documents of this kind.
    indexes: ClassVar[tuple[str, ...]] = ()

    id: str

    def index_values(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the value of every indexed field that has one."""
        for name in self.indexes:
            value = getattr(self, name)
            if value is not None:
                yield name, value


def _restore(value: Any, part: type[Part] | None) -> Any:
    if isinstance(value, list):
        return tuple(_restore(item, part) for item in value)
    if part is not None and isinstance(value, Mapping):
        return part.from_json(value)
    return value
