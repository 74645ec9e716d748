"""Where the lines of returns stand that are not over, in pandas."""

import numpy as np
import pandas as pd

from bench.pandas_marts.lake import LOOKED_AT, Lake, first_word, line_number
from bench.pandas_marts.moves import APPLIED, lines_now, review_steps, scanned_lines

_PERMISSIONS = {
    "return_cancelled_lines": "cancelled",
    "return_expired_lines": "expired",
    "return_appeal_lapsed_lines": "declined_finally",
    "review_requested_lines": "under_review",
}
_RECEPTIONS = {
    "return_cancelled_lines": "not_sent",
    "return_expired_lines": "not_sent",
    "line_keep_granted_lines": "kept",
    "shipment_created_lines": "announced",
    "pickup_failed_lines": "awaited",
    "shipment_lost_lines": "lost",
    "shipment_loss_accepted_lines": "lost_for_good",
    "shipment_overdue_lines": "not_sent",
    "return_received_lines": "received",
    "inspection_waived_lines": "waived",
}
_RESOLUTIONS = {
    "review_requested_lines": "open",
    "choice_requested": "awaiting_choice",
    "goods_sent_back_lines": "sent_back",
    "refund_requested_lines": "refund_pending",
    "refund_settled_lines": "refunded",
}
_CHOSEN = {
    "partial_refund": "refund_agreed",
    "send_back": "to_send_back",
    "dispose": "disposed",
}
_PLACES = {
    word: place
    for place, word in enumerate(
        (
            "requested",
            "under_review",
            "escalated",
            "info_requested",
            "authorized",
            "announced",
            "in_transit",
            "delivered",
            "lost",
            "received",
            "inspection_overdue",
            "awaiting_choice",
            "refund_agreed",
            "to_send_back",
            "refund_failed",
            "refund_unknown",
            "refund_pending",
            "declined",
            "refunded",
            "sent_back",
            "disposed",
            "not_refunded",
            "expired",
            "cancelled",
            "declined_finally",
        ),
        start=1,
    )
}
_STATES = ("permission", "reception", "resolution")
_ENDS_OF_MONEY = ("refunded", "sent_back", "disposed", "not_refunded")


def unfinished_status(lake: Lake, told: pd.DataFrame, decisions: pd.DataFrame) -> pd.Series:
    """By return that is not over: the state of its line which is least far."""
    goes_on = (told["ends_moved_seq"] > told["closed_seq"]) | (told["goods_moved_seq"] > told["closed_seq"])  # fmt: skip
    unfinished = told[told["closed_seq"].isna() | goes_on]
    lines = lines_now(lake)
    lines = lines[lines["rma"].isin(unfinished.index)].reset_index(drop=True)
    states = _states(lake, lines, unfinished, decisions)
    places = pd.concat(
        [
            states["resolution"].map(_PLACES),
            states["permission"].where(states["permission"] != "authorized").map(_PLACES),
            states["reception"].replace("awaited", "authorized").map(_PLACES),
        ],
        axis=1,
    ).min(axis=1)
    places = places.fillna(_PLACES["received"])[~_is_over(states)]
    words = {place: word for word, place in _PLACES.items()}
    return places.groupby(lines["rma"]).min().map(words).rename("status").astype("str")


def _is_over(states: pd.DataFrame) -> pd.Series:
    never_to_come = states["reception"].isin(["not_expected", "not_sent", "lost_for_good"])
    nothing_owed = states["resolution"].isin([*_ENDS_OF_MONEY, "open"])
    refused = states["permission"].isin(["declined_finally", "cancelled", "expired"])
    settled = states["resolution"].isin(_ENDS_OF_MONEY)
    placed = states["reception"].isin(
        [*LOOKED_AT, "waived", "unexpected", "kept", "not_sent", "lost_for_good"]
    )
    return (refused & never_to_come & nothing_owed) | (settled & placed)


def _states(
    lake: Lake, lines: pd.DataFrame, unfinished: pd.DataFrame, decisions: pd.DataFrame
) -> pd.DataFrame:
    """Permission, reception and resolution of each of these lines."""
    key = ["rma", "line_no"]
    found = lines.join(_last_moves(lake, lines), on=key)
    found = found.join(unfinished[["kind", "is_imported"]], on="rma")
    found = found.join(_decided_since(found, decisions), on=key)
    steps = review_steps(lake)
    opened = lake.read("review_opened", "rma", "seq").assign(step="opened")
    steps = pd.concat([steps[["rma", "seq", "step"]], opened]).sort_values("seq")
    found = found.join(steps.groupby("rma")["step"].last(), on="rma")
    found["last_step"] = _last_refund_steps(lake).reindex(found["refund_seq"]).to_numpy()
    applied = pd.concat([lake.read(name, *key) for name in APPLIED])
    is_declared = line_number(found, "root_line_no").isin(line_number(applied, "line_no"))
    is_withdrawn = (found["kind"] == "withdrawal") & found["reinstated_seq"].isna()
    is_declined = found["decided"] == "declined"
    permission = first_word(
        {
            "undeclared": ~is_declared,
            "cancelled": found["permission"] == "cancelled",
            "expired": found["permission"] == "expired",
            "authorized": found["is_imported"]
            | is_withdrawn
            | (found["permission"] == "authorized")
            | (found["decided"] == "authorized"),
            "declined_finally": found["permission"] == "declined_finally",
            "declined": is_declined,
            "escalated": found["step"] == "escalated",
            "info_requested": found["step"] == "asked",
            "under_review": found["step"].notna() | found["permission"].notna(),
        },
        "requested",
        found.index,
    )
    otherwise = pd.Series("not_expected", found.index).where(permission != "authorized", "awaited")
    is_pending = found["resolution"] == "refund_pending"
    told = found["last_step"].map({"unknown": "refund_unknown", "failed": "refund_failed", "settled": "refunded"})  # fmt: skip
    resolution = found["resolution"].where(~(is_pending & told.notna()), told).fillna("open")
    return pd.DataFrame(
        {
            "permission": permission,
            "reception": found["reception"].fillna(otherwise),
            "resolution": resolution,
        }
    )


