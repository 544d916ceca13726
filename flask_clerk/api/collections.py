"""What the collections of the Backend API have in common: paths, pages, and the usual calls."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import Generic
from typing import TypeVar
from urllib.parse import quote

from ..core.errors import BackendAPIError
from ..core.keys import SecretKey
from .resources import Resource

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T", bound=Resource)

Json = Mapping[str, Any] | Sequence[Mapping[str, Any]]

#: How many are asked for at once: the most that Clerk gives.
PAGE_SIZE: Final = 500


class Pages(Generic[T]):
    """A list of Clerk's, fetched page by page while it is iterated over, from the start each time.

    Pages are counted from the front, so that what is created or deleted meanwhile may shift an
    item out of sight, or into it twice.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        of: type[T],
        filters: Mapping[str, Any],
        *,
        key: SecretKey | None = None,
    ) -> None:
        """Prepare; nothing is fetched yet.

        :param filters: The query; ``limit`` bounds the whole list here, not a page.
        """
        self._client = client
        self._path = path
        self._of = of
        self._filters = given(**filters)
        self._limit: int | None = self._filters.pop("limit", None)
        self._offset: int = self._filters.pop("offset", 0)
        self._key = key

    def __repr__(self) -> str:
        return f"<Pages of {self._path}>"

    def __iter__(self) -> Iterator[T]:
        """Return an iterator.

        :raises BackendAPIError: While iterating, if Clerk refuses or cannot be reached.
        """
        return islice(self._all(), self._limit)

    def _all(self) -> Iterator[T]:
        size = PAGE_SIZE if self._limit is None else min(PAGE_SIZE, self._limit)
        offset, before = self._offset, None
        while True:
            page, total = self._fetch(size, offset)
            if page == before:  # an endpoint that knows no offset gives the same again and again
                return
            yield from map(self._of, page)
            offset, before = offset + len(page), page
            is_last = len(page) < size if total is None else offset >= total
            if is_last or not page:
                return

    def _fetch(self, size: int, offset: int) -> tuple[list[Resource], int | None]:
        """Return a page and how many there are in all, where the answer tells.

        Clerk answers with a bare array, or with an object of an array and ``total_count``.
        """
        query = {**self._filters, "limit": size, "offset": offset}
        answer = self._client.request("GET", self._path, query=query, key=self._key)
        total = None
        if isinstance(answer, dict):
            total = answer.get("total_count")
            answer = next((each for each in answer.values() if isinstance(each, list)), None)
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise unknown_shape()
        return answer, total if isinstance(total, int) else None


class Collection(Generic[T]):
    """The calls below one path. Each may raise ``BackendAPIError``."""

    path: str
    #: What the answers are.
    of: type[T]

    def __init__(self, client: Client) -> None:
        """Call with this client."""
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    def _at(self, *segments: str) -> str:
        """Return a path below this one; ids are escaped, so that none reaches another endpoint."""
        return "/".join([self.path, *map(path_segment, segments)])

    def _pages(self, path: str, filters: Mapping[str, Any]) -> Pages[T]:
        return Pages(self._client, path, self.of, filters)

    def _one(self, method: str, path: str, body: Json | None = None, **options: Any) -> T:
        return self.of(mapping(self._client.request(method, path, body=body, **options)))

    def _metadata(self, method: str, path: str, **kinds: Mapping[str, Any] | None) -> T:
        """Change the kinds of metadata that are not ``None``."""
        return self._one(method, f"{path}/metadata", given(**kinds))


class Gets(Collection[T]):
    """A collection whose items have an id to get them by."""

    def get(self, id: str) -> T:  # noqa: A002 (Clerk's word)
        """Return one.

        :raises ResourceNotFoundError: If there is none with this id.
        """
        return self._one("GET", self._at(id))


class Lists(Collection[T]):
    """A collection to go through."""

    def list(self, *, limit: int | None = None, offset: int = 0, **filters: Any) -> Pages[T]:
        """Return all that fit, fetched while they are iterated over.

        :param limit: How many at most; all unless given.
        :param offset: How many to pass over first.
        :param filters: As Clerk's API reference names them.
        """
        return self._pages(self.path, {**filters, "limit": limit, "offset": offset})


class Creates(Collection[T]):
    """A collection that takes new items."""

    def create(self, **fields: Any) -> T:
        """Create one.

        :param fields: As Clerk's API reference names them.
        """
        return self._one("POST", self.path, fields)


class Updates(Collection[T]):
    """A collection whose items change."""

    def update(self, id: str, **fields: Any) -> T:  # noqa: A002
        """Change the fields that are given.

        :param fields: As Clerk's API reference names them.
        """
        return self._one("PATCH", self._at(id), fields)


class Deletes(Collection[T]):
    """A collection whose items can be deleted."""

    def delete(self, id: str) -> Resource:  # noqa: A002
        """Delete one, and return what Clerk says of it."""
        return Resource(mapping(self._client.request("DELETE", self._at(id))))


def path_segment(value: str) -> str:
    """Escape an id for use in a path, so that no id can reach another endpoint.

    :raises BackendAPIError: For an id that no escape helps: dots lead upwards, escaped or not.
    """
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise BackendAPIError("The Backend API has no such id.")
    return quote(value, safe="", errors="replace")


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not ``None``."""
    return {name: value for name, value in fields.items() if value is not None}


class Crud(Lists[T], Gets[T], Creates[T], Updates[T], Deletes[T]):
    """A collection with all of the usual calls."""


def mapping(answer: Any) -> Mapping[str, Any]:
    """Return an answer that must be an object.

    :raises BackendAPIError: If it is none.
    """
    if not isinstance(answer, dict):
        raise unknown_shape()
    return answer


def unknown_shape() -> BackendAPIError:
    """Return the error for an answer that is not what Clerk documents."""
    return BackendAPIError("The Backend API answered in an unknown shape.")
