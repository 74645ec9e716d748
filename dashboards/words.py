"""The log's and the marts' codes in words. A code that is not here is shown as it is."""

from dashboards import health_words, risk_words

CLOCKS = {
    "decision": "Decision",
    "review": "Review",
    "inspection": "Inspection",
    "refund": "Refund",
    "case": "Case",
    "first_answer": "First answer",
}
WAITS = {
    **CLOCKS,
    "escalation": "Escalated review",
    "evidence": "More from the customer",
    "appeal": "Appeal window",
    "ship_by": "Hand-over of the goods",
    "transit": "Transit",
    "search": "Search for a parcel",
    "choice": "Customer's choice",
    "send_back": "Goods to send back",
    "first_response": "First answer",
}
STAGES = {
    "decide": "Decide",
    "hand_over": "Hand over",
    "transit": "Transit",
    "inspect": "Inspect",
    "place": "Place the goods",
    "refund": "Refund",
}
OWNERS = {
    "system": "system",
    "customer": "customer",
    "reviewer": "reviewer",
    "inspector": "inspector",
    "finance": "finance",
    "after_sales": "after-sales",
    "carrier": "carrier",
    "shop": "shop",
    "admin": "administrator",
}
OUTCOMES = {
    "refunded": "refunded",
    "partly_refunded": "partly refunded",
    "not_refunded": "not refunded",
    "declined": "declined",
    "cancelled": "cancelled",
    "expired": "expired",
    "kept": "kept",
    "open": "still open",
}
WAITING = {
    "<2d": "under 2 days",
    "2-5d": "2 to 5 days",
    "5-10d": "5 to 10 days",
    "10-20d": "10 to 20 days",
    ">20d": "over 20 days",
    "open": "still open",
}
DECISIONS = {
    "rule": "by rule",
    "reviewer": "by a reviewer",
    "deadline": "by the deadline",
    "law": "by law",
    "declined": "declined",
    "none": "none yet",
}
TAGS = {
    "easy": "easy",
    "fast": "fast",
    "clear": "clear",
    "friendly": "friendly",
    "laborious": "laborious",
    "slow": "slow",
    "unclear": "unclear",
    "unfair": "unfair",
    "refund_too_low": "refund too low",
    "other": "other",
}
CASES = {
    "complaint": "complaint",
    "suggestion": "suggestion",
    "not_received": "not received",
    "safety": "not safe",
    "low_score": "low score",
    "stalled": "stalled return",
    "recovery": "recovery",
    "unknown_parcel": "unknown parcel",
}
STEPS = {
    "start": "Start",
    "end": "End",
    "return.requested": "Return applied for",
    "return.withdrawn": "Withdrawal declared",
    "return.assessed": "Risk assessed",
    "return.authorized": "Return authorized",
    "return.declined": "Return declined",
    "return.appeal_lapsed": "Appeal window over",
    "return.cancelled": "Return cancelled",
    "return.expired": "Return expired",
    "return.reinstated": "Return reinstated",
    "return.received": "Goods received",
    "return.closed": "Return closed",
    "review.requested": "Person asked for",
    "review.opened": "Review opened",
    "review.assigned": "Review assigned",
    "review.decided": "Review decided",
    "evidence.requested": "More asked for",
    "evidence.received": "More received",
    "evidence.lapsed": "Nothing more came",
    "clock.breached": "Deadline missed",
    "shipment.created": "Shipment announced",
    "pickup.booked": "Pick-up booked",
    "pickup.failed": "Pick-up failed",
    "shipment.scanned": "Parcel scanned",
    "shipment.lost": "Parcel lost",
    "shipment.loss_accepted": "Loss accepted",
    "shipment.overdue": "Goods not sent in time",
    "line.inspected": "Goods inspected",
    "line.split": "Line split",
    "line.keep_granted": "Customer keeps the goods",
    "line.dispositioned": "Goods placed",
    "inventory.adjusted": "Stock adjusted",
    "inspection.waived": "Inspection waived",
    "choice.requested": "Choice asked for",
    "choice.made": "Choice made",
    "goods.sent_back": "Goods sent back",
    "refund.requested": "Refund ordered",
    "refund.settled": "Refund paid",
    "refund.unknown": "Refund uncertain",
    "refund.failed": "Refund failed",
    "survey.sent": "Survey sent",
    "survey.reminded": "Survey reminded",
    "survey.answered": "Survey answered",
    "message.sent": "Message sent",
    "case.opened": "Case opened",
    "case.assigned": "Case assigned",
    "case.escalated": "Case escalated",
    "case.closed": "Case closed",
}
DOORS = {
    "batch": "incoming events",
    "intermediate": "intermediate tables",
    "marts": "marts",
}
EXPECTATIONS = {
    "not_null": "never empty",
    "unique": "never twice",
    "unique_together": "never twice together",
    "increasing": "rising",
    "between": "within bounds",
    "in_set": "one of a list",
    "matches": "of a form",
    "key_is_whole": "key never empty",
    "key_is_unique": "key tells rows apart",
    "is_known": "known where it belongs",
    "not_before": "in order of time",
    "at_least": "not too small",
    "is_a_share": "a share",
    "is_a_known_word": "one of a list",
    "other": "as the rule says",
}
SEVERITIES = {"blocking": "blocking", "warning": "warning"}
SET_ASIDE = {
    "missing": "missing",
    "malformed_envelope": "malformed envelope",
    "repeated_id": "repeated id",
    "unknown_type": "unknown type",
    "unknown_version": "unknown version",
    "invalid_payload": "invalid payload",
    "failed_check": "failed check",
}
JOBS = {
    "refresh": "refresh",
    "rebuild": "rebuild everything",
    "rebuild_days": "rebuild some days",
    "verify": "compare all files",
    "train": "train the model, weigh every product",
    "prune": "forget old runs",
    "__ASSET_JOB": "some tables by hand",
}
RUN_STATUSES = {
    "success": "succeeded",
    "failure": "failed",
    "canceled": "cancelled",
    "canceling": "being cancelled",
    "started": "running",
    "starting": "starting",
    "queued": "queued",
    "not_started": "not started",
}
REASONS = {
    "defect": "defect",
    "damaged_in_transit": "damaged in transit",
    "not_as_described": "not as described",
    "size_fit": "size or fit",
    "wrong_item": "wrong item",
    "arrived_late": "arrived late",
    "changed_mind": "changed mind",
    "other": "other",
}
REASONS_OR_NONE = {**REASONS, "none": "none given"}
COSTS = {
    "refunds": "Refunds",
    "freight": "Freight",
    "handling": "Handling",
    "write_down": "Write-down",
    "goodwill": "Goodwill",
}
MEANS = {
    "original": "as it was paid",
    "bank_transfer": "bank transfer",
    "store_credit": "store credit",
    "cash": "cash",
    "voucher": "voucher",
    "none": "nothing to pay",
    "unknown": "not told",
}
CURRENCIES = {"XXX": "currency not told"}
ILLS = {
    "laborious": "Laborious?",
    "slow": "Slow?",
    "silent": "Silent?",
    "stalled": "Stalled?",
    "unanalysed": "Unanalysed?",
}
MEASURES = {
    "inputs_median": "Inputs to apply",
    "minutes_median": "Time to apply",
    "decision_hours_median": "Time to the decision",
    "auto_share": "Decided by rule",
    "message_minutes_median": "Time to a message",
    "first_answer_hours_median": "Time to the first answer",
    "stalled_returns": "Stalled returns",
    "stalled_hours_median": "Stalled for",
    "analysed_share": "Units weighed",
    "reason_share": "Units with a reason",
}
ACTIONS = {
    "fix_listing": "Fix the listing",
    "size_note": "Add a size note",
    "supplier_claim": "Claim from the supplier",
    "stop_buying": "Stop buying",
    "mark_down": "Mark it down",
}
DISMISSALS = {
    "expected": "it was to be expected",
    "data_error": "the data are wrong",
    "too_small": "too small to matter",
    "other": "another reason",
}
FLAG_STATES = {
    "flagged": "not answered",
    "acknowledged": "acknowledged",
    "acted": "acted on",
    "dismissed": "dismissed",
    "cleared": "over",
}
FLAG_STEPS = {
    "flagged": "flagged",
    "acknowledged": "acknowledged",
    "assigned": "assigned",
    "action_taken": "action taken",
    "dismissed": "dismissed",
    "cleared": "over",
}
LISTS = {"open": "To answer", "acted": "Acted on", "dismissed": "Dismissed"}
COURSES = {"new": "new", "worse": "worse", "better": "better", "steady": "unchanged"}
CULPRITS = {"lot": "batch", "region": "country", "variant": "variant", "vendor": "vendor"}
VERDICTS = {"worked": "worked", "did_not": "did not", "too_early": "too early to say"}
GLOSSARIES = (
    ACTIONS,
    DISMISSALS,
    FLAG_STATES,
    FLAG_STEPS,
    LISTS,
    COURSES,
    CULPRITS,
    VERDICTS,
    ILLS,
    MEASURES,
    WAITS,
    STAGES,
    OWNERS,
    OUTCOMES,
    WAITING,
    DECISIONS,
    TAGS,
    CASES,
    STEPS,
    DOORS,
    EXPECTATIONS,
    SEVERITIES,
    SET_ASIDE,
    JOBS,
    RUN_STATUSES,
    REASONS_OR_NONE,
    COSTS,
    MEANS,
    CURRENCIES,
    *risk_words.GLOSSARIES,
    *health_words.GLOSSARIES,
)
