"""What happened to a return, in words for its customer. What only the house needs to know is not told."""

from collections.abc import Callable, Mapping
from typing import Any

from service.domain import events as e
from service.domain.policy import WHY, WHY_DECLINED, why
from service.domain.words import Money, Phrase
from service.platform.clock import from_us
from service.settlements.telling import on_its_way, paid_back

_OUTCOMES: Mapping[str, Phrase] = {
    "passed": Phrase("{quantity} inspected: in order."),
    "failed": Phrase("{quantity} inspected: not in the condition that we need."),
    "short": Phrase("{quantity} inspected: not in the parcel."),
    "wrong_item": Phrase("{quantity} inspected: not what was bought here."),
    "empty": Phrase("{quantity} inspected: the parcel was empty."),
    "unexpected": Phrase("{quantity} found that the return does not tell of."),
}
_CHOICES: Mapping[str, Phrase] = {
    "partial_refund": Phrase("A part of the price was agreed on."),
    "send_back": Phrase("The goods are to be sent back to you."),
    "dispose": Phrase("The goods are to be disposed of."),
    "accept": Phrase("The finding was accepted."),
}
# What happened instead of a choice that was not made.
_BY_ITSELF: Mapping[str, Phrase] = {
    "partial_refund": Phrase("No choice was made in time, so a part of the price is paid back."),
    "send_back": Phrase("No choice was made in time, so the goods are to be sent back to you."),
    "dispose": Phrase("No choice was made in time, so the goods are to be disposed of."),
    "accept": Phrase("Nothing was chosen in time, so the finding stands."),
}
_PUT_OFF: Mapping[tuple[str, str], Phrase] = {
    ("choice", "objection_open"): Phrase(
        "Your complaint is not answered yet: nothing happens without your choice before {until}."
    ),
    ("appeal", "objection_open"): Phrase(
        "Your complaint is not answered yet: you can appeal at least until {until}."
    ),
    ("choice", "objection_answered"): Phrase(
        "Your complaint was answered: you choose what becomes of the goods, until {until}."
    ),
    ("appeal", "objection_answered"): Phrase(
        "Your complaint was answered: you can appeal until {until}."
    ),
}
_SCANS: Mapping[str, Phrase] = {
    "picked_up": Phrase("The carrier has the parcel."),
    "in_transit": Phrase("The parcel is on its way."),
    "delivered": Phrase("The carrier delivered the parcel to us."),
}
_BREACHED: Mapping[str, Phrase] = {
    "review": Phrase("The decision took too long; the head of the reviewers takes over."),
    "inspection": Phrase("The inspection took too long; the head of the warehouse takes over."),
    "send_back": Phrase("Sending the goods back took too long; somebody looks after it."),
    "refund": Phrase("The payment took too long; somebody looks after it."),
}
_PLAIN: Mapping[type[e.Payload], Phrase] = {
    e.ReturnRequested: Phrase("The return was applied for."),
    e.ReturnWithdrawn: Phrase("The purchase was withdrawn from."),
    e.AppealLapsed: Phrase("Nobody appealed."),
    e.ReturnCancelled: Phrase("The return was cancelled."),
    e.ReturnExpired: Phrase("The goods were not sent in time: the return expired."),
    e.ReturnReceived: Phrase("The goods reached the warehouse."),
    e.LineKeepGranted: Phrase("You may keep the goods."),
    e.ReturnClosed: Phrase("The return is done."),
    e.ReviewRequested: Phrase("You asked for a person to look at it."),
    e.EvidenceRequested: Phrase("We asked you a question."),
    e.EvidenceReceived: Phrase("You answered."),
    e.EvidenceLapsed: Phrase("No answer came; we decide on what we have."),
    e.ShipmentCreated: Phrase("You told us how the goods come."),
    e.PickupFailed: Phrase("The courier could not take the goods."),
    e.ShipmentLost: Phrase("The goods did not arrive in time; we search for them."),
    e.LossAccepted: Phrase("The goods were lost on their way; you do not bear that."),
    e.ShipmentOverdue: Phrase("The goods never came."),
    e.InspectionWaived: Phrase("The inspection took too long; the goods are accepted as they are."),
    e.GoodsSentBack: Phrase("The goods were sent back to you."),
    e.RefundUnknown: Phrase("The payment is being checked."),
    e.RefundFailed: Phrase("The payment was refused; we find another way."),
    e.SurveySent: Phrase("We asked you how it was."),
}


def tell(payload: e.Payload) -> Phrase | None:
    """The event in words; None where it is not the customer's business."""
    if teller := _TELLERS.get(type(payload)):
        return teller(payload)
    return _PLAIN.get(type(payload))


def _authorized(said: Any) -> Phrase:
    by = {
        "rule": Phrase("The return was authorized by the rules of policy {version}."),
        "reviewer": Phrase("The return was authorized by a reviewer."),
        "deadline": Phrase("The return was authorized, since nobody decided in time."),
    }[said.mode]
    return Phrase(by.text, {"version": said.policy_version})


def _declined(said: Any) -> Phrase:
    if reason := WHY_DECLINED.get(said.rule):
        return Phrase("The return was declined by a reviewer: {reason}", {"reason": reason})
    return WHY.get(said.rule, Phrase("The return was declined by a reviewer."))


def _review(said: Any) -> Phrase:
    failed = [rule for rule in said.rules if not rule.passed]
    return (why(failed[0]) if failed else None) or _LOOK


_LOOK = Phrase("A person looks at it.")


def _reinstated(said: Any) -> Phrase:
    if said.permission == "authorized":
        return Phrase("The goods came after all: your withdrawal stands.")
    return Phrase("The goods came after all; a reviewer decides.")


def _inspected(said: Any) -> Phrase:
    return Phrase(_OUTCOMES[said.outcome].text, {"quantity": said.quantity})


def _choice_wanted(said: Any) -> Phrase:
    return Phrase(
        "You choose what becomes of the goods, until {until}.", {"until": from_us(said.due_at_us)}
    )


def _chosen(said: Any) -> Phrase:
    return (_BY_ITSELF if said.is_default else _CHOICES)[said.choice]


def _put_off(said: Any) -> Phrase:
    words = _PUT_OFF[said.clock, said.cause]
    return Phrase(words.text, {"until": from_us(said.due_at_us)})


def _refund_requested(said: Any) -> Phrase:
    return on_its_way(Money(said.amount_minor, said.currency), from_us(said.due_at_us))


def _refund_settled(said: Any) -> Phrase:
    return paid_back(Money(said.amount_minor, said.currency))


def _pickup(said: Any) -> Phrase:
    return Phrase("A courier comes on {day}.", {"day": said.day})


_TELLERS: Mapping[type[e.Payload], Callable[[Any], Phrase]] = {
    e.ReturnAuthorized: _authorized,
    e.ReturnDeclined: _declined,
    e.ReturnReinstated: _reinstated,
    e.ReviewOpened: _review,
    e.LineInspected: _inspected,
    e.ChoiceRequested: _choice_wanted,
    e.ChoiceMade: _chosen,
    e.ClockBreached: lambda said: _BREACHED[said.clock],
    e.ClockPutOff: _put_off,
    e.ShipmentScanned: lambda said: _SCANS[said.scan],
    e.PickupBooked: _pickup,
    e.RefundRequested: _refund_requested,
    e.RefundSettled: _refund_settled,
}
