"""`marts.sla_daily` in pandas, with the clocks that it counts."""

from math import log

import numpy as np
import pandas as pd

from bench.pandas_marts.lake import (
    BEGUN,
    HOUR_US,
    LOOKED_AT,
    Lake,
    least,
    micros,
    micros_or_none,
    moment,
)
from bench.pandas_marts.moves import APPLIED, DECIDED, review_steps, scanned_lines

_DAY = pd.Timedelta(hours=24)


def sla_daily(lake: Lake) -> pd.DataFrame:
    """How well the shop kept its clocks, by the day on which they were started."""
    clocks = pd.concat(
        [*_decision_and_review_clocks(lake), _inspection_clocks(lake), _refund_clocks(lake), *_case_clocks(lake)],
        ignore_index=True,
    )  # fmt: skip
    clocks["day"] = lake.day(clocks["opened_at"])
    is_open = clocks["ended_at"].isna()
    stands_since = clocks["paused_since"].where(is_open)
    until = clocks["ended_at"].fillna(stands_since).fillna(lake.as_of)
    clocks["age_us"] = micros(until - clocks["opened_at"]) - clocks["paused_us"].astype("int64")
    is_late, is_due = until > clocks["due_at"], clocks["due_at"].notna()
    flags = {
        "met": clocks["ended_at"] <= clocks["due_at"],
        "breached": is_late,
        "still_open": is_open & is_due & ~is_late,
        "no_due": ~is_due,
        "overdue_open": is_open & is_late,
        "automatic": clocks["is_automatic"].fillna(False).astype(bool),
    }
    by_day = ["day", "clock"]
    counted = clocks.assign(opened=True, **flags).groupby(by_day)[["opened", *flags]].sum()
    found = counted.join(_survival(clocks, by_day)).reset_index()
    columns = [*by_day, "opened", "met", "breached", "still_open", "p50_hours", "p90_hours", "p95_hours", "no_due", "overdue_open", "automatic"]  # fmt: skip
    return found[columns]


def _survival(clocks: pd.DataFrame, by_day: list[str]) -> pd.DataFrame:
    """The Kaplan-Meier percentiles of each day's clocks."""
    ages = (
        clocks.assign(done=clocks["ended_by"] == "done")
        .groupby([*by_day, "age_us"])["done"]
        .agg(here="size", done="sum")
        .reset_index()
    )
    group = ages.groupby(by_day)["here"]
    ages["at_risk"] = group.transform("sum") - group.cumsum() + ages["here"]
    ages = ages[ages["done"] > 0]
    with np.errstate(divide="ignore"):
        steps = np.log(1 - ages["done"] / ages["at_risk"]).clip(lower=-1000)
    ages = ages.assign(log_survival=steps).assign(
        log_survival=lambda each: each.groupby(by_day)["log_survival"].cumsum()
    )
    return pd.DataFrame(
        {
            f"p{percent}_hours": ages[ages["log_survival"] <= log(left) + 1e-9]
            .groupby(by_day)["age_us"]
            .min()
            / HOUR_US
            for percent, left in ((50, 0.5), (90, 0.1), (95, 0.05))
        }
    )


def _decision_and_review_clocks(lake: Lake) -> tuple[pd.DataFrame, pd.DataFrame]:
    first = _first_decisions(lake)
    given_up = _given_up(lake, first["seq"])
    reviews = _reviews(lake, given_up)
    requested = lake.read("return_requested", "rma", "time", "origin")
    asked = requested[requested["origin"] != "import"].set_index("rma")[["time"]]
    asked = asked.rename(columns={"time": "opened_at"})
    first_review = reviews.drop_duplicates("rma").set_index("rma")
    first_review = first_review[
        ~(first_review["seq"] >= first["seq"].reindex(first_review.index))
        & ~(first_review["seq"] >= given_up["seq"].reindex(first_review.index))
    ]
    decided = asked.join(first_review[["due_at", "paused_us", "paused_since"]])
    has_review = decided.index.isin(first_review.index)
    dropped_at = given_up["moved_at"].reindex(decided.index)
    decided_at = first["time"].reindex(decided.index)
    decided["due_at"] = decided["due_at"].fillna(decided["opened_at"] + _DAY)
    decided["ended_at"] = dropped_at.fillna(decided_at)
    is_done = dropped_at.isna() & decided_at.notna()
    decided["ended_by"] = _ended_by(is_done, dropped_at.notna())
    decided["paused_us"] = decided["paused_us"].fillna(0)
    decided["is_automatic"] = is_done & ~has_review
    columns = ["opened_at", "due_at", "ended_at", "ended_by", "paused_us", "paused_since"]
    return (
        decided.reset_index(drop=True).assign(clock="decision"),
        reviews[columns].assign(clock="review"),
    )


