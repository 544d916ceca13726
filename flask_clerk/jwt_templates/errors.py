"""What can be wrong with a template, said once, with where it is and what to do."""

from __future__ import annotations


class TemplateError(ValueError):
    """A template that cannot be used.

    :param message: One sentence that says what to do.
    :param where: The claim (``metadata.roles[0]``) or the field (``lifetime``) that is wrong.
    """

    reason = "template-invalid"

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(message)
        self.message = message
        self.where = where


class ReservedClaimError(TemplateError):
    """A template sets a claim that only Clerk sets.

    The reason is the Backend API's own error code.

    :param claims: The names to remove, sorted.
    """

    reason = "jwt_template_reserved_claim"

    def __init__(self, claims: tuple[str, ...]) -> None:
        names = ", ".join(claims)
        super().__init__(
            f"You can't use the reserved claim: {names}. Remove it from the template;"
            " only Clerk sets it.",
            where=claims[0],
        )
        self.claims = claims


class ShortcodeError(TemplateError):
    """A shortcode that cannot be read.

    :param where: The claim whose value is wrong; empty when the text stood alone.
    :param position: Where in that value, in characters from 0.
    """

    reason = "shortcode-invalid"

    def __init__(self, message: str, *, where: str, position: int) -> None:
        place = f"claim {where!r}, position {position}" if where else f"position {position}"
        super().__init__(f"{message} ({place})", where=where)
        self.position = position
