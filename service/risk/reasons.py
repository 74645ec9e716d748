"""Why a model sent a request to a person: in words for its customer and for the reviewer, never as a figure of the model."""

from collections.abc import Iterable, Mapping

from models.risk.features import FEATURES, Group
from service.domain.events import Reason
from service.domain.risk import WITHOUT_MODEL
from service.domain.words import Phrase

MOST_REASONS = 3

# What a feature of each group looks at: that it weighed, and not which way, since too little known weighs as well.
SUSPICIONS: Mapping[Group, Phrase] = {
    "request": Phrase(
        "We look more closely because of what comes back, its value or the reason that was given."
    ),
    "timing": Phrase("We look more closely because of the time between delivery and request."),
    "order": Phrase(
        "We look more closely because of how much of the order comes back, or what was ordered."
    ),
    "customer": Phrase(
        "We look more closely because of the orders and returns so far, or because there are few."
    ),
    "findings": Phrase(
        "We look more closely because of what was found with earlier returns, or because nothing was yet."
    ),
    "links": Phrase(
        "We look more closely because of how address, device, phone or means of payment relate to other accounts."
    ),
    "product": Phrase("We look more closely because of how returns of such products go."),
}
# Of a blind case.
BY_LOT = Phrase(
    "Drawn by lot: nothing is said of this case, so that your judgement stands by itself."
)
SOMETHING = Phrase("We look more closely because something is unusual about this request.")

_GROUPS: Mapping[str, Group] = {each.name: each.group for each in FEATURES}


def in_words(code: str) -> Phrase:
    """What a code of a model's reason means; of a feature that no longer exists, that something is unusual."""
    if code in WITHOUT_MODEL:
        return WITHOUT_MODEL[code]
    group = _GROUPS.get(code)
    return SOMETHING if group is None else SUSPICIONS[group]


def reasons_for(
    explanation: Iterable[tuple[str, float]], first: Iterable[str] = ()
) -> tuple[Reason, ...]:
    """The features of `first`, then those that spoke most for abuse, one a group, at most three; `explanation` is what each
    adds to the score.
    """
    found: dict[str, Reason] = {}
    against = (each for each in explanation if each[1] > 0)
    loudest = sorted(against, key=lambda each: (-each[1], each[0]))
    for name in (*first, *(name for name, _ in loudest)):
        words = in_words(name).text
        if words not in found and len(found) < MOST_REASONS:
            found[words] = Reason(code=name, words=words)
    return tuple(found.values()) or (Reason(code="unusual", words=SOMETHING.text),)


def by_lot() -> Reason:
    """Why a person decides what the model would have let pass."""
    return Reason(code="by_lot", words=BY_LOT.text)
