"""A payload of each type of event, with lists of no, one and several items, and nulls where they may be."""

from service.domain import events as e

_RULES = [
    e.RuleOutcome(rule="within_window", passed=True, detail="day 3 of 14"),
    e.RuleOutcome(rule="value_cap", passed=False, detail="低于上限"),
]
_TWO_UNITS = [e.UnitsOfLine(line_no=1, quantity=2)]
_LATER_US = 1_709_380_800_000_000

_SHOP: tuple[e.Payload, ...] = (
    e.ProductUpserted(sku="85123A", title="White hanging heart", cost_minor=120),
    e.OrderPlaced(
        order_id="536365",
        customer_key=None,
        currency="GBP",
        country="United Kingdom",
        lines=[
            e.OrderLine(
                line_no=1,
                sku="85123A",
                quantity=6,
                unit_price_minor=255,
                discount_minor=30,
                exclusion="final_sale",
            ),
            e.OrderLine(line_no=2, sku="71053", quantity=1, unit_price_minor=0),
        ],
        discount_minor=100,
        shipping_minor=495,
    ),
    e.OrderDelivered(
        order_id="536365", delivery_id="d1", lines=[e.DeliveredLine(line_no=1, quantity=6)]
    ),
)

_CUSTOMERS: tuple[e.Payload, ...] = (
    e.CustomerIdentified(
        customer_key="cus_1", order_id="536365", address_key="adr_1", payment_key="pay_1"
    ),
)

_A_RETURN: tuple[e.Payload, ...] = (
    e.ReturnRequested(
        rma="R1",
        order_id="536365",
        customer_key="cus_1",
        currency="GBP",
        lines=[
            e.ReturnLine(
                line_no=1,
                order_id=None,
                order_line_no=None,
                sku="85123A",
                quantity=2,
                reason=None,
                value_minor=510,
            )
        ],
        inputs=6,
        started_at_us=_LATER_US,
        returnable_until_us=_LATER_US,
    ),
    e.ReturnAuthorized(
        rma="R1",
        mode="rule",
        policy_version="1",
        model_version=None,
        score=0.1 + 0.2,
        refund_on="inspected",
        inspection="basic",
        rules=_RULES,
    ),
    e.ReviewOpened(rma="R2", policy_version="1", rules=[]),
    e.ReturnReceived(rma="R1", lines=_TWO_UNITS),
    e.LineInspected(
        rma="R1",
        line_no=1,
        quantity=2,
        outcome="passed",
        grade=None,
        inspection_depth="full",
        text_ref="txt_4",
    ),
    e.RefundSettled(
        rma="R1",
        means="card",
        currency="GBP",
        amount_minor=510,
        lines=[e.RefundLine(line_no=1, amount_minor=510)],
    ),
    e.ReturnClosed(rma="R1"),
)

_CONCLUSIONS: tuple[e.Payload, ...] = (
    e.SkuFlagged(
        sku="85123A",
        since="2024-02-26",
        lift=2.5,
        lift_low=1.5,
        lift_high=4.0,
        excess_units=3.25,
        detector_version="1",
        stream="defect",
        probability=0.99,
        cause="damaged",
        money_at_risk_minor=42_000,
        currency="GBP",
        suggested_action="supplier_claim",
        own_level=0.8,
    ),
    e.SkuAnswerWeighed(
        sku="85123A",
        answer_id="0190a8e2-0000-7000-8000-000000000002",
        since="2024-02-26",
        lift=2.25,
        lift_low=1.5,
        lift_high=3.5,
        units_expected=4.5,
        excess_units=5.5,
        detector_version="1",
        stream="defect",
        cause="damaged",
        culprit_dimension="lot",
        culprit_value="L1",
    ),
    e.SkuCleared(sku="85123A", lift=1.01, detector_version="1"),
    e.CategoryProfiled(
        category="dresses",
        as_of_seq=4,
        return_rate=190_000,
        abuse_rate=80_000,
        lean=-250_000,
        price_minor=6900,
    ),
    e.CheckFailed(relation="marts.volume_daily", rule="key_is_unique", failing_rows=2),
    e.CheckPassed(relation="marts.volume_daily", rule="key_is_unique"),
    e.ModelPromoted(
        version="r2026-03-02-0a1b2c3d",
        previous="r2026-02-23-4e5f6071",
        is_rollback=False,
        by="pipeline",
        reason="certified, and cheaper by 3 %",
        model_sha256="0" * 64,
    ),
    e.ModelSuspended(
        version="r2026-03-02-0a1b2c3d", cause="drift", by="pipeline", reason="hour: 0.31"
    ),
    e.ModelResumed(version="r2026-03-02-0a1b2c3d", by="command line", reason="looked at"),
    e.ImportCompleted(
        importer="online-retail",
        timezone="Europe/London",
        content_sha256="0" * 64,
        rows_read=3,
        rows_sold=1,
        rows_returned=1,
        units_sold=7,
        units_returned=2,
        units_matched=2,
        set_aside=[e.SetAside(reason="no product code", rows=1, units=-4)],
    ),
)

