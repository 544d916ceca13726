"""One JWT template, as the Backend API stores it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from .claims import ParsedClaims
from .claims import parse_claims
from .errors import TemplateError
from .render import RenderContext
from .render import render_claims
from .values import plain_json
from .vocabulary import DEFAULT_ALLOWED_CLOCK_SKEW
from .vocabulary import DEFAULT_LIFETIME
from .vocabulary import MAX_ALLOWED_CLOCK_SKEW
from .vocabulary import MAX_LIFETIME
from .vocabulary import MIN_ALLOWED_CLOCK_SKEW
from .vocabulary import MIN_LIFETIME
from .vocabulary import TEMPLATE_RESERVED_CLAIMS

_DEFAULT_ALGORITHM = "RS256"
TEMPLATE_FIELDS = (
    "name",
    "claims",
    "lifetime",
    "allowed_clock_skew",
    "custom_signing_key",
    "signing_algorithm",
)


@dataclass(frozen=True, slots=True)
class Template:
    """A valid template: one that exists can be rendered.

    :param name: What ``getToken({template})`` asks for; a segment of a URL.
    :param claims: A JSON object, copied; to change it, make another template.
    :param lifetime: Seconds: ``exp`` is the time of issue plus this.
    :param allowed_clock_skew: Seconds: ``nbf`` is the time of issue minus this.
    :param custom_signing_key: Whether Clerk signs with a key of the template's own. The key
        itself is never held here.
    :param signing_algorithm: The algorithm of that key.
    :raises ReservedClaimError: If a claim is one that only Clerk sets.
    :raises ShortcodeError: If a shortcode cannot be read.
    :raises TemplateError: If a field is out of its range or of the wrong type.
    """

    name: str
    claims: Mapping[str, Any] = field(hash=False)
    lifetime: int = DEFAULT_LIFETIME
    allowed_clock_skew: int = DEFAULT_ALLOWED_CLOCK_SKEW
    custom_signing_key: bool = False
    signing_algorithm: str = _DEFAULT_ALGORITHM
    _parsed: ParsedClaims = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check_seconds("lifetime", self.lifetime, MIN_LIFETIME, MAX_LIFETIME)
        _check_seconds(
            "allowed_clock_skew",
            self.allowed_clock_skew,
            MIN_ALLOWED_CLOCK_SKEW,
            MAX_ALLOWED_CLOCK_SKEW,
        )
        _check_signing(self.custom_signing_key, self.signing_algorithm)
        parsed = parse_claims(self.claims, reserved=TEMPLATE_RESERVED_CLAIMS)
        object.__setattr__(self, "_parsed", parsed)
        object.__setattr__(self, "claims", plain_json(self.claims))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Template:
        """Return the template of a Backend API answer or request body.

        Other fields (``id``, ``created_at``, ``signing_key``) are ignored, and a null is the
        default, as ``CreateJWTTemplate`` has it.

        :raises TemplateError: As the class does, and if name or claims are missing.
        """
        if not isinstance(data, Mapping):
            raise TemplateError("A template must be a JSON object", where="template")
        for required in ("name", "claims"):
            if data.get(required) is None:
                raise TemplateError(f"Add the field {required!r} to the template", where=required)
        if data.get("custom_signing_key") is True and data.get("signing_algorithm") is None:
            raise TemplateError(
                "Add the field 'signing_algorithm', or set custom_signing_key to false",
                where="signing_algorithm",
            )
        return cls(**{name: data[name] for name in TEMPLATE_FIELDS if data.get(name) is not None})

    def to_json(self) -> dict[str, Any]:
        """Return the fields that the Backend API takes, free to be edited."""
        return {name: plain_json(getattr(self, name)) for name in TEMPLATE_FIELDS}

    @property
    def parsed(self) -> ParsedClaims:
        """The claims with their shortcodes read."""
        return self._parsed

    def render(self, context: RenderContext) -> dict[str, Any]:
        """Return the claims of one token, without those that Clerk adds to each."""
        return render_claims(self._parsed, context)


def _check_name(name: object) -> None:
    """The name ends ``…/sessions/{id}/tokens/{name}``, so it must not change that path."""
    fits = isinstance(name, str) and name.isprintable() and name == name.strip()
    if not fits or name in ("", ".", "..") or not set("/\\?#%").isdisjoint(str(name)):
        raise TemplateError(
            "A template's name must be text that can end a URL: use letters, digits, - and _",
            where="name",
        )


def _check_seconds(name: str, value: object, minimum: int, maximum: int) -> None:
    # JSON's true is no number, though Python's True is an int.
    if type(value) is not int or not minimum <= value <= maximum:
        raise TemplateError(
            f"Set {name} to a whole number of seconds from {minimum} to {maximum}", where=name
        )


def _check_signing(is_custom: object, algorithm: object) -> None:
    if not isinstance(is_custom, bool):
        raise TemplateError("Set custom_signing_key to true or false", where="custom_signing_key")
    if not isinstance(algorithm, str) or not algorithm:
        raise TemplateError(
            f"Set signing_algorithm to the name of one, such as {_DEFAULT_ALGORITHM}",
            where="signing_algorithm",
        )
