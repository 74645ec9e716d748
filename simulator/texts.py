"""What customers and staff of a practice shop write, in English and 中文. The same state of `rng` writes the same text.

Texts are put together from the tables in `simulator/phrases/`; they hold no name, address or number of anybody.
"""

import random

from service.domain.cases import Outcome
from service.domain.words import Language, Reason
from simulator.phrases import About, Finding, Mood, Phrasebook, Phrases
from simulator.phrases.chinese import CHINESE
from simulator.phrases.english import ENGLISH

# What really brought the goods back, whatever was declared.
Cause = Reason

BOOKS: dict[Language, Phrasebook] = {"en": ENGLISH, "zh": CHINESE}
_MOODS: dict[int, Mood] = {1: "unhappy", 2: "unhappy", 3: "middling", 4: "happy", 5: "happy"}
# How many comments do each of these.
_NAMES_THE_THING = 0.6
_TELLS_THE_CAUSE = 0.8
_BEGINS_WITH_THE_SERVICE = 0.3
_COMPLAINT_TELLS_THE_CAUSE = 0.5
_MORE_WORDS = 0.6


def comment(rng: random.Random, language: Language, cause: Cause, category: str, csat: int) -> str:
    """A survey's comment on the return; `csat` from 1 (very bad) to 5 (very good). Most, not all, tell the cause."""
    book = BOOKS[language]
    service = rng.choice(book.service[_MOODS[csat]])
    goods = _sometimes(rng, _NAMES_THE_THING, _of_thing(rng, book, book.openings, category))
    if rng.random() >= _TELLS_THE_CAUSE:
        return _text(book, *goods, service)
    goods = (*goods, _of_cause(rng, book, book.cause_frames, cause, category))
    if rng.random() < _BEGINS_WITH_THE_SERVICE:
        return _text(book, service, *goods)
    return _text(book, *goods, service)


def complaint(
    rng: random.Random, language: Language, about: About, cause: Cause, category: str
) -> str:
    """A complaint. One about the goods always tells the cause, another sometimes."""
    book = BOOKS[language]
    share = 1.0 if about == "goods" else _COMPLAINT_TELLS_THE_CAUSE
    return _text(
        book,
        _of_thing(rng, book, book.complaint_openings, category),
        *_sometimes(rng, share, _of_cause(rng, book, book.cause_frames, cause, category)),
        rng.choice(book.complaints[about]),
        *_sometimes(rng, _MORE_WORDS, rng.choice(book.complaint_closings)),
    )


def suggestion(rng: random.Random, language: Language) -> str:
    """What could be better."""
    book = BOOKS[language]
    return _text(
        book,
        f"{rng.choice(book.suggestion_openings)}{book.between}{rng.choice(book.suggestions)}",
        *_sometimes(rng, _MORE_WORDS, rng.choice(book.suggestion_closings)),
    )


def safety(rng: random.Random, language: Language, category: str) -> str:
    """A report of goods that hurt or nearly hurt somebody."""
    book = BOOKS[language]
    return _text(
        book,
        _of_thing(rng, book, book.incidents[category], category),
        *_sometimes(rng, _MORE_WORDS, rng.choice(book.safety_closings)),
    )


def not_received(rng: random.Random, language: Language) -> str:
    """A claim that an order never came."""
    book = BOOKS[language]
    return _text(
        book,
        rng.choice(book.not_received),
        *_sometimes(rng, _MORE_WORDS, rng.choice(book.not_received_checks)),
        rng.choice(book.not_received_closings),
    )


def question(rng: random.Random, language: Language, reason: Reason) -> str:
    """What a reviewer asks a customer who declared `reason`."""
    book = BOOKS[language]
    return _text(book, rng.choice(book.question_openings), rng.choice(book.questions[reason]))


def answer(
    rng: random.Random, language: Language, cause: Cause, category: str, *, is_evasive: bool
) -> str:
    """What the customer answers: the cause with something to go by, or evasions."""
    book = BOOKS[language]
    if is_evasive:
        return _text(
            book,
            rng.choice(book.evasions),
            *_sometimes(rng, _MORE_WORDS, rng.choice(book.evasive_closings)),
        )
    return _text(
        book,
        *_sometimes(rng, _NAMES_THE_THING, _of_thing(rng, book, book.openings, category)),
        _of_cause(rng, book, book.answer_frames, cause, category),
        rng.choice(book.details[cause]),
    )


def case_answer(rng: random.Random, language: Language, outcome: Outcome) -> str:
    """What after-sales writes when a case is closed."""
    book = BOOKS[language]
    return _text(
        book,
        rng.choice(book.case_openings),
        rng.choice(book.case_answers[outcome]),
        rng.choice(book.case_closings),
    )


def case_news(rng: random.Random, language: Language) -> str:
    """What after-sales writes first, while the case goes on."""
    book = BOOKS[language]
    return _text(book, rng.choice(book.case_openings), rng.choice(book.case_news))


def reply(rng: random.Random, language: Language) -> str:
    """What the customer writes back."""
    book = BOOKS[language]
    closing = rng.choice(book.reply_closings)
    return _text(book, rng.choice(book.replies), *_sometimes(rng, _MORE_WORDS, closing))


def inspection_note(rng: random.Random, finding: Finding) -> str:
    """What an inspector notes, in the inspector's own language."""
    book = rng.choice(tuple(BOOKS.values()))
    return rng.choice(book.findings[finding])


def _of_thing(rng: random.Random, book: Phrasebook, sentences: Phrases, category: str) -> str:
    return rng.choice(sentences).format(thing=rng.choice(book.things[category]))


def _of_cause(
    rng: random.Random, book: Phrasebook, frames: Phrases, cause: Cause, category: str
) -> str:
    return rng.choice(frames).format(phrase=rng.choice(book.phrases(cause, category)))


def _sometimes(rng: random.Random, share: float, sentence: str) -> Phrases:
    return (sentence,) if rng.random() < share else ()


def _text(book: Phrasebook, *sentences: str) -> str:
    return book.between.join(sentence[0].upper() + sentence[1:] for sentence in sentences)
