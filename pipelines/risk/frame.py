"""What a risk model learns from: every scored request as it was seen then, with what became known of it since."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from models.risk.features import NAMES
from models.risk.rules import RiskRules
from pipelines.risk.seen import SEEN_RELATION
from pipelines.warehouse.warehouse import Warehouse
from service.domain.policy import Policy

# Where the lot draws of what the model doubts, two samples stand for the same requests: what was drawn, and what a person
# let come. Each teaches for one half of them; only the drawn ones certify, for all.
KNOWN = """
    select
        labels.rma,
        labels.assessed_at as requested_at,
        case when labels.is_full_by_decision then labels.label end as label,
        case
            when not labels.is_full_by_decision then 1
            when labels.is_drawn_doubt or labels.is_beside_drawn then 0.5 / labels.full_propensity
            else 1 / labels.full_propensity
        end as weight,
        case when labels.is_full_by_decision and not labels.is_beside_drawn then 1 / labels.full_propensity end
            as certifying_weight,
        case when labels.is_full_by_decision and labels.label is not null then labels.labelled_at end as labelled_at,
        case when not labels.is_full_by_decision then labels.finding end as finding,
        case when not labels.is_full_by_decision then labels.found_at end as found_at,
        labels.is_eligible
    from intermediate.risk_labels as labels
"""
_ROWS = f"""
    select known.*, seen.vector
    from ({KNOWN}) as known
    inner join {SEEN_RELATION} as seen on seen.rma = known.rma
    order by known.requested_at, known.rma
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """The requests in order of time, up to `as_of` (UTC). `left_out` counts those of unknown value: no bound by amount covers them.

    `rows`: rma, requested_at, every feature, label, weight, certifying_weight, labelled_at, finding, found_at,
    is_eligible; see `models.risk.train.train`.
    """

    rows: pl.DataFrame
    as_of: datetime
    left_out: int

    @property
    def labels(self) -> int:
        """How many requests are known to be abusive or honest."""
        return self.rows["label"].count()

    @property
    def abusive(self) -> int:
        """How many are known to be abusive."""
        return int(self.rows["label"].sum() or 0)


def training_frame(warehouse: Warehouse) -> Frame:
    """The training frame as the warehouse stands.

    A label counts where the decision had asked for a full inspection, and for as many requests as that was improbable. It
    certifies but where a person had to let it come and the lot drew others of its like, which tell the same without a
    person's choice. What the inspection of another request found is a finding: a hint for the model, and no label, for
    much escapes a basic one.
    """
    found = warehouse.query(_ROWS)
    rows = found.select(
        "rma",
        pl.col("requested_at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
        *(pl.col("vector").list.get(place).alias(name) for place, name in enumerate(NAMES)),
        pl.col("label").cast(pl.Int8),
        pl.col("weight", "certifying_weight").cast(pl.Float64),
        pl.col("labelled_at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
        pl.col("finding").cast(pl.Int8),
        pl.col("found_at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
        "is_eligible",
    )
    known = rows.filter(pl.col("value").is_not_null())
    return Frame(known, _moment(warehouse), len(rows) - len(known))


def main_currency(warehouse: Warehouse) -> str:
    """The currency of most orders; EUR before the first."""
    rows = warehouse.query(
        "select currency from staging.orders group by currency order by count(*) desc, currency limit 1"
    ).rows()
    return str(rows[0][0]) if rows else "EUR"


def rules_of(policy: Policy, currency: str) -> RiskRules:
    """What the policy says of risk, in one currency. A price that it does not name is 0."""
    terms = policy.risk
    return RiskRules(
        abuse_cap=terms.abuse_cap,
        amount_cap=terms.amount_cap,
        early_cap=terms.early_refund.abuse_cap,
        basic_cap=terms.basic_inspection.abuse_cap,
        confidence=terms.confidence,
        review_minutes=terms.review_minutes,
        review_minute_minor=terms.review_minute_minor.get(currency, 0),
        review_days=policy.clocks.hours.review / 24,
        delay_day_minor=terms.delay_day_minor.get(currency, 0),
        loss_share=terms.loss_share,
        max_reviews_a_day=terms.max_reviews_a_day,
        audit_share=policy.audit.share,
        bootstrap_share=policy.audit.bootstrap_share,
        most_linked=terms.links.by_feature(),
    )


def _moment(warehouse: Warehouse) -> datetime:
    as_of = warehouse.run.as_of
    return (as_of or datetime(1970, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001  # UTC without a zone, as all of the warehouse
