"""Seeding: people, organizations, templates and settings from a JSON document.

::

    {
      "password": "for everybody without one of their own",
      "roles": [{"key": "org:accountant", "permissions": ["org:invoices:read"]}],
      "users": [{"email": "ada@example.com", "first_name": "Ada"}],
      "organizations": [
        {"slug": "engines", "name": "Engines", "members": [{"user": "ada@example.com"}]}
      ],
      "jwt_templates": [{"name": "api", "claims": {"aud": "api"}}],
      "session_token": {"role": "{{user.public_metadata.role}}"},
      "settings": {"inactivity_timeout": 3600}
    }

Seeding again adds what is missing and changes nothing that is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from typing import Final

from ..core.errors import ConfigurationError
from ..core.strict_json import read_json
from . import errors
from .errors import LocalClerkError
from .instance import LocalClerk
from .model import ADMIN
from .model import MEMBER
from .model import JWTTemplate
from .model import Role

#: The password of everybody in the default seed.
DEFAULT_PASSWORD: Final = "analytical-engine"

DEFAULT_SEED: Final[Mapping[str, Any]] = {
    "password": DEFAULT_PASSWORD,
    "users": [
        {
            "email": "ada+clerk_test@example.com",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "public_metadata": {"role": "admin"},
        },
        {
            "email": "grace+clerk_test@example.com",
            "first_name": "Grace",
            "last_name": "Hopper",
        },
        {
            "email": "alan+clerk_test@example.com",
            "first_name": "Alan",
            "last_name": "Turing",
        },
    ],
    "organizations": [
        {
            "name": "Analytical Engines",
            "slug": "analytical-engines",
            "members": [
                {"user": "ada+clerk_test@example.com", "role": "org:admin"},
                {"user": "grace+clerk_test@example.com", "role": "org:member"},
            ],
        }
    ],
}

_TOP: Final = {
    "password": str, "roles": list, "users": list, "organizations": list,
    "jwt_templates": list, "session_token": dict, "settings": dict,
}  # fmt: skip
_ROLE: Final = {"key": str, "name": str, "permissions": list}
_USER: Final = {
    "email": str, "password": str, "username": str, "external_id": str, "first_name": str,
    "last_name": str, "image_url": str, "public_metadata": dict, "private_metadata": dict,
    "unsafe_metadata": dict, "features": list, "plans": list,
}  # fmt: skip
_ORGANIZATION: Final = {
    "name": str, "slug": str, "image_url": str, "public_metadata": dict,
    "private_metadata": dict, "features": list, "plans": list, "members": list,
}  # fmt: skip
_MEMBER: Final = {"user": str, "role": str, "public_metadata": dict, "private_metadata": dict}
_NAMES: Final[Mapping[type, str]] = {str: "text", list: "a list", dict: "an object"}


class SeedError(ConfigurationError):
    """A seed that cannot be used: which file, where in it, and what to do."""


def load_seed(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the document of a seed file.

    :raises SeedError: If it cannot be read or is not a JSON object.
    """
    try:
        data = read_json(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SeedError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    except ValueError as error:
        raise SeedError(f"{path} is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise SeedError(f'{path} must hold a JSON object, such as {{"users": []}}.')
    return data


def seed(
    clerk: LocalClerk, data: Mapping[str, Any] = DEFAULT_SEED, *, source: str = "seed"
) -> None:
    """Add what the seed names and the instance lacks: all of it or, after an error, nothing.

    :param source: The file's name, for errors.
    :raises SeedError: With the place in the document.
    """
    _check_shape(data, source)
    hashes = _hash_passwords(clerk, data, source)  # slow, so before the transaction
    with clerk.store.transaction():
        for place, role in _each(data, "roles", source):
            with place:
                _add_role(clerk, role)
        for place, user in _each(data, "users", source):
            with place:
                _add_user(clerk, user, hashes.get(user.get("password", data.get("password"))))
        for place, organization in _each(data, "organizations", source):
            with place:
                _add_organization(clerk, organization)
        for place, template in _each(data, "jwt_templates", source):
            with place:
                _add_template(clerk, template)
        with _Place(f"{source}: session_token"):
            if "session_token" in data:
                clerk.templates.customise_session_token(data["session_token"])
        with _Place(f"{source}: settings"):
            clerk.update_settings(**data.get("settings", {}))


class _Place:
    """Says where in the document a refusal belongs."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, LocalClerkError):
            raise SeedError(f"{self._where}: {error.long_message}") from error


def _each(
    data: Mapping[str, Any], name: str, source: str
) -> Iterator[tuple[_Place, Mapping[str, Any]]]:
    for index, item in enumerate(data.get(name, ())):
        yield _Place(f"{source}: {name}[{index}]"), item


def _hash_passwords(clerk: LocalClerk, data: Mapping[str, Any], source: str) -> dict[str, str]:
    """Return the hash of each password of the people who are not there yet."""
    hashes: dict[str, str] = {}
    for place, user in _each(data, "users", source):
        password = user.get("password", data.get("password"))
        if password is None or password in hashes or clerk.users.find(user["email"]):
            continue
        with place:
            hashes[password] = clerk.users.hash_password(password)
    return hashes


def _add_role(clerk: LocalClerk, role: Mapping[str, Any]) -> None:
    with clerk.store.read() as tx:
        exists = tx.get(Role, role["key"]) is not None
    # The two roles of every instance are there from the start: a seed gives them permissions.
    if exists and role["key"] not in (ADMIN, MEMBER):
        return
    permissions = [*clerk.organizations.role(role["key"]).permissions] if exists else []
    permissions += [each for each in role.get("permissions", ()) if each not in permissions]
    clerk.organizations.put_role(role["key"], name=role.get("name"), permissions=permissions)


def _add_user(clerk: LocalClerk, user: Mapping[str, Any], password_hash: str | None) -> None:
    if clerk.users.find(user["email"]) is None:
        fields = {name: value for name, value in user.items() if name not in ("email", "password")}
        clerk.users.create(email_addresses=[user["email"]], password_hash=password_hash, **fields)


def _add_organization(clerk: LocalClerk, data: Mapping[str, Any]) -> None:
    organization = clerk.organizations.find(data["slug"])
    if organization is None:
        fields = {name: value for name, value in data.items() if name != "members"}
        organization = clerk.organizations.create(**fields)
    for member in data.get("members", ()):
        user = clerk.users.find(member["user"])
        if user is None:
            raise errors.param_invalid(
                "members", f"Nobody has the address {member['user']}: add them to users."
            )
        if clerk.organizations.membership(user.id, organization.id) is None:
            fields = {name: value for name, value in member.items() if name != "user"}
            clerk.organizations.add_member(organization.id, user.id, **fields)


def _add_template(clerk: LocalClerk, data: Mapping[str, Any]) -> None:
    with clerk.store.read() as tx:
        exists = tx.find(JWTTemplate, name=str(data.get("name")))
    if not exists:
        clerk.templates.create(data)


def _check_shape(data: Mapping[str, Any], source: str) -> None:
    _check_fields(data, _TOP, source, required=())
    for name, fields, required in (
        ("roles", _ROLE, ("key",)),
        ("users", _USER, ("email",)),
        ("organizations", _ORGANIZATION, ("name", "slug")),
    ):
        for index, item in enumerate(data.get(name, ())):
            _check_fields(item, fields, f"{source}: {name}[{index}]", required)
    for index, organization in enumerate(data.get("organizations", ())):
        for position, member in enumerate(organization.get("members", ())):
            where = f"{source}: organizations[{index}].members[{position}]"
            _check_fields(member, _MEMBER, where, ("user",))
    for index, template in enumerate(data.get("jwt_templates", ())):
        if not isinstance(template, Mapping):
            raise SeedError(f"{source}: jwt_templates[{index}] must be an object.")


def _check_fields(
    item: object, fields: Mapping[str, type], where: str, required: Iterable[str]
) -> None:
    if not isinstance(item, Mapping):
        raise SeedError(f"{where} must be an object.")
    for name in required:
        if name not in item:
            raise SeedError(f"{where}: add {name!r}.")
    for name, value in item.items():
        if name not in fields:
            near = get_close_matches(str(name), fields, 1)
            advice = f"did you mean {near[0]!r}?" if near else f"use {', '.join(fields)}."
            raise SeedError(f"{where}: unknown field {name!r}; {advice}")
        if not isinstance(value, fields[name]):
            raise SeedError(f"{where}.{name} must be {_NAMES[fields[name]]}.")
