"""What letters say of outcomes, choices, means and cases: the closed lists of the trade, in words for customers."""

from collections.abc import Mapping

from service.domain.events import RefundOn
from service.domain.policy import WHY, WHY_DECLINED
from service.domain.words import Phrase

# The five answers to "How was it?", the best first: 5 … 1.
FACES = (
    Phrase("Very good"),
    Phrase("Good"),
    Phrase("So-so"),
    Phrase("Bad"),
    Phrase("Very bad"),
)

# What an inspection finds.
OUTCOMES: Mapping[str, Phrase] = {
    "passed": Phrase("everything is in order"),
    "failed": Phrase("not in the condition that we expected"),
    "short": Phrase("fewer than announced"),
    "wrong_item": Phrase("another product than the one that was bought"),
    "empty": Phrase("the parcel did not hold it"),
    "unexpected": Phrase("it was in the parcel without having been announced"),
}

# Until when a withdrawal is paid whose time counts from the declaration, by what its refund waits for.
PAID_BY: Mapping[RefundOn, Phrase] = {
    "authorized": Phrase("You have your money back by {until} at the latest."),
    "first_scan": Phrase(
        "If the goods are on their way by {until}, you have your money back by then at the latest."
    ),
    "received": Phrase(
        "If the goods have reached us by {until}, you have your money back by then at the latest."
    ),
}

# What comes of the money for what was inspected, where none went or is on its way.
NOTHING_FOR_IT = Phrase("Nothing is refunded for it.")
CHOICE_FIRST = Phrase("You choose what happens with it; we write to you about that separately.")
PERSON_FIRST = Phrase("One of us decides about it first; nothing is refunded until then.")
SPOILED = Phrase(
    "Your money was already on its way when we found that not everything is in order. One of us looks at that now, and writes to you if anything is left to be settled."
)

METHODS: Mapping[str, Phrase] = {
    "pickup": Phrase("We have it collected at your door: tell us the day on the page below."),
    "drop_off": Phrase("You hand it in at a parcel shop."),
    "own_carrier": Phrase(
        "You send it with a carrier of your choice, and tell us the tracking number."
    ),
}

MEANS: Mapping[str, Phrase] = {
    "original": Phrase("the way that you paid"),
    "bank_transfer": Phrase("by bank transfer"),
    "store_credit": Phrase("as credit in our shop"),
    "cash": Phrase("in cash"),
    "voucher": Phrase("as a voucher"),
}

# What a customer can choose where an inspection did not pass: the words, and what they lead to.
CHOICES: Mapping[str, tuple[Phrase, Phrase]] = {
    "partial_refund": (
        Phrase("Take a part of the price"),
        Phrase("We keep the goods and pay you a part of the price."),
    ),
    "send_back": (
        Phrase("Have it back"),
        Phrase("We send the goods back to you, and nothing is refunded for them."),
    ),
    "dispose": (
        Phrase("Give it up"),
        Phrase("We dispose of the goods, and nothing is refunded for them."),
    ),
    "accept": (
        Phrase("Agree with what we found"),
        Phrase("Nothing is refunded for what was not in the parcel."),
    ),
}

# A partial refund whose amount stands.
OFFER = Phrase("We keep the goods and pay you {amount}.")

# What a customer is told that a case is about.
CASES: Mapping[str, Phrase] = {
    "complaint": Phrase("You are not content with something."),
    "suggestion": Phrase("You have a suggestion for us."),
    "not_received": Phrase("Something that you ordered has not arrived."),
    "safety": Phrase("Something about a product is not safe."),
    "low_score": Phrase("You told us that your return did not go well."),
    "stalled": Phrase("Your return has not moved for too long."),
    "recovery": Phrase("What came back was not what we had refunded."),
    "unknown_parcel": Phrase("A parcel of yours reached us without a return."),
}

# How a case ends.
CASE_OUTCOMES: Mapping[str, Phrase] = {
    "answered": Phrase("We have answered you."),
    "goodwill": Phrase("We make up for it."),
    "corrected": Phrase("We have put it right."),
    "rejected": Phrase("We cannot do what you asked for."),
    "found": Phrase("What was missing has been found."),
    "refunded": Phrase("You get your money back."),
    "matched": Phrase("We know now which return the parcel belongs to."),
    "sent_back": Phrase("We have sent the parcel back to you."),
    "recovered": Phrase("What was open between us is settled."),
    "written_off": Phrase("Nothing more is asked of you."),
    "passed_on": Phrase("We have passed it on to those who can act on it."),
    "moving_again": Phrase("Your return is moving again."),
}

# Why a return was declined: the policy's rule, or the reviewer's reason.
APPEALABLE: Mapping[str, Phrase] = {
    **{str(rule): phrase for rule, phrase in WHY.items()},
    **WHY_DECLINED,
}

ARRIVES = Phrase("Until you see it, your bank may need some days.")
HOW_ELSE = Phrase("We look for another way to pay you, and tell you as soon as it is found.")
