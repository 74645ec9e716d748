"""How long a large shop's evidence takes, beside one group-by of the same record."""

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from bench.child import in_own_process
from bench.figures import Figure
from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.record import Record

_OPENED = date(2024, 1, 1)  # a Monday
_CATEGORIES, _OTHERS, _VARIANTS = 20, 0.5, 4
_REASONS = ("defect", "not_as_described", "size_fit", "changed_mind", "damaged_in_transit")
_RATE, _WEEKLY_STAY = 0.136, 0.6
_ASKED = (100_000, 104)


def figures(products: int = _ASKED[0], weeks: int = _ASKED[1]) -> list[Figure]:
    """Seconds and memory of `weigh`, each in a process that does nothing else."""
    is_asked = (products, weeks) == _ASKED
    with tempfile.TemporaryDirectory() as folder:
        rows = in_own_process(write_record, Path(folder), products, weeks, 1).answer
        weighed = in_own_process(weigh_stored, Path(folder), weeks)
        plain = in_own_process(count_stored, Path(folder))
    name = (
        f"evidence of {products:,} SKUs × {weeks} weeks ({rows[0]:,} sales, {rows[1]:,} incidents)"
    )
    (wall, processor), plainly = weighed.answer, plain.answer[0]
    return [
        Figure(name, wall, "s", "≤ 10 s" * is_asked),
        Figure("processor time of that", processor, "s"),
        Figure("peak memory of that", weighed.peak_gib, "GiB", "≤ 2 GiB" * is_asked),
        Figure("the same record counted by product and week (baseline)", plainly, "s"),
        Figure("evidence ÷ counting, time", wall / plainly, "×"),
    ]


def write_record(folder: Path, products: int, weeks: int, seed: int) -> tuple[int, int]:
    """Make a record as sparse as large shops are: most products sell less than one order line a week. Counts of rows."""
    rng = np.random.default_rng(seed)
    weekly = np.exp(rng.normal(-0.5, 1.3, products))
    lines = rng.poisson(weekly[:, None], (products, weeks))
    sku, week = lines.nonzero()
    sold = lines[sku, week]
    _named(sku, week).with_columns(
        order_lines=pl.Series(sold),
        units_sold=pl.Series(sold),
        paid_minor=pl.Series(sold * 1999),
        currency=pl.lit("EUR"),
    ).write_parquet(folder / "sales.parquet")
    level = np.minimum(rng.gamma(12, 1 / 12, products), 3.0)
    level[rng.random(products) < 0.03] *= 2.5
    came = rng.binomial(sold, np.minimum(_RATE * level[sku], 0.9))
    of = np.repeat(np.arange(len(sku)), came)
    back = week[of] + rng.geometric(1 - _WEEKLY_STAY, len(of)) - 1
    seen = back < weeks
    of, back = of[seen], back[seen]
    _named(sku[of], back).with_columns(
        sold_week_start=_monday(week[of]),
        units=pl.Series(rng.integers(1, 3, len(of))),
        reason=pl.Series(_REASONS).gather(rng.integers(len(_REASONS), size=len(of))),
    ).write_parquet(folder / "incidents.parquet")
    _catalogue(products).write_parquet(folder / "products.parquet")
    return len(sku), len(of)


def weigh_stored(folder: Path, weeks: int) -> tuple[float, float]:
    """Weigh a stored record; the seconds, reading left out."""
    sales, incidents, products = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("sales", "incidents", "products")
    )
    record = Record(sales, incidents, products, _OPENED + timedelta(weeks=weeks - 1), 1.0)
    return seconds(lambda: weigh(record, Detector()))


def count_stored(folder: Path) -> tuple[float, float]:
    """Count a stored record by product and week; the seconds, reading left out."""
    frames = [pl.read_parquet(folder / f"{name}.parquet") for name in ("sales", "incidents")]
    return seconds(lambda: [each.group_by("sku", "week_start").agg(pl.len()) for each in frames])


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """How long a work takes, by the clock and by the processors; on a busy machine the first says little."""
    started, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - worked


def _catalogue(products: int) -> pl.DataFrame:
    """Half of all products are variants, four of each parent."""
    number = np.arange(products)
    parent = [
        f"P{each // _VARIANTS}" if each < products * _OTHERS else None for each in range(products)
    ]
    category = [f"category {each}" for each in (number // _VARIANTS % _CATEGORIES).tolist()]
    return pl.DataFrame(
        {"sku": _skus(number), "category": category, "parent": parent},
        schema_overrides={"parent": pl.String},
    )


def _named(sku: np.ndarray, week: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"sku": _skus(sku), "week_start": _monday(week)})


def _skus(sku: np.ndarray) -> pl.Series:
    return pl.select(pl.format("S{}", pl.Series(sku).cast(pl.String).str.zfill(6))).to_series()


def _monday(week: np.ndarray) -> pl.Series:
    number = pl.lit(pl.Series(week))
    return pl.select(pl.lit(_OPENED) + pl.duration(weeks=number)).to_series()
