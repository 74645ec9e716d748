"""Refusals that reach a caller: each kind is a class that carries its HTTP status (RFC 9457)."""

from typing import ClassVar

from retour.errors import UserError
from service.domain.words import Phrase
from service.platform.language import say

# Of any request. An order of a thousand lines with the longest names has less than half of it, in UTF-8.
MOST_BODY_BYTES = 2_000_000


class Problem(UserError):
    """Something the caller can mend. The message names the thing, the place and the way out.

    `detail` is a phrase where customers may come to read it: the edge says it, as the title, in their language.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str | Phrase = "") -> None:
        super().__init__(say(detail, "en"))
        self.detail = detail

    @classmethod
    def slug(cls) -> str:
        """The kind of problem as a word for programs, such as `unknown-order`."""
        name = cls.__name__
        return "".join(f"-{each.lower()}" if each.isupper() else each for each in name).lstrip("-")

    def headers(self) -> dict[str, str]:
        """What the answer says beside its document."""
        return {}


class BodyTooLarge(Problem):
    status = 413
    title = "The body is too large"

    def __init__(self) -> None:
        super().__init__(
            f"the body has more than {MOST_BODY_BYTES:,} bytes; send fewer lines or shorter texts at once"
        )


class NotAuthenticated(Problem):
    status = 401
    title = "An API key is needed"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class KeyNotValid(NotAuthenticated):
    title = "This API key is not valid"


class NotAllowed(Problem):
    status = 403
    title = "This API key may not do that"


class NotFound(Problem):
    status = 404
    title = "No such thing"


class Conflict(Problem):
    status = 409
    title = "This contradicts what is recorded"


class Unacceptable(Problem):
    status = 422
    title = "The request says something that cannot be"
