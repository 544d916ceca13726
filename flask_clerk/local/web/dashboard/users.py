"""Users: finding them and creating them."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ...errors import LocalClerkError
from ...model import User
from ..current import current_local
from ..form import Form
from .blueprint import blueprint
from .blueprint import see

#: Rows of a list; searching narrows it.
SHOWN = 100
_FIELDS = ("email_address", "password", "first_name", "last_name", "username")


@blueprint.get("/users")
def users() -> str:
    """List the users that fit what is searched for, newest first."""
    query = request.args.get("query", "").strip()
    found = current_local().users.search(query=query)
    return render_template(
        "clerk_local/dashboard/users.html", users=found[:SHOWN], total=len(found), query=query
    )


@blueprint.get("/users/new")
def new_user() -> str:
    """Ask for what a new user has."""
    return _page(Form("user", dict.fromkeys(_FIELDS)))


@blueprint.post("/users/new")
def create_user() -> Response | tuple[str, int]:
    """Create a user, whose address counts as verified."""
    form = Form.sent("user", _FIELDS)
    if not form["email_address"].strip() and not form["username"].strip():
        form.fail("email_address", "Enter an email address, or a username.")
    if not form.is_valid:
        return _page(form), form.status
    try:
        user = current_local().users.create(
            email_addresses=[form["email_address"]] if form["email_address"].strip() else [],
            password=form["password"] or None,
            username=form["username"].strip() or None,
            first_name=form["first_name"].strip() or None,
            last_name=form["last_name"].strip() or None,
        )
    except LocalClerkError as error:
        form.refuse(error)
        return _page(form), form.status
    return see("user", "created", user_id=user.id)


def everybody() -> dict[str, User]:
    """Return every user by id, for lists that name them."""
    with current_local().store.read() as tx:
        return {user.id: user for user in tx.all(User)}


def _page(form: Form) -> str:
    return render_template("clerk_local/dashboard/new_user.html", form=form)
