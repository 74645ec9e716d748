"""How a comment is cut into phrases: runs of one to four words in English, of two to eight characters in Chinese.

No phrase spans punctuation, digits or an address, and none begins or ends with a word that says nothing by itself.
"""

import re
from collections.abc import Iterator
from typing import Literal

Language = Literal["en", "zh"]
_READ = 500  # characters of a comment: nobody takes longer to say what is wrong
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_CHINESE = re.compile(f"[{_HAN}]+")
# What has a digit or is an address (user@host, host/path) is one piece, and no word.
_WORD = re.compile("[a-zß-öø-ÿ]+(?:['-][a-zß-öø-ÿ]+)*")
_PIECE = re.compile(rf"\S*[\d@/\\_]\S*|{_WORD.pattern}|\S")
_SMALL_WORDS = """
    a an the and or but of to in on at for from with by as so if than then is are was were be been am has have had
    do does did it its it's this that these those i i'm my me we our you your he she they them there very
"""
_EDGES = frozenset(_SMALL_WORDS.split())
_FIRST_OF_NONE = frozenset("的了着过吗呢吧啊和也就都")
_LAST_OF_NONE = frozenset("的得我你很就都也和在是不太有把被")


def language_of(text: str) -> Language:
    """The language of a text that nobody noted one of: Chinese, where it has a Chinese character."""
    return "zh" if _CHINESE.search(text) else "en"


def phrases_of(text: str, language: Language) -> set[str]:
    """The phrases that a comment has, each once; English ones in lower case, words parted by a space."""
    read = text[:_READ]
    return set(_english(read.lower()) if language == "en" else _chinese(read))


def parts(phrase: str, language: Language) -> frozenset[str]:
    """The smallest pieces of a phrase that mean something: words, or pairs of characters."""
    if language == "en":
        return frozenset(phrase.split()) - _EDGES
    return frozenset(phrase[at : at + 2] for at in range(len(phrase) - 1))


def _english(text: str) -> Iterator[str]:
    for words in _runs(text):
        for first, word in enumerate(words):
            if word in _EDGES:
                continue
            for end in range(first + 1, min(first + 4, len(words)) + 1):
                if words[end - 1] not in _EDGES:
                    yield " ".join(words[first:end])


def _runs(text: str) -> Iterator[list[str]]:
    """The words between two pieces that are none."""
    run: list[str] = []
    for piece in _PIECE.findall(text.replace("’", "'")):
        if _WORD.fullmatch(piece):
            run.append(piece)
        else:
            yield run
            run = []
    yield run


def _chinese(text: str) -> Iterator[str]:
    for run in _CHINESE.findall(text):
        for first in range(len(run) - 1):
            if run[first] in _FIRST_OF_NONE:
                continue
            for end in range(first + 2, min(first + 8, len(run)) + 1):
                if run[end - 1] not in _LAST_OF_NONE:
                    yield run[first:end]
