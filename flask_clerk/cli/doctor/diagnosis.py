"""One line of the doctor's: what was looked at, how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Level(str, Enum):
    """How something is. What was not looked at is skipped."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found.

    :param about: A word or two.
    :param repair: What to do, where something is to be done.
    """

    about: str
    level: Level
    finding: str
    repair: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {**asdict(self), "level": self.level.value}


def green(about: str, finding: str) -> Diagnosis:
    """Return that something is well."""
    return Diagnosis(about, Level.GREEN, finding)


def yellow(about: str, finding: str, repair: str) -> Diagnosis:
    """Return that something may be wrong."""
    return Diagnosis(about, Level.YELLOW, finding, repair)


def red(about: str, finding: str, repair: str) -> Diagnosis:
    """Return that something is wrong."""
    return Diagnosis(about, Level.RED, finding, repair)


def skipped(about: str, finding: str, repair: str = "") -> Diagnosis:
    """Return that something was not looked at."""
    return Diagnosis(about, Level.SKIPPED, finding, repair)
