"""Settings: how long sessions live, how people sign in, whether they need an organization."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import render_template

from ...errors import LocalClerkError
from ...model import Settings
from ..current import current_local
from ..form import WHOLE
from ..form import Form
from ..wording import UNITS
from .blueprint import blueprint
from .blueprint import see

_DURATIONS = ("max_lifetime", "inactivity_timeout")
_NUMBERS = ("token_lifetime", "max_failed_attempts", "attempt_window")
_SWITCHES = (
    "password_enabled", "email_code_enabled", "username_enabled", "names_required",
    "sign_up_enabled", "single_session_mode", "organizations_enabled",
    "force_organization_selection",
)  # fmt: skip
_UNIT_SIZES = dict(UNITS)
_FIELDS = (
    "application_name",
    *_DURATIONS,
    *(f"{name}_unit" for name in _DURATIONS),
    *_NUMBERS,
    *_SWITCHES,
)


@blueprint.get("/settings")
def settings() -> str:
    """Show the settings."""
    return _page(_filled(current_local().settings))


@blueprint.post("/settings")
def update_settings() -> Response | tuple[str, int]:
    """Change the settings, all of them or none."""
    form = Form.sent("settings", _FIELDS)
    changes = _read(form)
    if form.is_valid:
        try:
            current_local().update_settings(**changes)
            return see("settings", "saved")
        except LocalClerkError as error:
            form.refuse(error)
    return _page(form), form.status


def _page(form: Form) -> str:
    units = [(unit, f"{unit}s") for unit, _ in UNITS]
    return render_template("clerk_local/dashboard/settings.html", form=form, units=units)


def _filled(settings: Settings) -> Form:
    values: dict[str, str] = {"application_name": settings.application_name}
    for name in _DURATIONS:
        seconds = getattr(settings, name)
        unit, size = _unit_of(seconds)
        values |= {name: "" if seconds is None else str(seconds // size), f"{name}_unit": unit}
    values |= {name: str(getattr(settings, name)) for name in _NUMBERS}
    values |= {name: "on" if getattr(settings, name) else "" for name in _SWITCHES}
    return Form("settings", values)


def _read(form: Form) -> dict[str, Any]:
    changes: dict[str, Any] = {"application_name": form["application_name"].strip()}
    form.require(application_name="Give your application a name.")
    for name in _DURATIONS:
        count = form.whole_number(name)
        size = _UNIT_SIZES.get(form[f"{name}_unit"], 1)
        changes[name] = None if count is None else count * size
    form.require(**dict.fromkeys(_NUMBERS, "Enter a number of seconds or times."))
    changes |= {name: form.whole_number(name) for name in _NUMBERS}
    changes |= {name: bool(form[name]) for name in _SWITCHES}
    if not changes["password_enabled"] and not changes["email_code_enabled"]:
        form.fail("password_enabled", "Keep one way to sign in: passwords or email codes.")
    if form.errors:
        form.errors.setdefault(WHOLE, "Nothing was saved: see below.")
    return changes


def _unit_of(seconds: int | None) -> tuple[str, int]:
    if not seconds:
        return "day", 86_400
    return next((unit, size) for unit, size in UNITS if seconds % size == 0)
