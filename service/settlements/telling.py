"""What a customer is told of money: the same sentences on the return's page and in letters."""

from datetime import datetime

from service.domain.words import Money, Phrase


def on_its_way(amount: Money, until: datetime) -> Phrase:
    return Phrase(
        "{amount} are on their way to you, by {until} at the latest.",
        {"amount": amount, "until": until},
    )


def paid_back(amount: Money) -> Phrase:
    return Phrase("{amount} were paid back.", {"amount": amount})


def refused(amount: Money) -> Phrase:
    return Phrase(
        "The payment of {amount} was refused; we find another way to pay you.", {"amount": amount}
    )
