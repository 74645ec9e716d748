"""From the warehouse to the detector and back: the evidence."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

import models.products
from models.products.culprits import SLICES, culprits, with_culprits
from models.products.detector import Detector
from models.products.evidence import Findings, nothing_found, weigh
from models.products.record import Record
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

SOURCE = "retour/pipeline"
EVIDENCE_RELATION = "intermediate.sku_evidence"
EXPECTED_RELATION = "intermediate.sku_expected"


def build_evidence(
    warehouse: Warehouse, evidence: SqlModel, expected: SqlModel, detector: Detector
) -> tuple[Built, Built]:
    """Weigh every product, unless nothing that the detector reads has changed."""
    prints = [fingerprint(warehouse, model, detector) for model in (evidence, expected)]
    standing = [
        warehouse.current(model.relation, each)
        for model, each in zip((evidence, expected), prints, strict=True)
    ]
    if standing[0] and standing[1]:
        return standing[0], standing[1]
    findings = _weigh(warehouse, detector)
    return (
        warehouse.replace(evidence.relation, findings.evidence, prints[0]),
        warehouse.replace(expected.relation, findings.expected, prints[1]),
    )


def fingerprint(warehouse: Warehouse, model: SqlModel, detector: Detector) -> str:
    """What a relation of Python's would be made from: its inputs, the detector's settings, and the code itself."""
    return warehouse.fingerprint(model, repr(detector), _code())


@cache
def _code() -> str:
    """After an upgrade rows of the old code must not stand: they may even lack a column."""
    sources = sorted(
        (
            *Path(models.products.__path__[0]).glob("*.py"),
            *Path(__file__).parent.glob("product*.py"),
        )
    )
    return digest(*(path.read_text(encoding="utf-8") for path in sources))


def _weigh(warehouse: Warehouse, detector: Detector) -> Findings:
    now = warehouse.query("select today, week_start from intermediate.shop_now").rows()
    if not now:
        return nothing_found()
    ((today, week_start),) = now
    products = warehouse.query(
        "select sku, category, vendor, parent from staging.products order by sku"
    )
    findings = weigh(_record(warehouse, products, today, week_start), detector)
    evidence = findings.evidence
    found = culprits(_slices(warehouse, evidence, detector), evidence, findings.a_line)
    named = with_culprits(evidence, found, products, detector.clears_below)
    return replace(findings, evidence=named)


def _record(warehouse: Warehouse, products: pl.DataFrame, today: date, week_start: date) -> Record:
    return Record(
        sales=warehouse.query(
            """select sku, week_start, order_lines, units_sold, paid_minor, currency
               from intermediate.sales_weekly order by sku, week_start, currency"""
        ),
        incidents=warehouse.query(
            """select sku, week_start, sold_week_start, units, reason
               from intermediate.return_incidents order by sku, week_start, rma, line_no"""
        ),
        products=products.select("sku", "category", "parent"),
        this_week=week_start,
        share_of_week=((today - week_start).days + 1) / 7,
        costs=warehouse.query(
            """select sku, currency, units, lost_minor from intermediate.sku_costs
               order by sku, currency"""
        ),
    )


def _slices(warehouse: Warehouse, evidence: pl.DataFrame, detector: Detector) -> pl.DataFrame:
    """What was sold and came back of the products that may be flagged, by batch and country."""
    odd = evidence.filter(
        pl.col("probability") >= detector.clears_below, pl.col("since").is_not_null()
    )["sku"]
    if odd.is_empty():
        return SLICES.to_frame()
    # Said as words, not joined, so that nothing is read of any other product.
    said = ", ".join("'" + sku.replace("'", "''") + "'" for sku in odd)
    return warehouse.query(
        "select sku, week_start, lot, region, reason, order_lines, incidents"
        f" from intermediate.sku_slices where sku in ({said})"  # quoted above
        " order by sku, week_start, lot, region, reason"
    )