def _first_decisions(lake: Lake) -> pd.DataFrame:
    told = [lake.read(table, "rma", "seq", "time") for table in DECIDED]
    return pd.concat(told).sort_values("seq").drop_duplicates("rma").set_index("rma")


def _given_up(lake: Lake, first_decided: pd.Series) -> pd.DataFrame:
    """When the last unit of a return was cancelled, where that was before any decision; by return."""
    gone = lake.read("return_cancelled_lines", "rma", "seq", "time", "quantity")
    gone = gone[~(gone["seq"] >= first_decided.reindex(gone["rma"]).to_numpy())]
    found = gone.groupby("rma").agg(
        seq=("seq", "max"), moved_at=("time", "max"), units=("quantity", "sum")
    )
    applied = pd.concat([lake.read(name, "rma", "quantity") for name in APPLIED])
    units = applied[applied["rma"].isin(found.index)].groupby("rma")["quantity"].sum()
    return found[found["units"] >= units.reindex(found.index)]


def _reviews(lake: Lake, given_up: pd.DataFrame) -> pd.DataFrame:
    """Every review in the order of the log, from its opening until it was decided."""
    opened = lake.read("review_opened", "rma", "seq", "time", "due_at_us")
    opened = opened.rename(columns={"time": "opened_at"}).sort_values("seq", ignore_index=True)
    opened["first_due_at"] = moment(opened["due_at_us"]).fillna(opened["opened_at"] + _DAY)
    decided = pd.concat([lake.read(table, "rma", "seq", "time") for table in DECIDED])
    dropped = given_up["moved_at"].rename("time").to_frame().assign(seq=given_up["seq"])
    endings = pd.concat([decided.assign(ended_by="done"), dropped.reset_index().assign(ended_by="dropped")])  # fmt: skip
    endings = endings.rename(columns={"time": "ended_at"}).assign(ended_seq=endings["seq"])
    reviews = pd.merge_asof(
        opened, endings.sort_values("seq"), on="seq", by="rma", direction="forward", allow_exact_matches=False
    )  # fmt: skip
    steps = review_steps(lake)
    steps["next_at"] = _next_talk(steps)
    during = reviews.merge(steps.rename(columns={"seq": "step_seq"}), on="rma")
    during = during[
        (during["step_seq"] > during["seq"]) & ~(during["step_seq"] >= during["ended_seq"])
    ].sort_values(["seq", "step_seq"])
    is_answer = during["step"].isin(["answered", "unanswered"])
    resumed = during[is_answer].groupby("seq")["due_us"].last()
    reviews = reviews.merge(_pauses(during[during["step"] == "asked"]), on="seq", how="left")
    moved = pd.to_timedelta(reviews.pop("moved_us").fillna(0), unit="us")
    told = moment(resumed.reindex(reviews["seq"]).reset_index(drop=True))
    return reviews.assign(
        due_at=told.fillna(reviews["first_due_at"] + moved),
        paused_us=reviews["paused_us"].fillna(0),
    )


def _next_talk(steps: pd.DataFrame) -> pd.Series:
    """When the next question or answer followed on one."""
    talk = steps[steps["step"] != "escalated"]
    return talk.groupby("rma")["time"].shift(-1).reindex(steps.index)


