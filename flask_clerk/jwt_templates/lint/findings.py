"""What a rule finds, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..places import Place
from .subject import Subject
from .subject import Surroundings


class Severity(Enum):
    """How bad it is: Clerk refuses it or somebody is harmed, or it is merely unwise."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place of a file.

    :param reason: One sentence.
    :param repair: What to do, in the imperative.
    :param severity: Instead of the rule's own.
    """

    place: Place
    reason: str
    repair: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for.

    :param id: By which findings name it.
    """

    id: str
    severity: Severity
    check: Callable[[Subject, Surroundings], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its file and its line, from 1."""

    rule: str
    severity: Severity
    path: str
    line: int
    reason: str
    repair: str

    def to_json(self) -> dict[str, str | int]:
        """Return the finding for scripts."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "path": self.path,
            "line": self.line,
            "reason": self.reason,
            "repair": self.repair,
        }
