"""The truth about a practice shop, for scoring only: what is planted in its products and who meant to cheat.

Written apart from everything that learns: neither service nor pipeline nor models may read it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from simulator.goods import CATEGORIES, Goods
from simulator.kinds import ARCHETYPES, KINDS
from simulator.plan import DayPlan, Plan

_NAMES = pl.Series(KINDS)


class Truth:
    """Files under one folder. What grows is written part by part, so that a long play needs no more memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rmas: list[tuple[int, str]] = []
        self._days: list[DayPlan] = []

    def begin(self, plan: Plan, start: datetime) -> None:
        """Write what is planted, and from what the shop was made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.forget_after(-1)
        world = plan.world
        about = {
            "scenario": world.scenario.model_dump(mode="json"),
            "seed": world.seed,
            "days": world.days,
            "orders_per_day": world.orders_per_day,
            "start": start.isoformat(),
        }
        text = json.dumps(about, indent=1, ensure_ascii=False)
        (self._folder / "shop.json").write_text(f"{text}\n", encoding="utf-8")
        self.note_goods(world.goods, start)
        self._write("shocks", shocks_truth(world.goods, start))

    def note_goods(self, goods: Goods, start: datetime) -> None:
        """Write what is planted in the products as it is now: a buyer's action may have ended a fault."""
        self._write("products", products_truth(goods, start))

    def add(self, number: int, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write a part of each of these tables. Numbers must grow."""
        for name, frame in tables.items():
            self._write(_part(name, number), frame)

    def note_day(self, planned: DayPlan) -> None:
        """Keep a day's plan until the next part is written."""
        self._days.append(planned)

    def note_return(self, request: int, rma: str) -> None:
        """Which return an application became."""
        self._rmas.append((request, rma))

    def write_part(self, number: int) -> None:
        """Write what was noted since the last part. Numbers must grow: a play's position in the log will do."""
        if self._days:
            requests, lines, claims = (
                pl.concat([getattr(each, name) for each in self._days])
                for name in ("requests", "request_lines", "claims")
            )
            self._write(_part("returns", number), returns_truth(requests))
            self._write(_part("return_lines", number), lines)
            self._write(_part("claims", number), claims.with_columns(kind=_named(claims["kind"])))
            self._days.clear()
        if self._rmas:
            schema = {"request": pl.Int64, "rma": pl.String}
            self._write(_part("rmas", number), pl.DataFrame(self._rmas, schema, orient="row"))
            self._rmas.clear()

    def forget_after(self, number: int) -> None:
        """Delete the parts that tell of what was never committed."""
        for path in self._folder.glob("*/*.parquet"):
            if int(path.stem) > number:
                path.unlink()

    def _write(self, name: str, frame: pl.DataFrame) -> None:
        path = self._folder / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)


def products_truth(goods: Goods, start: datetime) -> pl.DataFrame:
    """A row for each SKU: its fault with first and last day, else null, and what it comes back beside its category always."""
    rows: list[Mapping[str, Any]] = []
    for place, sku in enumerate(goods.sku):
        fault = goods.fault[place]
        end_day = fault.end_day if fault else None
        rows.append(
            {
                "sku": sku,
                "category": CATEGORIES[goods.category[place]].name,
                "rate_factor": float(goods.rate_factor[place]),
                "launch_day": int(goods.launch_day[place]),
                "fault": fault.fault if fault else None,
                "since": _day(start, fault.from_day) if fault else None,
                "until": None if end_day is None else _day(start, end_day),
                "multiplier": fault.multiplier if fault else None,
                "reason": fault.reason if fault else None,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def shocks_truth(goods: Goods, start: datetime) -> pl.DataFrame:
    """A row for each time in which a whole category came back more."""
    rows = [
        {
            "category": CATEGORIES[each.category].name,
            "since": _day(start, each.from_day),
            "until": _day(start, each.end_day),
            "factor": each.factor,
        }
        for each in goods.shocks
    ]
    schema = {"category": pl.String, "since": pl.Date, "until": pl.Date, "factor": pl.Float64}
    return pl.DataFrame(rows, schema)


def returns_truth(requests: pl.DataFrame) -> pl.DataFrame:
    """A row for each application: of what kind its customer is, and whether it is abusive."""
    kind = _named(requests["kind"])
    return requests.select(
        "request", "order", "customer", "is_withdrawal", "requested_us", "is_abusive"
    ).with_columns(
        kind=kind,
        archetype=pl.when(pl.col("is_abusive") & kind.is_in(ARCHETYPES)).then(kind),
    )


def _part(table: str, number: int) -> str:
    return f"{table}/{number:012}"


def _named(kind: pl.Series) -> pl.Series:
    return _NAMES.gather(kind).alias("kind")


def _day(start: datetime, day: int) -> Any:
    return (start.astimezone(UTC) + timedelta(days=day)).date()
