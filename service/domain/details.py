"""What a rule of the policy found, in figures and codes. The record keeps it in English and one line; who reads it later
reads it in their own language.
"""

import re
from collections.abc import Mapping
from functools import cache

from service.domain.words import Exclusion, Phrase, Reason

DELIVERED = Phrase("delivered {delivered}, returnable until {until} UTC")
EXCLUDED = Phrase("line {line_no} is {exclusion}")
NOTHING_EXCLUDED = Phrase("no line is excluded")
UP_TO = Phrase("{asked}; up to {limit} passes by itself")
NO_AMOUNT = Phrase("{asked}; no amount in {currency} passes by itself")
EARLIER_RETURNS = Phrase(
    "{returns} of {most} returns within {days} days, this one included; "
    "{failed} of {most_failed} failed inspections within {failed_days} days"
)
WITHOUT_EVIDENCE = Phrase("line {line_no} ({reason}) has none")
FLAGGED_WITHOUT_EVIDENCE = Phrase(
    "line {line_no} ({reason}) has none: its product is flagged as defective"
)
NO_EVIDENCE_MISSING = Phrase("no evidence is missing")
ASKED_AGAIN = Phrase(
    "line {line_no} was declined by a person before or given up before one had decided"
)
FIRST_ASKED = Phrase("no line was before a person already")
_DETAILS = (
    DELIVERED,
    EXCLUDED,
    NOTHING_EXCLUDED,
    UP_TO,
    NO_AMOUNT,
    EARLIER_RETURNS,
    WITHOUT_EVIDENCE,
    FLAGGED_WITHOUT_EVIDENCE,
    NO_EVIDENCE_MISSING,
    ASKED_AGAIN,
    FIRST_ASKED,
)
_EXCLUSIONS: Mapping[Exclusion, Phrase] = {
    "custom_made": Phrase("made to order"),
    "perishable": Phrase("perishable"),
    "unsealed_hygiene": Phrase("unsealed, against hygiene"),
    "unsealed_digital": Phrase("unsealed digital content"),
    "periodical": Phrase("a newspaper or magazine"),
    "final_sale": Phrase("a final sale"),
}
_REASONS: Mapping[Reason, Phrase] = {
    "defect": Phrase("defect"),
    "damaged_in_transit": Phrase("damaged in transit"),
    "not_as_described": Phrase("not as described"),
    "size_fit": Phrase("size or fit"),
    "wrong_item": Phrase("wrong item"),
    "arrived_late": Phrase("arrived late"),
    "changed_mind": Phrase("changed mind"),
    "other": Phrase("other"),
}
CODES: Mapping[str, Phrase] = {
    str(code): said for code, said in (*_EXCLUSIONS.items(), *_REASONS.items())
}
_AND = ", "
_FIGURE = r"(?:(?!, )[^;()])+"  # none goes beyond its sentence


def recorded(*found: Phrase) -> str:
    """What was found, as the record keeps it; what concerns several lines one after the other."""
    return _AND.join(each.text.format(**each.parts) for each in found)


def read(detail: str) -> tuple[Phrase, ...]:
    """What the record tells, once more as it was found; nothing where no rule of this version says so."""
    if whole := _read(detail):
        return (whole,)
    found = [_read(each) for each in detail.split(_AND)]
    return tuple(each for each in found if each) if all(found) else ()


def _read(detail: str) -> Phrase | None:
    found = ((phrase.text, _pattern(phrase.text).fullmatch(detail)) for phrase in _DETAILS)
    return next((Phrase(text, match.groupdict()) for text, match in found if match), None)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", rf"(?P<\1>{_FIGURE})", re.escape(text)))
