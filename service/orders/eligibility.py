"""What of an order may come back, told before anybody applies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field
from sqlalchemy import Connection, Row

from service.domain.eligibility import LineEligibility, OrderedLine, Way, WayKind
from service.domain.events import RefundOn
from service.domain.words import Language, Payer, Phrase, Reason
from service.flags.hints import defective
from service.orders import repository
from service.platform.clock import from_us
from service.platform.fields import Body, CurrencyCode, OrderId, Sku
from service.platform.language import say


class WayView(Body):
    """One way to send units back, and on which conditions."""

    kind: Annotated[
        WayKind,
        Field(
            description="withdrawal: by law, with POST /v1/withdrawals; return: by the shop's rules, with POST /v1/returns; "
            "review: the same, but a person decides"
        ),
    ]
    regime: Annotated[str | None, Field(description="the law whose terms hold")]
    until: Annotated[
        datetime | None,
        Field(
            description="its last moment; null: without an end. Where the law counts from the whole order and some of it is "
            "still to come, it is later"
        ),
    ]
    reasons: Annotated[Sequence[Reason], Field(description="for these reasons")]
    evidence_reasons: Annotated[
        Sequence[Reason], Field(description="those of them that need evidence")
    ]
    fee_percent: Annotated[int, Field(description="what the shop keeps, of the price")]
    return_freight_by: Annotated[Payer, Field(description="who pays for sending it back")]
    refund_on: Annotated[RefundOn, Field(description="what the refund waits for")]
    latest_refund: Annotated[str, Field(description="when the money comes, for people")]
    conditions: Annotated[Sequence[str], Field(description="all of it, for people")]


class LineEligibilityView(Body):
    """What of one line may come back."""

    line_no: Annotated[int, Field(description="the line of the order")]
    sku: Sku
    units: Annotated[int, Field(description="how many may come back now")]
    ways: Annotated[Sequence[WayView], Field(description="how; none where nothing may")]
    why_not: Annotated[str | None, Field(description="why nothing may come back, for people")]


class EligibilityView(Body):
    """What of an order may come back, line by line."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order_id": "A-1001",
                "currency": "EUR",
                "lines": [
                    {
                        "line_no": 1,
                        "sku": "MUG-01",
                        "units": 2,
                        "ways": [
                            {
                                "kind": "return",
                                "regime": None,
                                "until": "2026-04-04T14:10:00Z",
                                "reasons": ["defect", "changed_mind"],
                                "evidence_reasons": [],
                                "fee_percent": 0,
                                "return_freight_by": "customer",
                                "refund_on": "inspected",
                                "latest_refund": "Your money comes back at the latest 72 hours after we have checked the goods.",
                                "conditions": ["Sending it back is at your cost."],
                            }
                        ],
                        "why_not": None,
                    }
                ],
            }
        }
    )

    order_id: OrderId
    currency: CurrencyCode
    lines: Annotated[Sequence[LineEligibilityView], Field(description="every line of the order")]


def ordered_lines(
    connection: Connection, order: Row[Any], in_returns: dict[int, int]
) -> list[OrderedLine]:
    """The lines of an order as the rules see them."""
    delivered = repository.delivered(connection, order.order_id)
    ordered = repository.lines_of(connection, order.order_id)
    flagged = defective(connection, {row.sku for row in ordered.values()}, order.placed_at_us)
    lines = []
    for number, row in sorted(ordered.items()):
        there = delivered.get(number)
        lines.append(
            OrderedLine(
                line_no=number,
                sku=row.sku,
                quantity=row.quantity,
                delivered=there.quantity if there else 0,
                in_returns=in_returns.get(number, 0),
                last_delivered_at=from_us(there.last_us) if there else None,
                exclusion=row.exclusion,
                is_flagged=row.sku in flagged,
            )
        )
    return lines


def in_words(
    order: Row[tuple[object, ...]],
    lines: Sequence[LineEligibility],
    language: Language,
    zone: ZoneInfo,
) -> EligibilityView:
    """The same, in the customer's language and the shop's time."""

    def words(phrase: Phrase) -> str:
        return say(phrase, language, zone=zone)

    def way(each: Way) -> WayView:
        return WayView(
            kind=each.kind,
            regime=each.regime,
            until=each.until,
            reasons=each.reasons,
            evidence_reasons=each.evidence_reasons,
            fee_percent=each.fee_percent,
            return_freight_by=each.return_freight_by,
            refund_on=each.refund_on,
            latest_refund=words(each.latest_refund),
            conditions=[words(one) for one in each.conditions],
        )

    return EligibilityView(
        order_id=order.order_id,
        currency=order.currency,
        lines=[
            LineEligibilityView(
                line_no=line.line_no,
                sku=line.sku,
                units=line.units,
                ways=[way(each) for each in line.ways],
                why_not=words(line.why_not) if line.why_not else None,
            )
            for line in lines
        ],
    )
