"""Every rule, and the walk over the files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from . import fields
from . import operands
from . import privacy
from . import shortcodes
from . import sizes
from .findings import Finding
from .findings import Rule
from .findings import Severity
from .subject import Subject
from .subject import Surroundings

RULES: Final = (
    Rule("invalid-field", Severity.ERROR, fields.invalid_fields),
    Rule("reserved-claim", Severity.ERROR, fields.reserved_claims),
    Rule("bad-shortcode", Severity.ERROR, shortcodes.bad_shortcodes),
    Rule("unknown-shortcode", Severity.ERROR, shortcodes.unknown_shortcodes),
    Rule("bad-operand", Severity.ERROR, operands.bad_operands),
    Rule("private-metadata", Severity.ERROR, privacy.private_metadata),
    Rule("whole-unsafe-metadata", Severity.WARNING, privacy.whole_unsafe_metadata),
    Rule("guarded-claim", Severity.ERROR, privacy.guarded_claims),
    Rule("long-name", Severity.WARNING, fields.long_names),
    Rule("volatile-data", Severity.WARNING, shortcodes.volatile_data),
    Rule("long-lifetime", Severity.WARNING, fields.long_lifetimes),
    Rule("size", Severity.WARNING, sizes.sizes),
)


def lint(subjects: Iterable[Subject], surroundings: Surroundings) -> list[Finding]:
    """Return what is unwise in these files, in the order of files and lines."""
    return [finding for subject in subjects for finding in _lint(subject, surroundings)]


def _lint(subject: Subject, surroundings: Surroundings) -> list[Finding]:
    findings = [
        Finding(
            rule.id,
            problem.severity or rule.severity,
            subject.path,
            subject.line_of(problem.place),
            problem.reason,
            problem.repair,
        )
        for rule in RULES
        for problem in rule.check(subject, surroundings)
    ]
    return sorted(findings, key=lambda finding: finding.line)
