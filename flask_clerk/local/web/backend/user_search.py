"""The users that a caller's query parameters ask for."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final

from flask import request

from ... import errors
from ...errors import LocalClerkError
from ...model import User
from ..current import current_local
from . import query

_Test = Callable[[User], bool]

_TIMES: Final = ("created_at", "last_active_at", "last_sign_in_at")
#: What no user has here: asking for it finds nobody.
_NEVER: Final = ("phone_number", "phone_number_query", "web3_wallet", "provider_user_id")


def matching_users() -> list[User]:
    """Return the users that fit all that is asked, in the order that is asked."""
    users, _ = query.signed("user_id")
    external, _ = query.signed("external_id")
    organizations, _ = query.signed("organization_id")
    tests = list(_tests())
    found = current_local().users.search(
        query=query.text("query"),
        user_ids=users,
        email_addresses=request.args.getlist("email_address"),
        usernames=request.args.getlist("username"),
        external_ids=external,
        organization_ids=organizations,
        order_by=_order_by(),
    )
    return [user for user in found if all(test(user) for test in tests)]


def after_cursor(users: Sequence[User]) -> Sequence[User]:
    """Return the users behind the one that ``starting_after`` names.

    :raises LocalClerkError: ``form_param_value_invalid``, ``resource_not_found``.
    """
    cursor = query.text("starting_after")
    if cursor is None:
        return users
    if query.integer("offset"):
        raise _not_with_cursor("offset")
    if _order_by().lstrip("+-") != "created_at":
        raise _not_with_cursor("order_by")
    ids = [user.id for user in users]
    if cursor not in ids:
        raise errors.not_found("user", cursor)
    return users[ids.index(cursor) + 1 :]


def _order_by() -> str:
    return (query.text("order_by") or "-created_at").strip()


def _tests() -> Iterator[_Test]:
    if any(name in request.args for name in _NEVER):
        yield lambda user: False
    yield from _exclusions()
    yield from _partial_matches()
    for name in _TIMES:
        yield from _window(name)
    is_banned = query.flag("banned")
    if is_banned is not None:
        yield lambda user: user.is_banned is is_banned


def _exclusions() -> Iterator[_Test]:
    _, users = query.signed("user_id")
    _, external = query.signed("external_id")
    _, organizations = query.signed("organization_id")
    if users or external:
        yield lambda user: user.id not in users and user.external_id not in external
    if organizations:
        members = {
            membership.user_id
            for organization_id in organizations
            for membership in current_local().organizations.members(organization_id)
        }
        yield lambda user: user.id not in members


def _partial_matches() -> Iterator[_Test]:
    fields: dict[str, Callable[[User], Sequence[str | None]]] = {
        "email_address_query": lambda user: [each.email_address for each in user.email_addresses],
        "username_query": lambda user: [user.username],
        "name_query": lambda user: [user.full_name],
    }
    for name, texts_of in fields.items():
        asked = query.text(name)
        if asked is not None:
            yield _containing(asked.lower(), texts_of)


def _containing(asked: str, texts_of: Callable[[User], Sequence[str | None]]) -> _Test:
    return lambda user: any(asked in text.lower() for text in texts_of(user) if text)


def _window(name: str) -> Iterator[_Test]:
    before = query.integer(f"{name}_before")
    after = query.integer(f"{name}_after")
    if before is not None:
        yield _compared(name, lambda time: time < before)
    if after is not None:
        yield _compared(name, lambda time: time > after)


def _compared(name: str, fits: Callable[[int], bool]) -> _Test:
    def test(user: User) -> bool:
        time: int | None = getattr(user, name)
        return time is not None and fits(time)

    return test


def _not_with_cursor(name: str) -> LocalClerkError:
    return errors.param_invalid(name, f"{name} does not go together with starting_after.")
