"""What several marts read: the steps of returns, their lines, decisions and reviews."""

import numpy as np
import pandas as pd

from bench.pandas_marts.lake import Lake, line_number

APPLIED = ("return_requested_lines", "return_withdrawn_lines")
DECIDED = {"return_authorized": "authorized", "return_declined": "declined"}
STEPS = (
    "return.requested",
    "return.withdrawn",
    "review.opened",
    "evidence.requested",
    "evidence.received",
    "evidence.lapsed",
    "clock.breached",
    "return.authorized",
    "return.declined",
    "return.appeal_lapsed",
    "return.cancelled",
    "return.expired",
    "return.reinstated",
    "review.requested",
    "line.keep_granted",
    "shipment.created",
    "pickup.failed",
    "shipment.scanned",
    "shipment.lost",
    "shipment.loss_accepted",
    "shipment.overdue",
    "return.received",
    "line.inspected",
    "inspection.waived",
    "choice.requested",
    "choice.made",
    "goods.sent_back",
    "refund.requested",
    "refund.unknown",
    "refund.failed",
    "refund.settled",
    "return.closed",
)
START = len(STEPS)


def return_moves(lake: Lake) -> pd.DataFrame:
    """Each return's steps in order, by number, with the one before; `waited_us` is 0 for the first."""
    steps = pd.concat(
        [
            lake.read(step.replace(".", "_"), "rma", "seq", "time").assign(to_step=np.int8(number))
            for number, step in enumerate(STEPS)
        ],
        ignore_index=True,
    ).sort_values(["rma", "time", "seq"], ignore_index=True)
    is_first = steps["rma"].diff().ne(0)
    steps["from_step"] = steps["to_step"].shift(fill_value=START).where(~is_first, START)
    micros = steps["time"].astype("int64")
    steps["waited_us"] = micros.diff().fillna(0).astype("int64").where(~is_first, 0)
    steps["is_first"] = is_first
    steps["is_again"] = steps.duplicated(["rma", "to_step"])
    return steps


def lines_now(lake: Lake) -> pd.DataFrame:
    """Every line of a return, and the line that it was applied for as."""
    line, key = ["rma", "line_no", "root_line_no"], ["rma", "line_no"]
    applied = pd.concat([lake.read(name, *key) for name in APPLIED])
    splits = lake.read("line_split", *line, "into_line_no")
    split_off = splits[["rma", "into_line_no", "root_line_no"]].set_axis(line, axis=1)
    inspected = lake.read("line_inspected", *key, "outcome")
    found = pd.concat(
        [
            lake.read("return_received_lines", *key),
            inspected.loc[inspected["outcome"] == "unexpected", key],
        ]
    )
    known = pd.concat([applied, split_off[key]])
    is_known = line_number(found, "line_no").isin(line_number(known, "line_no"))
    own = pd.concat([applied, found[~is_known]])
    parts = [own.assign(root_line_no=own["line_no"]), split_off, splits[line]]
    lines: pd.DataFrame = pd.concat(parts, ignore_index=True).drop_duplicates()
    return lines


def scanned_lines(lake: Lake) -> pd.DataFrame:
    """Every line of every carrier's scan, with what was scanned."""
    lines = lake.read("shipment_scanned_lines", "rma", "line_no", "seq", "time", "quantity")
    scans = lake.read_as_it_is("shipment_scanned", "seq", "scan")
    return lines.merge(scans, on="seq")


def all_decisions(lake: Lake) -> pd.DataFrame:
    """Everything that was decided on returns, in the order of the log."""
    told = [
        lake.read(table, "rma", "seq", "time", "mode", "policy_version").assign(decision=word)
        for table, word in DECIDED.items()
    ]
    return pd.concat(told, ignore_index=True).sort_values("seq", ignore_index=True)


def review_steps(lake: Lake) -> pd.DataFrame:
    """All but the openings, in the order of the log; `due_us` as they say it."""
    breached = lake.read("clock_breached", "rma", "seq", "time", "next_due_at_us", "clock")
    breached = breached[breached["clock"] == "review"].drop(columns="clock")
    told = [
        lake.read(f"evidence_{event}", "rma", "seq", "time", "due_at_us")
        .rename(columns={"due_at_us": "due_us"})
        .assign(step=step)
        for event, step in (("requested", "asked"), ("received", "answered"), ("lapsed", "unanswered"))
    ]  # fmt: skip
    told.append(breached.rename(columns={"next_due_at_us": "due_us"}).assign(step="escalated"))
    return pd.concat(told, ignore_index=True).sort_values("seq", ignore_index=True)
