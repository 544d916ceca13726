"""What is unwise in a template: each finding with a line, a reason and a repair."""

from __future__ import annotations

from .findings import Finding
from .findings import Severity
from .rules import RULES
from .rules import lint
from .subject import GuardedClaim
from .subject import Person
from .subject import Subject
from .subject import Surroundings

__all__ = [
    "RULES",
    "Finding",
    "GuardedClaim",
    "Person",
    "Severity",
    "Subject",
    "Surroundings",
    "lint",
]
