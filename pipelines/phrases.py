"""From the warehouse and the service's erasable store to the words of problem products.

No text comes to the warehouse: they are read, counted and forgotten, and what is kept are phrases of three customers.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

import models.products.phrases
import models.products.words
from models.products.phrases import COMMENTS, PHRASES, top_phrases
from models.products.words import language_of
from pipelines.products import SOURCE
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour

PHRASES_RELATION = "intermediate.sku_phrases"
_ENOUGH_ALONE = 10  # so many comments on returns of one product make those on several needless
_MOST_OF_A_PRODUCT = 2_000
_MOST_OF_THE_SHELVES = 20_000
# Where all variants of a parent have a problem, what is said of one is said of all.
_PROBLEMS = """
    select
        evidence.sku,
        evidence.since,
        coalesce(products.category, '') as category,
        case
            when evidence.of_family and products.parent is not null then 'parent ' || products.parent
            else 'product ' || evidence.sku
        end as family
    from intermediate.sku_evidence as evidence
    left join staging.products as products on products.sku = evidence.sku
    where evidence.probability >= 0.5 and evidence.since is not null
    order by evidence.sku
"""
_OWN = f"""
    with told as (
        select
            problems.family,
            comments.text_ref,
            comments.seq,
            comments.author,
            comments.products,
            count(*) filter (where comments.products = 1) over (partition by problems.family) as alone
        from problems
        inner join intermediate.sku_comments as comments
            on comments.sku = problems.sku and comments.written_at >= problems.since
    ),

    one_each as (
        select told.family, told.text_ref, told.seq
        from told
        where told.products = 1 or told.alone < {_ENOUGH_ALONE}
        qualify row_number() over (partition by told.family, told.author order by told.seq desc) = 1
    )

    select one_each.family, one_each.text_ref
    from one_each
    qualify row_number() over (partition by one_each.family order by one_each.seq desc) <= {_MOST_OF_A_PRODUCT}
    order by one_each.family, one_each.seq
"""
# What is said of a product with a problem stands with the product, or nowhere.
_OTHERS = f"""
    with shelves as (select distinct problems.category from problems),

    spoken_for as (
        select comments.seq
        from problems
        inner join intermediate.sku_comments as comments
            on comments.sku = problems.sku and comments.written_at >= problems.since
    )

    select comments.text_ref, shelves.category
    from intermediate.sku_comments as comments
    left join staging.products as products on products.sku = comments.sku
    inner join shelves on shelves.category = coalesce(products.category, '')
    where comments.seq not in (select seq from spoken_for)
    group by comments.text_ref, comments.seq, shelves.category
    order by comments.seq desc, shelves.category
    limit {_MOST_OF_THE_SHELVES}
"""


def build_phrases(warehouse: Warehouse, model: SqlModel, retour: Retour) -> Built:
    """Find the phrases of every product with a problem, unless nothing changed: no event, and no text was erased."""
    kept = retour.texts.count_on_goods()
    fingerprint = warehouse.fingerprint(model, _code(), str(kept))
    if standing := warehouse.current(model.relation, fingerprint):
        return standing
    problems = warehouse.query(_PROBLEMS)
    if problems.is_empty():
        return warehouse.replace(model.relation, PHRASES.to_frame(), fingerprint)
    return warehouse.replace(model.relation, _phrases(warehouse, problems, retour), fingerprint)


@cache
def _code() -> str:
    sources = (models.products.phrases.__file__, models.products.words.__file__, __file__)
    return digest(*(Path(each).read_text(encoding="utf-8") for each in sources))


def _phrases(warehouse: Warehouse, problems: pl.DataFrame, retour: Retour) -> pl.DataFrame:
    shelves = problems.group_by("family").agg(pl.col("category").min())
    own = warehouse.query(_OWN, problems=problems).join(shelves, on="family")
    others = warehouse.query(_OTHERS, problems=problems) if own.height else own.drop("family")
    about = pl.concat([own.rename({"family": "sku"}), others], how="diagonal")
    found = top_phrases(_with_words(about, retour))
    members = problems.select("sku", family="family")
    told = found.rename({"sku": "family"}).join(members, on="family")
    return told.select(PHRASES.names()).sort("sku", "language", "place")


def _with_words(about: pl.DataFrame, retour: Retour) -> pl.DataFrame:
    """The comments (`sku`, `category`, `text_ref`) with their words, as `COMMENTS`; without those that were erased."""
    refs = about["text_ref"].unique().sort().to_list()
    words = retour.texts.for_analysis(refs, SOURCE, PHRASES_RELATION)
    languages: Mapping[str, str] = {
        ref: each.language or language_of(each.body) for ref, each in words.items()
    }
    bodies = {ref: each.body for ref, each in words.items()}
    rows = [
        (ref, sku, category, languages[ref], bodies[ref])
        for ref, sku, category in about.select("text_ref", "sku", "category").iter_rows()
        if ref in words
    ]
    return pl.DataFrame(rows, schema=COMMENTS, orient="row")
