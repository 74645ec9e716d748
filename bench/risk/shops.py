"""A practice shop in memory: its plan as facts, and the product's own features over them, without service, log or lake.

What the service would know is put in the order of time; a return's goods are looked at some days after it was applied for.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from models.risk.features import NAMES
from models.risk.profiles import as_facts, profiles
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import load_models
from service.policies import default_policy
from simulator.goods import CATEGORIES
from simulator.oracle import posteriors
from simulator.plan import Plan
from simulator.scenario import Scenario
from simulator.weighing import found
from simulator.world import DAY_US, HOUR_US

INSPECTED_US = 9 * DAY_US  # about as long it takes until the goods are looked at
_FACTS = pl.Schema(
    {
        "seq": pl.Int64(), "fact": pl.String(), "at_us": pl.Int64(), "customer_key": pl.String(), "order_id": pl.String(),
        "rma": pl.String(), "sku": pl.String(), "token": pl.String(), "word": pl.String(), "units": pl.Int64(),
        "amount": pl.Int64(),
    }
)  # fmt: skip
_FEATURES = (
    "features.risk_request",
    "features.risk_customer",
    "features.risk_links",
    "features.risk_product",
    "features.risk_vectors",
)
_PROFILED_US = 7 * DAY_US  # profiles are made anew each week


@dataclass(frozen=True, slots=True)
class Shop:
    """The applications of a practice shop (withdrawals are nobody's to judge), in order of time.

    `frame`: `request`, `requested_us`, `kind`, `value` (list price of what comes back, minor units), `is_abusive` (the truth), `posterior` (the
    oracle's), `found_full` and `found_basic` (what an inspection of either depth would say), `comes` (whether the goods ever
    come), and the features.
    """

    frame: pl.DataFrame


def shop_of(scenario: Scenario, seed: int, days: int, orders_per_day: float) -> Shop:
    """Play the plan of a shop and see it with the product's features."""
    plan = Plan(scenario, seed, days, orders_per_day, with_evidence=True)
    played = list(plan)
    frames = {
        name: pl.concat([getattr(day, name) for day in played])
        for name in ("orders", "lines", "requests", "request_lines", "claims")
    }
    findings = _findings(frames["requests"], frames["request_lines"])
    requests = frames["requests"].hstack(findings)
    facts = _facts(plan, frames | {"requests": requests})
    applications = _applications(requests, frames["orders"])
    vectors = features(facts, applications, _application_lines(frames))
    known = posteriors(plan, played)
    kept = requests.select(
        "request", "requested_us", "kind", "is_abusive", "is_withdrawal", *findings.columns
    )
    return Shop(
        kept.join(known, on="request", maintain_order="left")
        .filter(~pl.col("is_withdrawal"))
        .with_columns(rma=_text("r", pl.col("request")))
        .join(vectors, on="rma", maintain_order="left")
        .sort("requested_us", "request")
    )


def _findings(requests: pl.DataFrame, request_lines: pl.DataFrame) -> pl.DataFrame:
    """`found_basic`, `found_full`: whether an inspection of that depth would find something, an entry a request; `comes`."""
    comes = (requests["sends"] & ~requests["is_lost"] & ~requests["cancels"]).to_numpy()
    return pl.DataFrame(
        {
            "found_basic": found(requests, request_lines),
            "found_full": found(requests, request_lines, is_full=True),
            "comes": comes,
        }
    )


def features(facts: pl.DataFrame, requests: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """`rma`, `value` and the features of these applications, by the product's own SQL."""
    models = {each.relation: each for each in load_models(SQL_DIR)}
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("create schema intermediate; create schema features")
        for name, frame in (
            ("risk_facts", facts),
            ("risk_requests", requests),
            ("risk_request_lines", lines),
        ):
            connection.register("given", frame.to_arrow())
            connection.execute(f"create table intermediate.{name} as select * from given")
        for relation in _FEATURES:
            connection.execute(f"create view {relation} as {models[relation].sql}")
        rows = connection.sql(f"select rma, {', '.join(NAMES)} from features.risk_vectors")
        return pl.DataFrame(rows.to_arrow_table())


def _text(prefix: str, column: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(prefix), column)


def _applications(requests: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The shop's own window is the one that matters: what the law grants ends before it."""
    asked = requests.filter(~pl.col("is_withdrawal"))
    delivered = orders.select("order", "delivered_us")
    return asked.join(delivered, on="order", how="left", maintain_order="left").select(
        rma=_text("r", pl.col("request")),
        as_of_seq=pl.col("requested_us") - 1,
        customer_key=_text("c", pl.col("customer")),
        order_id=_text("o", pl.col("order")),
        at_us=pl.col("requested_us"),
        hour=pl.col("requested_us") % DAY_US // HOUR_US,
        returnable_until_us=pl.col("delivered_us") + default_policy().window.days * DAY_US,
    )


def _application_lines(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    asked = frames["requests"].filter(~pl.col("is_withdrawal")).select("request")
    lines = frames["request_lines"].join(asked, on="request", how="semi")
    return lines.select(
        rma=_text("r", pl.col("request")),
        line_no=pl.col("order_line_no"),
        order_id=_text("o", pl.col("order")),
        sku=_text("s", pl.col("product")),
        units=pl.col("quantity"),
        reason=pl.col("reason").cast(pl.String),
    )


def _facts(plan: Plan, frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """All that the log would tell; `seq` is the moment at which it is known."""
    orders, lines, requests, asked, claims = (
        frames[name] for name in ("orders", "lines", "requests", "request_lines", "claims")
    )
    c, o, r, s = (
        _text("c", pl.col("customer")),
        _text("o", pl.col("order")),
        _text("r", pl.col("request")),
        _text("s", pl.col("product")),
    )
    placed = orders.select("order", "placed_us")
    ends = requests.filter(pl.col("cancels") | ~pl.col("sends"))
    looked = requests.filter("comes").with_columns(seq=pl.col("requested_us") + INSPECTED_US)
    when = requests.select("request", "requested_us", "is_withdrawal")
    parts = [
        _fact("order", orders, seq=pl.col("placed_us"), at_us=pl.col("placed_us"), customer_key=c, order_id=o),
        _fact(
            "order_line", lines.join(placed, on="order", maintain_order="left"), seq=pl.col("placed_us"), order_id=o, sku=s,
            units=pl.col("quantity"), amount=(pl.col("discount_minor") > 0).cast(pl.Int64),
        ),
        _fact("delivery", orders.filter(pl.col("delivered_us") >= 0), seq=pl.col("delivered_us"), at_us=pl.col("delivered_us"), order_id=o),
        *(
            _fact(name, requests.filter(pl.col("is_withdrawal") == is_withdrawal), seq=pl.col("requested_us"), at_us=pl.col("requested_us"), customer_key=c, order_id=o, rma=r)
            for name, is_withdrawal in (("return", False), ("withdrawal", True))
        ),
        _fact(
            "return_line", asked.join(when, on="request", maintain_order="left"), seq=pl.col("requested_us"), order_id=o, rma=r, sku=s,
            units=pl.col("quantity"), word=pl.when(~pl.col("is_withdrawal")).then(pl.col("reason").cast(pl.String)),
        ),
        _fact("bad", looked.filter("found_basic"), seq=pl.col("seq"), rma=r),
        _fact("good", looked.filter(~pl.col("found_basic")), seq=pl.col("seq"), rma=r, word=pl.lit("basic")),
        _fact("not_sent", ends, seq=pl.col("requested_us") + 14 * DAY_US, rma=r),
        _fact("claim", claims, seq=pl.col("claimed_us"), order_id=o),
        *(
            _fact("link", orders.unique(["customer", name], keep="first", maintain_order=True), seq=pl.col("placed_us"), customer_key=c, token=_text(name, pl.col(name)), word=pl.lit(name))
            for name in ("address", "device")
        ),
        _products(plan),
    ]  # fmt: skip
    facts = pl.concat(parts)
    weeks = range(_PROFILED_US, plan.world.days * DAY_US, _PROFILED_US)
    known = as_facts(profiles(facts, weeks))
    columns = {name: pl.col(name) for name in ("seq", "token", "word", "amount")}
    return pl.concat([facts, _fact("profile", known, **columns)]).sort("seq", maintain_order=True)


def _products(plan: Plan) -> pl.DataFrame:
    goods = plan.world.goods
    names = np.array([each.name for each in CATEGORIES])
    rows = pl.DataFrame(
        {
            "product": np.arange(len(goods.sku)),
            "category": names[goods.category],
            "price": goods.price_minor,
        }
    )
    return _fact(
        "product",
        rows,
        seq=pl.lit(-1),
        sku=_text("s", pl.col("product")),
        word=pl.col("category"),
        amount=pl.col("price"),
    )


def _fact(name: str, rows: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    given = {"fact": pl.lit(name), **columns}
    return rows.select(
        (given[column] if column in given else pl.lit(None)).cast(kind).alias(column)
        for column, kind in _FACTS.items()
    )
