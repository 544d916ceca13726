"""The Backend API of the local Clerk: what Clerk's own server libraries talk to.

Paths, parameters and shapes are those of Clerk's OpenAPI file ``bapi/2026-05-12.yml``. Whatever
is not here answers 404 as JSON.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from ...errors import LocalClerkError
from .api_keys import blueprint as api_keys
from .clients import blueprint as clients
from .email_addresses import blueprint as email_addresses
from .jwt_templates import blueprint as jwt_templates
from .m2m_tokens import blueprint as m2m_tokens
from .machines import blueprint as machines
from .memberships import blueprint as memberships
from .organizations import blueprint as organizations
from .requests import admit
from .requests import answer_error
from .requests import refuse_unknown_path
from .session_token import blueprint as session_token
from .sessions import blueprint as sessions
from .tokens import blueprint as tokens
from .user_actions import blueprint as user_actions
from .users import blueprint as users

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

#: Below ``/api``, where everything is in ``/v1``. @clerk/backend 3 calls the machine tokens without
#: a version (its ``skipApiVersionInUrl``).
blueprint = Blueprint("backend", __name__)
blueprint.before_request(admit)
blueprint.register_error_handler(LocalClerkError, answer_error)
_v1 = Blueprint("v1", __name__, url_prefix="/v1")
for family in (
    api_keys,
    clients,
    email_addresses,
    jwt_templates,
    m2m_tokens,
    machines,
    memberships,
    organizations,
    session_token,
    sessions,
    tokens,
    user_actions,
    users,
):
    _v1.register_blueprint(family)
blueprint.register_blueprint(_v1)
for family in (api_keys, m2m_tokens):
    blueprint.register_blueprint(family)
# The least specific rule of all: it also takes the methods that a path does not have.
blueprint.add_url_rule("/<path:path>", view_func=refuse_unknown_path, methods=_METHODS)

__all__ = ["blueprint"]
