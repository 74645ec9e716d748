"""Two people who do two things to the same return, order or case at the same moment, each in a process of their own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rivals import own_retour

from service.application import Retour
from service.cases.schemas import CloseBody
from service.domain.events import Actor
from service.platform.idempotency import Attempt, Repeated
from service.platform.problems import Conflict
from service.receiving.schemas import InspectionBody, ParcelBody
from service.returns.schemas import ChoiceBody
from service.reviews.schemas import DecisionBody
from service.settlements.schemas import FailureBody, GoodwillBody

Deed = Callable[[Retour, str], object]
Turn = tuple[str, str]  # the contest, and what it is about

_FINANCE, _DOCK = Actor("finance", "f"), Actor("inspector", "i")


def _decide(decision: str, reason: str) -> Deed:
    body = DecisionBody.model_validate({"decision": decision, "reason_code": reason})
    return lambda retour, rma: retour.reviews.decide(rma, body, Actor("reviewer", "r"))


def _close(outcome: Any) -> Deed:
    body = CloseBody(outcome=outcome)
    return lambda retour, case: retour.cases.close(case, body, Actor("after_sales", "a"))


def _choose(choice: Any) -> Deed:
    return lambda retour, rma: retour.returns.choose(
        rma, 1, ChoiceBody(choice=choice), Actor("customer")
    )


def _find(outcome: str) -> Deed:
    finding = {"outcome": outcome, "quantity": 1, "grade": "A"}
    body = InspectionBody.model_validate({"line_no": 1, "depth": "full", "findings": [finding]})
    return lambda retour, rma: retour.receiving.inspect(rma, body, _DOCK)


def _give(amount_minor: int) -> Deed:
    body = GoodwillBody(amount_minor=amount_minor)
    return lambda retour, rma: retour.settlements.give_goodwill(rma, body, _FINANCE)


def _scan(retour: Retour, rma: str) -> None:
    attempt = Attempt("dock", f"parcel of {rma}", "the same scan")
    retour.receiving.receive(ParcelBody(rma=rma), _DOCK, attempt)


def _confirm(retour: Retour, refund_id: str) -> None:
    retour.settlements.confirm(refund_id, _FINANCE)


def _fail(retour: Retour, refund_id: str) -> None:
    retour.settlements.fail(refund_id, FailureBody(reason="refused"), _FINANCE)


# What the one does, and what the other. Where both may be done in turn, money says who came first.
CONTESTS: Mapping[str, tuple[Deed, Deed]] = {
    "decision": (_decide("authorize", "goodwill"), _decide("decline", "misuse")),
    "closure": (_close("answered"), _close("rejected")),
    "choice": (_choose("send_back"), _choose("dispose")),
    "finding": (_find("passed"), _find("failed")),
    "payment": (_confirm, _fail),
    "last_cent": (_give(1000), _give(1000)),
    "scan": (_scan, _scan),
    "goodwill_or_refund": (_give(1000), _find("passed")),
}


def contend(
    number: int, barrier: Any, url: str, now: datetime, turns: Sequence[Turn], results: Any
) -> None:
    """Turn by turn, at the same moment as the other process; what came of it goes to `results`."""
    retour = own_retour(url, now)
    for contest, subject in turns:
        barrier.wait()
        results.put((contest, subject, _outcome(CONTESTS[contest][number], retour, subject)))


def _outcome(deed: Deed, retour: Retour, subject: str) -> str:
    try:
        deed(retour, subject)
    except Conflict:
        return "refused"
    except Repeated:
        return "repeated"
    return "won"