_DECISIONS: tuple[e.Payload, ...] = (
    e.ReturnWithdrawn(
        rma="W1",
        order_id="536366",
        customer_key=None,
        currency="EUR",
        regime="eu_14_day",
        policy_version="1",
        refund_on="received",
        lines=[
            e.ReturnLine(
                line_no=number,
                order_id="536366",
                order_line_no=number,
                sku=sku,
                quantity=number,
                reason=None,
                value_minor=255 * number,
            )
            for number, sku in ((1, "85123A"), (2, "71053"))
        ],
    ),
    e.ReturnAssessed(
        rma="R1",
        as_of_seq=2,
        policy_version="1",
        model_version=None,
        score=None,
        decision="review",
        refund_on="inspected",
        inspection="full",
        is_audit=True,
        propensity=0.05,
        features=[
            e.Feature(name="value_minor", value=510.0),
            e.Feature(name="days_since_first_order", value=None),
        ],
        reasons=[e.Reason(code="returns_bad", words="Unusual.")],
        basis="model",
        challenger_version="r2026-03-02-0a1b2c3d",
        challenger_score=0.125,
        hidden_decision="review",
        approve_propensity=0.3,
        timezone="Asia/Shanghai",
    ),
    e.ReturnDeclined(
        rma="R2",
        mode="reviewer",
        policy_version="1",
        rule="not_as_claimed",
        rules=[],
        appeal_until_us=_LATER_US,
    ),
    e.AppealLapsed(rma="R2", lines=[e.UnitsOfLine(line_no=1, quantity=1)]),
    e.ReturnCancelled(rma="R3", lines=_TWO_UNITS),
    e.ReturnExpired(rma="R4", lines=[*_TWO_UNITS, e.UnitsOfLine(line_no=2, quantity=1)]),
    e.ReturnReinstated(rma="R4", lines=_TWO_UNITS, due_at_us=_LATER_US),
    e.LineSplit(rma="W1", line_no=2, root_line_no=2, into_line_no=3, quantity=1, value_minor=255),
    e.LineKeepGranted(rma="R5", lines=_TWO_UNITS),
    e.ClockBreached(
        rma="R2",
        clock="review",
        owner_role="reviewer",
        due_at_us=_LATER_US,
        lines=_TWO_UNITS,
        next_due_at_us=_LATER_US + 1,
    ),
    e.ClockPutOff(
        rma="R2",
        clock="choice",
        cause="objection_open",
        due_at_us=_LATER_US,
        lines=_TWO_UNITS,
    ),
    e.ReviewAssigned(rma="R2", reviewer_key=None, cause="opened"),
    e.ReviewDecided(
        rma="R2",
        decision="decline",
        reason_code="not_as_claimed",
        reviewer_key="staff_1",
        opened_at_us=_LATER_US,
        paused_us=0,
    ),
    e.EvidenceRequested(rma="R2", text_ref="txt_1", due_at_us=_LATER_US),
    e.EvidenceReceived(rma="R2", text_ref="txt_2", due_at_us=_LATER_US),
    e.EvidenceLapsed(rma="R2"),
    e.ReviewRequested(
        rma="R2",
        lines=[e.UnitsOfLine(line_no=1, quantity=2)],
        due_at_us=1_772_539_200_000_000,
        text_ref="txt_5",
    ),
)

