"""From facts to a letter: what is said in the customer's language is said first, then the template joins it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.domain.words import Language, Money, Phrase
from service.letters.parts import PARTS, LetterKind, LetterParts
from service.platform.language import say, say_moment, say_money, say_zone

TEMPLATES = Path(__file__).parent / "templates"
_SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Letter:
    """Plain text, ready to be sent; the subject is one line."""

    subject: str
    body: str


def render(kind: LetterKind, language: Language, parts: LetterParts) -> Letter:
    """The letter of this kind. Raises `TypeError` where the parts are those of another kind."""
    if type(parts) is not PARTS[kind]:
        raise TypeError(
            f"a letter {kind!r} is made of {PARTS[kind].__name__}, not of {type(parts).__name__}"
        )
    facts = _Facts(language, parts.zone).of(parts)
    has_moments = any(isinstance(each, datetime) for each in _leaves(parts))
    template = _environment().get_template(f"{language}/{kind}.txt")
    head, _, body = template.render(facts, has_moments=has_moments).partition("\n")
    return Letter(head.removeprefix(_SUBJECT), body.strip() + "\n")


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts as one language says them."""

    language: Language
    zone: ZoneInfo

    def of(self, parts: Any) -> dict[str, Any]:
        return {each.name: self._said(getattr(parts, each.name)) for each in fields(parts)}

    def _said(self, fact: Any) -> Any:
        match fact:
            case datetime():
                return say_moment(fact, self.language, self.zone)
            case Money():
                return say_money(fact, self.language)
            case Phrase():
                return say(fact, self.language, zone=self.zone)
            case ZoneInfo():
                return say_zone(fact, self.language)
            case tuple():
                return [self._said(each) for each in fact]
            case _ if is_dataclass(fact):
                return self.of(fact)
        return fact


def _leaves(fact: Any) -> Iterator[object]:
    """Every single fact, those within phrases and lines too."""
    if isinstance(fact, Phrase):
        yield from fact.parts.values()
    elif is_dataclass(fact):
        for each in fields(fact):
            yield from _leaves(getattr(fact, each.name))
    elif isinstance(fact, Sequence) and not isinstance(fact, str):
        for each in fact:
            yield from _leaves(each)
    else:
        yield fact


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # plain text: there is no markup to escape
        keep_trailing_newline=True,  # else an included text runs into the next
        trim_blocks=True,
        lstrip_blocks=True,
    )
