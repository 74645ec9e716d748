"""For whom a model errs: honest customers that were sent to a person, by tenure, language, region and value."""

import polars as pl

from models.risk.features import NAMES
from models.risk.intervals import wilson
from pipelines.risk.seen import SEEN_RELATION
from pipelines.warehouse.warehouse import Warehouse

SLICES = pl.Schema(
    {
        "dimension": pl.String(),
        "slice": pl.String(),
        "honest": pl.Int64(),
        "share": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
_LIVE = """
    select decisions.rma, decisions.decision = 'review' as reviewed,
           cast(decisions.audit_weight as double) / 1000 as weight
    from marts.risk_decisions as decisions
    where decisions.basis = 'model' and decisions.label = 0 and decisions.audit_weight is not null
        and not decisions.is_drawn_doubt
        and decisions.model_version in (select version from risk_versions)
"""


def words_of(warehouse: Warehouse) -> pl.DataFrame:
    """Every judged application in words: `rma, tenure, language, region, value`. Language is that of the letters to it."""
    tenure, value = (f"seen.vector[{NAMES.index(name) + 1}]" for name in ("tenure_days", "value"))
    return warehouse.query(
        f"""with languages as (
                select letters.subject as rma, arg_min(letters.language, letters.seq) as language
                from staging.letters as letters group by letters.subject
            )
            select requests.rma,
                case when {tenure} is null then null when {tenure} < 30 then '<30d' when {tenure} < 180 then '30-180d'
                     when {tenure} < 365 then '180-365d' else '>1y' end as tenure,
                languages.language, orders.country as region,
                case when {value} is null then null when {value} < 2000 then '<20' when {value} < 5000 then '20-50'
                     when {value} < 10000 then '50-100' else '>100' end as value
            from intermediate.risk_requests as requests
            inner join {SEEN_RELATION} as seen on seen.rma = requests.rma
            left join languages on languages.rma = requests.rma
            left join staging.orders as orders on orders.order_id = requests.order_id
            order by requests.rma"""
    )


def live_false_reviews(warehouse: Warehouse, version: str, words: pl.DataFrame) -> pl.DataFrame:
    """Of the honest applications that a model decided on, the share it sent to a person, by slice; each label weighted."""
    honest = warehouse.query(_LIVE, risk_versions=pl.DataFrame({"version": [version]}))
    known = honest.join(words, on="rma", how="inner")
    parts = [_by(known, name) for name in words.columns if name != "rma"]
    return pl.concat(parts).sort("dimension", "slice") if parts else SLICES.to_frame()


def _by(known: pl.DataFrame, dimension: str) -> pl.DataFrame:
    grouped = (
        known.group_by(pl.col(dimension).fill_null("unknown").alias("slice"))
        .agg(
            pl.len().cast(pl.Int64).alias("honest"),
            ((pl.col("reviewed") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("share"),
            (pl.col("weight").sum() ** 2 / (pl.col("weight") ** 2).sum()).alias("effective"),
        )
        .select(pl.lit(dimension).alias("dimension"), pl.all())
    )
    bounds = [
        wilson(share, size) for share, size in grouped.select("share", "effective").iter_rows()
    ]
    return grouped.select(
        "dimension",
        "slice",
        "honest",
        "share",
        pl.Series("low", [low for low, _ in bounds], dtype=pl.Float64),
        pl.Series("high", [high for _, high in bounds], dtype=pl.Float64),
    ).cast(SLICES)