def _pauses(asked: pd.DataFrame) -> pd.DataFrame:
    """By review: pauses that are over, since when it is paused, and by how much its due moment moved."""
    until = asked["next_at"].fillna(asked["ended_at"])
    pause = asked.assign(pause_us=micros_or_none(until - asked["time"]))
    sofar = pause["pause_us"].fillna(0).groupby(pause["seq"]).cumsum() - pause["pause_us"].fillna(0)
    in_time = micros_or_none(pause["time"] - pause["first_due_at"]) < sofar
    pause = pause.assign(
        moved_us=pause["pause_us"].where(in_time), paused_since=pause["time"].where(until.isna())
    )
    return pause.groupby("seq", as_index=False).agg(
        paused_us=("pause_us", "sum"), moved_us=("moved_us", "sum"), paused_since=("paused_since", "max")
    )  # fmt: skip


def _inspection_clocks(lake: Lake) -> pd.DataFrame:
    key = ["rma", "line_no"]
    scanned = scanned_lines(lake)
    scanned = scanned[scanned["scan"] == "delivered"]
    arrived = pd.concat([scanned, lake.read("return_received_lines", *key, "seq", "time")])
    lost = lake.read("shipment_lost_lines", *key, "seq", "time")
    inspected = lake.read("line_inspected", *key, "time", "outcome")
    inspected = inspected[inspected["outcome"].isin(LOOKED_AT)]
    looked_at = pd.concat([inspected, lake.read("inspection_waived_lines", *key, "time")])
    lines = arrived.groupby(key).agg(came_at=("time", "min"), came_seq=("seq", "min"))
    lines = lines.join(lost.groupby(key).agg(lost_at=("time", "max"), lost_seq=("seq", "max")))
    lines["inspected_at"] = looked_at.groupby(key)["time"].min().reindex(lines.index)
    lost_seq = lost.groupby(key)["seq"].max()
    lines = lines.join(_found_again(arrived, lost_seq).add_suffix("_again"))
    lines = lines.join(_delivered_before_split(lake, scanned, lost_seq).add_suffix("_split"))
    begun = [lake.read(table, "rma", "origin") for table in BEGUN]
    imported = pd.concat(begun).query("origin == 'import'")["rma"]
    lines = lines[~lines.index.get_level_values("rma").isin(imported)].reset_index(drop=True)
    return _arrivals(lake, lines)


def _arrivals(lake: Lake, lines: pd.DataFrame) -> pd.DataFrame:
    was_lost, is_back = lines["lost_seq"].notna(), lines["came_at_again"].notna()
    came = {
        name: least(lines[name], lines[f"{name}_split"]).where(
            ~was_lost, lines[f"{name}_again"].fillna(lines[name])
        )
        for name in ("came_at", "came_seq")
    }
    told = pd.concat([lake.read_as_it_is(table, "seq", "due_at_us") for table in ("shipment_scanned", "return_received")])  # fmt: skip
    due_us = told.dropna().set_index("seq")["due_at_us"].reindex(came["came_seq"])
    due_at = moment(due_us.reset_index(drop=True)).fillna(came["came_at"] + _DAY)
    is_done, is_dropped = lines["inspected_at"].notna(), was_lost & ~is_back
    return pd.DataFrame(
        {
            "clock": "inspection",
            "opened_at": came["came_at"],
            "due_at": due_at,
            "ended_at": lines["inspected_at"].fillna(lines["lost_at"].where(~is_back)),
            "ended_by": _ended_by(is_done, is_dropped),
            "paused_us": 0,
        }
    )


def _found_again(arrived: pd.DataFrame, lost_seq: pd.Series) -> pd.DataFrame:
    """When lines that had been lost came after all."""
    key = ["rma", "line_no"]
    after = arrived.merge(lost_seq.rename("lost_seq").reset_index(), on=key)
    after = after[after["seq"] > after["lost_seq"]]
    return after.groupby(key).agg(came_at=("time", "min"), came_seq=("seq", "min"))