_WAY_BACK: tuple[e.Payload, ...] = (
    e.ShipmentCreated(
        rma="R1",
        shipment_id="shp_1",
        method="own_carrier",
        has_tracking=False,
        lines=_TWO_UNITS,
    ),
    e.PickupBooked(rma="R1", shipment_id="shp_2", day="2024-03-02"),
    e.PickupFailed(rma="R1", shipment_id="shp_2", reason="nobody_there", lines=_TWO_UNITS),
    e.ShipmentScanned(rma="R1", shipment_id=None, scan="picked_up", lines=_TWO_UNITS),
    e.ShipmentLost(rma="R1", lines=_TWO_UNITS, due_at_us=_LATER_US),
    e.LossAccepted(rma="R1", lines=_TWO_UNITS),
    e.ShipmentOverdue(rma="R1", lines=_TWO_UNITS),
    e.ParcelReceived(parcel_id="pcl_1", rma=None, weight_grams=None),
)

_AFTER_IT: tuple[e.Payload, ...] = (
    e.InspectionWaived(rma="R1", lines=_TWO_UNITS),
    e.LineDispositioned(rma="R1", line_no=1, sku="85123A", quantity=2, disposition="refurbish"),
    e.InventoryAdjusted(
        sku="85123A",
        place="refurbish",
        change=-2,
        units_left=0,
        cause="sold",
        rma=None,
        line_no=None,
    ),
    e.ChoiceRequested(
        rma="R1",
        line_no=1,
        options=[e.Option(choice="send_back"), e.Option(choice="dispose")],
        default_choice="send_back",
        offer_minor=0,
        due_at_us=_LATER_US,
    ),
    e.ChoiceMade(rma="R1", line_no=1, choice="send_back", is_default=True),
    e.GoodsSentBack(rma="R1", lines=_TWO_UNITS),
    e.RefundRequested(
        rma="R1",
        refund_id="rfd_1",
        means="original",
        currency="GBP",
        amount_minor=200,
        trigger="goodwill",
        due_at_us=_LATER_US,
        lines=[],
    ),
    e.RefundUnknown(rma="R1", refund_id="rfd_1"),
    e.RefundFailed(rma="R1", refund_id="rfd_1", reason="expired_means"),
)

_FOLLOW_UP: tuple[e.Payload, ...] = (
    e.CaseOpened(
        case_id="case_1",
        kind="unknown_parcel",
        rma=None,
        order_id=None,
        owner_role="after_sales",
        owner_key=None,
        due_at_us=_LATER_US,
        text_ref=None,
    ),
    e.CaseAssigned(case_id="case_1", owner_key=None, cause="running_late"),
    e.CaseClosed(case_id="case_1", outcome="found", opened_at_us=_LATER_US, text_ref=None),
    e.CaseEscalated(
        case_id="case_1",
        owner_role="admin",
        owner_key="stf_1",
        due_at_us=_LATER_US,
        clock="first_response",
    ),
    e.MessageWritten(
        message_id="msg_2",
        case_id="case_1",
        rma=None,
        direction="to_customer",
        written_by="after_sales",
        language="en",
        text_ref="txt_2",
        answer_due_at_us=None,
    ),
    e.MessageSent(message_id="msg_1", letter="refunded", language="zh", about_us=_LATER_US),
    e.SurveySent(rma="R1"),
    e.SurveyReminded(rma="R1"),
    e.SurveyAnswered(
        rma="R1", csat=2, tags=[e.Tag(tag="slow"), e.Tag(tag="unclear")], text_ref=None
    ),
)

_FLAGS: tuple[e.Payload, ...] = (
    e.SkuAcknowledged(sku="71053", flag_id="flag_1"),
    e.SkuAssigned(sku="71053", flag_id="flag_1", owner_key="staff_2"),
    e.SkuActionTaken(sku="71053", flag_id="flag_1", action="size_note", text_ref="txt_3"),
    e.SkuDismissed(sku="85123A", flag_id="flag_2", reason="expected", text_ref=None),
)

SIMPLE = (*_SHOP, *_A_RETURN, *_CONCLUSIONS)
EVERY_PAYLOAD = (
    *SIMPLE,
    *_CUSTOMERS,
    *_DECISIONS,
    *_WAY_BACK,
    *_AFTER_IT,
    *_FOLLOW_UP,
    *_FLAGS,
)