def _last_moves(lake: Lake, lines: pd.DataFrame) -> pd.DataFrame:
    """What last moved each of these lines, or those that it was split from while it was part of them."""
    key = ["rma", "line_no"]
    splits = lake.read("line_split", *key, "into_line_no", "seq")
    splits = splits.rename(columns={"line_no": "from_line_no", "seq": "split_seq"})
    step = lines[key].assign(of_line_no=lines["line_no"], before_seq=np.inf)
    past = [step]
    while len(step):
        step = step.merge(
            splits, left_on=["rma", "of_line_no"], right_on=["rma", "into_line_no"]
        ).assign(of_line_no=lambda each: each["from_line_no"], before_seq=lambda each: each["split_seq"])[step.columns]  # fmt: skip
        past.append(step)
    moves = _line_moves(lake, lines["rma"].unique()).rename(columns={"line_no": "of_line_no"})
    own = pd.concat(past).merge(moves, on=["rma", "of_line_no"])
    own = own[own["seq"] < own["before_seq"]].sort_values("seq")
    own["reinstated_seq"] = own["seq"].where(own["permission"] == "under_review")
    own["refund_seq"] = own["seq"].where(own["resolution"] == "refund_pending")
    return own.groupby(key)[
        ["permission", "reception", "resolution", "reinstated_seq", "refund_seq"]
    ].last()


def _line_moves(lake: Lake, rmas: np.ndarray) -> pd.DataFrame:
    """What moved lines of these returns from one state to another."""
    moved = ("rma", "line_no", "seq")

    def of(table: str, *columns: str) -> pd.DataFrame:
        frame = lake.read(table, *moved, *columns)
        return frame[frame["rma"].isin(rmas)]

    told = [
        of(table).assign(
            permission=_PERMISSIONS.get(table),
            reception=_RECEPTIONS.get(table),
            resolution=_RESOLUTIONS.get(table),
        )
        for table in dict.fromkeys((*_PERMISSIONS, *_RECEPTIONS, *_RESOLUTIONS))
    ]
    scanned = scanned_lines(lake)
    scanned = scanned[scanned["rma"].isin(rmas)]
    is_delivered = scanned["scan"] == "delivered"
    told.append(
        scanned[[*moved]].assign(reception=np.where(is_delivered, "delivered", "in_transit"))
    )
    told.append(
        of("return_reinstated_lines").merge(
            lake.read_as_it_is("return_reinstated", "seq", "permission"), on="seq"
        )
    )
    told.append(of("line_inspected", "outcome").rename(columns={"outcome": "reception"}))
    chosen = of("choice_made", "choice")
    words = chosen.pop("choice").map(_CHOSEN).fillna("not_refunded")
    told.append(chosen.assign(resolution=words))
    breached = of("clock_breached_lines").merge(
        lake.read_as_it_is("clock_breached", "seq", "clock"), on="seq"
    )
    clock = breached.pop("clock")
    breached["permission"] = clock.map({"review": "escalated"})
    breached["reception"] = clock.map({"inspection": "inspection_overdue"})
    told.append(breached)
    return pd.concat(
        [each.astype({name: object for name in _STATES if name in each}) for each in told]
    )


def _decided_since(lines: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """By line: the first decision on its return, or the first since it was reinstated."""
    key = ["rma", "line_no"]
    pairs = lines[[*key, "reinstated_seq"]].merge(
        decisions[["rma", "seq", "time", "decision"]], on="rma"
    )
    pairs = pairs[pairs["seq"] > pairs["reinstated_seq"].fillna(0)].sort_values("seq")
    found = pairs.drop_duplicates(key).set_index(key)
    return found.rename(columns={"decision": "decided", "time": "decided_at"})[["decided", "decided_at"]]  # fmt: skip


def _last_refund_steps(lake: Lake) -> pd.Series:
    """By place in the log of each order to pay: what last happened to the refund."""
    told = [
        lake.read_as_it_is(f"refund_{step}", "refund_id", "seq").assign(step=step)
        for step in ("requested", "unknown", "failed", "settled")
    ]
    steps = pd.concat(told).dropna(subset="refund_id").sort_values("seq")
    last = steps.groupby("refund_id")["step"].last()
    asked = told[0].set_index("seq")["refund_id"]
    return pd.Series(last.reindex(asked).to_numpy(), index=asked.index)