def _delivered_before_split(
    lake: Lake, delivered: pd.DataFrame, lost_seq: pd.Series
) -> pd.DataFrame:
    """When lines came that left another only after its delivery."""
    key = ["rma", "line_no"]
    splits = lake.read("line_split", *key, "seq", "into_line_no")
    splits = splits.rename(columns={"seq": "split_seq"})
    came = splits.merge(delivered, on=key).join(lost_seq.rename("lost_seq"), on=key)
    came = came[
        (came["seq"] < came["split_seq"])
        & ~((came["lost_seq"] >= came["seq"]) & (came["lost_seq"] <= came["split_seq"]))
    ]
    found = came.groupby(["rma", "into_line_no"]).agg(
        came_at=("time", "min"), came_seq=("seq", "min")
    )
    return found.rename_axis(key)


def _refund_clocks(lake: Lake) -> pd.DataFrame:
    asked = lake.read_as_it_is("refund_requested", "refund_id", "seq", "time", "due_at_us")
    orders = asked.sort_values("seq").groupby("refund_id")
    settled = lake.read_as_it_is("refund_settled", "refund_id", "time").dropna()
    opened_at = orders["time"].min()
    ended_at = settled.groupby("refund_id")["time"].min().reindex(opened_at.index)
    return pd.DataFrame(
        {
            "clock": "refund",
            "opened_at": opened_at,
            "due_at": moment(orders["due_at_us"].first()),
            "ended_at": ended_at,
            "ended_by": _ended_by(ended_at.notna()),
            "paused_us": 0,
        }
    )


def _case_clocks(lake: Lake) -> tuple[pd.DataFrame, pd.DataFrame]:
    opened = lake.read_as_it_is(
        "case_opened", "case_id", "seq", "time", "due_at_us", "answer_due_at_us", "actor_role"
    )
    closed = lake.read_as_it_is("case_closed", "case_id", "seq", "time")
    cases = opened.groupby("case_id").agg(opened_at=("time", "min"), due_us=("due_at_us", "min"))
    ended = closed.groupby("case_id")["time"].min().reindex(cases.index)
    to_close = pd.DataFrame(
        {
            "clock": "case",
            "opened_at": cases["opened_at"],
            "due_at": moment(cases["due_us"]),
            "ended_at": ended,
            "ended_by": _ended_by(ended.notna()),
            "paused_us": 0,
        }
    )
    return to_close, _answer_clocks(lake, opened, closed)


def _answer_clocks(lake: Lake, opened: pd.DataFrame, closed: pd.DataFrame) -> pd.DataFrame:
    """Customers' waits on cases: from their first words that nobody answered to a person's, or to the end."""
    written = lake.read_as_it_is(
        "message_written", "case_id", "seq", "time", "direction", "answer_due_at_us"
    )
    letters = lake.read_as_it_is("message_sent", "subject", "seq", "time", "letter")
    letters = letters[letters["letter"] == "case_closed"]  # the acknowledgement answers nothing
    turns = pd.concat(
        [
            opened[opened["actor_role"] == "customer"].assign(is_asking=True),
            written.assign(is_asking=written["direction"] == "from_customer"),
            closed.assign(is_asking=False),
            letters.rename(columns={"subject": "case_id"}).assign(is_asking=False),
        ]
    ).sort_values(["case_id", "seq"])
    was_asking = turns.groupby("case_id")["is_asking"].shift(fill_value=False).astype(bool)
    turns = turns[turns["is_asking"].astype(bool) != was_asking]
    turns["ended_at"] = turns.groupby("case_id")["time"].shift(-1)
    waits = turns[turns["is_asking"].astype(bool)]
    return pd.DataFrame(
        {
            "clock": "first_answer",
            "opened_at": waits["time"],
            "due_at": moment(waits["answer_due_at_us"]).fillna(waits["time"] + _DAY),
            "ended_at": waits["ended_at"],
            "ended_by": _ended_by(waits["ended_at"].notna()),
            "paused_us": 0,
        }
    )


def _ended_by(is_done: pd.Series, is_dropped: pd.Series | None = None) -> pd.Series:
    """How clocks ended; null for those that are open."""
    words = pd.Series("done", index=is_done.index).where(is_done)
    return words if is_dropped is None else words.mask(is_dropped & ~is_done, "dropped")
