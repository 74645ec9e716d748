"""For whom a model errs: honest customers that were sent to a person, by tenure, language, region, value and what they share."""

from collections.abc import Mapping

import polars as pl

from models.risk.features import NAMES
from models.risk.rules import sharing
from models.risk.slices import false_reviews
from pipelines.risk.seen import SEEN_RELATION
from pipelines.warehouse.warehouse import Warehouse

_LIVE = """
    select decisions.rma, decisions.decision = 'review' as reviewed,
           cast(decisions.audit_weight as double) / 1000 as weight
    from marts.risk_decisions as decisions
    where decisions.basis = 'model' and decisions.label = 0 and decisions.audit_weight is not null
        and not decisions.is_drawn_doubt
        and decisions.model_version in (select version from risk_versions)
"""


def words_of(warehouse: Warehouse, most_linked: Mapping[str, int]) -> pl.DataFrame:
    """Every judged application in words: `rma, tenure, language, region, value, links`. Language is that of the letters to it;
    `links` is what its customer shares with others, beside the limit by feature that is given.
    """
    tenure, value = (_of_vector(name) for name in ("tenure_days", "value"))
    links = "".join(f", {_of_vector(name)} as {name}" for name in most_linked)
    found = warehouse.query(
        f"""with languages as (
                select letters.subject as rma, arg_min(letters.language, letters.seq) as language
                from staging.letters as letters group by letters.subject
            )
            select requests.rma,
                case when {tenure} is null then null when {tenure} < 30 then '<30d' when {tenure} < 180 then '30-180d'
                     when {tenure} < 365 then '180-365d' else '>1y' end as tenure,
                languages.language, orders.country as region,
                case when {value} is null then null when {value} < 2000 then '<20' when {value} < 5000 then '20-50'
                     when {value} < 10000 then '50-100' else '>100' end as value{links}
            from intermediate.risk_requests as requests
            inner join {SEEN_RELATION} as seen on seen.rma = requests.rma
            left join languages on languages.rma = requests.rma
            left join staging.orders as orders on orders.order_id = requests.order_id
            order by requests.rma"""
    )
    return found.with_columns(links=sharing(most_linked)).drop(most_linked)


def _of_vector(name: str) -> str:
    return f"seen.vector[{NAMES.index(name) + 1}]"


def live_false_reviews(warehouse: Warehouse, version: str, words: pl.DataFrame) -> pl.DataFrame:
    """Of the honest applications that a model decided on, the share it sent to a person, by slice; each label weighted."""
    honest = warehouse.query(_LIVE, risk_versions=pl.DataFrame({"version": [version]}))
    return false_reviews(honest, words)
