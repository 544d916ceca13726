"""Organization patterns: Flask URL rules, compiled by Werkzeug, that say what a URL activates."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.routing import Rule

from .core.config import ClerkConfig
from .core.errors import ConfigurationError
from .core.organizations import Target
from .core.organizations import no_organization

_ORGANIZATION = "organization"
_PERSONAL = "personal"


def organization_matcher(config: ClerkConfig) -> Callable[[str], Target | None]:
    """Return the function that tells what a path wants to be active.

    :raises ConfigurationError: For a rule that Werkzeug cannot compile, or an organization rule
        without ``<slug>`` or ``<id>``.
    """
    if not config.organization_patterns and not config.personal_account_patterns:
        return no_organization
    rules = [
        *_rules("CLERK_ORGANIZATION_PATTERNS", config.organization_patterns, _ORGANIZATION),
        *_rules("CLERK_PERSONAL_ACCOUNT_PATTERNS", config.personal_account_patterns, _PERSONAL),
    ]
    adapter = Map(rules, strict_slashes=False, merge_slashes=False).bind("")

    def match(path: str) -> Target | None:
        try:
            endpoint, arguments = adapter.match(unquote(path), method="GET")
        except (HTTPException, ValueError):  # <int:id> of more digits than Python converts
            return None
        if endpoint == _PERSONAL:
            return Target()
        texts = {name: str(value) for name, value in arguments.items()}  # converters make numbers
        return Target(organization_id=texts.get("id"), organization_slug=texts.get("slug"))

    return match


def _rules(setting: str, patterns: Iterable[str], endpoint: str) -> list[Rule]:
    rules = []
    for pattern in patterns:
        try:
            rule = Rule(pattern, endpoint=endpoint)
            compiled = rule.empty()
            Map([compiled])
        except (ValueError, LookupError, TypeError, SyntaxError) as error:
            raise ConfigurationError(f"{setting}: {pattern!r} is no URL rule: {error}.") from error
        if endpoint == _ORGANIZATION and not compiled.arguments & {"id", "slug"}:
            raise ConfigurationError(f"{setting}: {pattern!r} needs <slug> or <id>.")
        rules.append(rule)
    return rules
