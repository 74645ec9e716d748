"""Letters to customers, in two languages: plain text, one template a kind and language, equals in what they say."""

from service.letters.parts import PARTS, LetterKind, LetterParts
from service.letters.rendering import Letter, render

__all__ = ["PARTS", "Letter", "LetterKind", "LetterParts", "render"]
