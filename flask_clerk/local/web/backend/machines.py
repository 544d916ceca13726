"""Machines: services that get tokens for each other."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...model import Machine
from ...token_resources import machine_json
from ..current import current_local
from . import query
from .body import Body
from .query import Json

blueprint = Blueprint("machines", __name__, url_prefix="/machines")

#: Seconds (``CreateMachine``).
_MAX_LIFETIME: Final = 315_360_000
_DEFAULT_LIFETIME: Final = 3600


@blueprint.get("")
def list_machines() -> ResponseReturnValue:
    """Answer a page of the machines, newest first."""
    name, is_descending = query.order(("name", "created_at"))
    asked = (query.text("query") or "").lower()
    found = [
        machine
        for machine in current_local().machines.search()
        if asked in machine.name.lower() or asked == machine.id.lower()
    ]
    found.sort(key=lambda machine: getattr(machine, name))
    return query.paginated(found[::-1] if is_descending else found, _shown)


@blueprint.post("")
def create_machine() -> ResponseReturnValue:
    """Create a machine, whose secret key comes along."""
    body = Body("name", "scoped_machines", "default_token_ttl")
    machine = current_local().machines.create(
        body.required("name"),
        scoped_machine_ids=body.texts("scoped_machines"),
        default_token_ttl=body.integer("default_token_ttl", 1, _MAX_LIFETIME) or _DEFAULT_LIFETIME,
    )
    return {**_shown(machine), "secret_key": machine.secret_key}


@blueprint.get("/<machine_id>")
def get_machine(machine_id: str) -> ResponseReturnValue:
    """Answer a machine."""
    return _shown(current_local().machines.get(machine_id))


@blueprint.delete("/<machine_id>")
def delete_machine(machine_id: str) -> ResponseReturnValue:
    """Delete a machine with its tokens."""
    clerk = current_local()
    return clerk.resources.deleted("machine", clerk.machines.delete(machine_id).id)


@blueprint.get("/<machine_id>/secret_key")
def get_machine_secret_key(machine_id: str) -> ResponseReturnValue:
    """Answer a machine's secret key."""
    machine = current_local().machines.get(machine_id)
    return {"object": "machine_secret_key", "secret": machine.secret_key}


def _shown(machine: Machine) -> Json:
    clerk = current_local()
    found = {each.id: each for each in clerk.machines.search()}
    scoped = [found[other] for other in machine.scoped_machine_ids if other in found]
    return machine_json(machine, clerk.state.instance_id, scoped)
