"""`marts.return_lifecycle` in pandas."""

import pandas as pd

from bench.pandas_marts.lake import HOUR_US, Lake, first_word, least, micros_or_none, side_by_side
from bench.pandas_marts.moves import APPLIED, all_decisions, return_moves
from bench.pandas_marts.states import unfinished_status

_GOODS = (
    "shipment_created",
    "pickup_failed",
    "shipment_scanned",
    "shipment_lost",
    "shipment_loss_accepted",
    "shipment_overdue",
    "return_received",
    "line_inspected",
    "inspection_waived",
    "goods_sent_back",
)


def return_lifecycle(lake: Lake) -> pd.DataFrame:
    """Every return from its application to its end, as far as it has come."""
    told = _applications(lake)
    decisions = all_decisions(lake)
    for frame in (
        _folded_decisions(decisions),
        _goods(lake),
        _ends(lake),
        _settled(lake),
        _units(lake),
        _surveys(lake),
        _assessed(lake),
        _waits(lake),
        lake.read("review_opened", "rma", "time").groupby("rma").agg(review_opened_at=("time", "min")),
    ):  # fmt: skip
        told = told.join(frame)
    told = told.join(unfinished_status(lake, told, decisions)).join(_reopened(lake, told))
    told["rma"] = lake.rmas
    return _told(lake, told[told["lines"].notna()].reset_index(drop=True))


def _applications(lake: Lake) -> pd.DataFrame:
    own = ("rma", "order_id", "customer_key", "time", "currency", "origin", "seq")
    asked = lake.read("return_requested", *own).assign(kind="return")
    withdrawn = lake.read("return_withdrawn", *own, "refund_on", "policy_version")
    applied = pd.concat([asked, withdrawn.assign(kind="withdrawal")]).set_index("rma").sort_index()
    applied["is_imported"] = applied.pop("origin") == "import"
    return applied.rename(columns={"time": "requested_at", "refund_on": "told_refund_on", "policy_version": "told_version"})  # fmt: skip


def _folded_decisions(decisions: pd.DataFrame) -> pd.DataFrame:
    grouped = decisions.groupby("rma")
    return pd.DataFrame(
        {
            "decided_at": grouped["time"].first(),
            "decision": grouped["decision"].first(),
            "mode": grouped["mode"].first(),
            "decided_version": grouped["policy_version"].first(),
            "last_decision": grouped["decision"].last(),
        }
    )


def _goods(lake: Lake) -> pd.DataFrame:
    scans = lake.read("shipment_scanned", "rma", "time", "scan")
    scans = scans[scans["scan"].isin(["picked_up", "in_transit", "delivered"])]
    inspected = lake.read("line_inspected", "rma", "time", "inspection_depth")
    waived = lake.read("inspection_waived", "rma", "time")
    looked_at = pd.concat([inspected[["rma", "time"]], waived])
    deep = inspected.dropna()
    received = lake.read("return_received", "rma", "time")
    moved = pd.concat([lake.read(table, "rma", "seq") for table in _GOODS])
    return side_by_side(
        lake,
        first_scan_at=scans.groupby("rma")["time"].min(),
        received_at=received.groupby("rma")["time"].min(),
        inspected_at=looked_at.groupby("rma")["time"].max(),
        was_inspected_fully=(deep["inspection_depth"] == "full").groupby(deep["rma"]).max(),
        goods_moved_seq=moved.groupby("rma")["seq"].max(),
    )


def _ends(lake: Lake) -> pd.DataFrame:
    told = {
        "cancelled_at": "return_cancelled",
        "expired_at": "return_expired",
        "kept_at": "line_keep_granted",
        "own_closed_at": "return_closed",
    }
    frames = {name: lake.read(table, "rma", "seq", "time") for name, table in told.items()}
    closed = frames["own_closed_at"]
    moved = [frame for frame in frames.values() if frame is not closed]
    moved += [
        lake.read(each, "rma", "seq") for each in ("return_reinstated", "return_appeal_lapsed")
    ]
    return side_by_side(
        lake,
        **{name: frame.groupby("rma")["time"].max() for name, frame in frames.items()},
        closed_seq=closed.groupby("rma")["seq"].max(),
        ends_moved_seq=pd.concat(moved).groupby("rma")["seq"].max(),
    )


def _settled(lake: Lake) -> pd.DataFrame:
    lines = lake.read("refund_settled_lines", "rma", "amount_minor", "time")
    return lines.groupby("rma").agg(
        refund_minor=("amount_minor", "sum"), settled_at=("time", "max")
    )


def _units(lake: Lake) -> pd.DataFrame:
    lines = pd.concat([lake.read(name, "rma", "quantity", "value_minor") for name in APPLIED])
    return lines.groupby("rma").agg(
        lines=("rma", "size"), units=("quantity", "sum"), value_minor=("value_minor", "sum")
    )


def _surveys(lake: Lake) -> pd.DataFrame:
    answered = lake.read("survey_answered", "rma", "seq", "time", "csat").sort_values("seq")
    return side_by_side(
        lake,
        survey_sent_at=lake.read("survey_sent", "rma", "time").groupby("rma")["time"].min(),
        answered_at=answered.groupby("rma")["time"].min(),
        csat=answered.groupby("rma")["csat"].first(),
    )


def _assessed(lake: Lake) -> pd.DataFrame:
    columns = ("rma", "refund_on", "score", "policy_version")
    assessed = lake.read("return_assessed", *columns).set_index("rma")
    return assessed.rename(columns={"policy_version": "assessed_version"})


def _waits(lake: Lake) -> pd.DataFrame:
    moves = return_moves(lake)
    later = moves[~moves["is_first"]]
    return side_by_side(
        lake,
        longest_us=later.groupby("rma")["waited_us"].max(),
        last_event_at=moves.groupby("rma")["time"].max(),
    )


def _reopened(lake: Lake, told: pd.DataFrame) -> pd.DataFrame:
    opened = lake.read_as_it_is("case_opened", "case_id", "rma", "seq", "time").dropna(subset="rma")
    opened["rma"] = lake.rmas.get_indexer(pd.Index(opened["rma"]))
    closed = lake.read_as_it_is("case_closed", "case_id", "time").groupby("case_id")["time"].min()
    opened["case_closed_at"] = closed.reindex(opened["case_id"]).to_numpy()
    opened = opened[opened["seq"] > told["closed_seq"].reindex(opened["rma"]).to_numpy()]
    opened["is_open"] = opened["case_closed_at"].isna()
    return opened.groupby("rma").agg(
        reopened_at=("time", "min"), case_closed_at=("case_closed_at", "max"), has_open_case=("is_open", "any")
    )  # fmt: skip


def _told(lake: Lake, told: pd.DataFrame) -> pd.DataFrame:
    """The mart's columns, from what was gathered of each return."""
    has_open_case = told["has_open_case"].eq(True)
    is_over = told["closed_seq"].notna() & told["status"].isna()
    ended_at = told["own_closed_at"].where(is_over)
    closed_at = ended_at.where(~(told["case_closed_at"] > ended_at), told["case_closed_at"])
    status = told["status"].fillna("closed")
    refund_minor = told["refund_minor"].fillna(0).astype("int64")
    mode = told["mode"].where(told["mode"].notna() | (told["kind"] != "withdrawal"), "law")
    depth = told["was_inspected_fully"].map({True: "full", False: "basic"})
    return pd.DataFrame(
        {
            "rma": told["rma"],
            "order_id": told["order_id"],
            "customer_key": told["customer_key"],
            "requested_at": told["requested_at"],
            "decided_at": told["decided_at"],
            "decision_mode": mode,
            "received_at": told["received_at"],
            "inspected_at": told["inspected_at"],
            "settled_at": told["settled_at"],
            "closed_at": closed_at.where(~has_open_case),
            "status": status.where(~((status == "closed") & has_open_case), "reopened"),
            "value_minor": told["value_minor"].astype("int64"),
            "currency": told["currency"],
            "csat": told["csat"],
            "kind": told["kind"],
            "decision": told["decision"],
            "first_scan_at": told["first_scan_at"],
            "review_opened_at": told["review_opened_at"],
            "refund_minor": refund_minor,
            "lines": told["lines"].astype("int64"),
            "units": told["units"].astype("int64"),
            "survey_sent_at": told["survey_sent_at"],
            "answered_at": told["answered_at"],
            "reopened_at": told["reopened_at"],
            "outcome": _outcome(told, ended_at, refund_minor),
            "waited_hours": micros_or_none(least(told["settled_at"], ended_at) - told["requested_at"]) / HOUR_US,
            "longest_pause_hours": told["longest_us"] / HOUR_US,
            "refund_on": told["refund_on"].fillna(told["told_refund_on"]),
            "inspection_depth": depth,
            "score": told["score"],
            "policy_version": told["assessed_version"].fillna(told["decided_version"]).fillna(told["told_version"]),
            "is_imported": told["is_imported"],
            "day": lake.day(told["requested_at"]),
            "last_decision": told["last_decision"],
            "last_event_at": told["last_event_at"],
        }
    )  # fmt: skip


def _outcome(told: pd.DataFrame, ended_at: pd.Series, refund_minor: pd.Series) -> pd.Series:
    is_settled = told["settled_at"].notna()
    never_came = told["kept_at"].notna() & told["received_at"].isna()
    return first_word(
        {
            "open": ended_at.isna(),
            "kept": is_settled & never_came,
            "refunded": is_settled & (refund_minor >= told["value_minor"]),
            "partly_refunded": is_settled,
            "declined": told["last_decision"] == "declined",
            "expired": told["expired_at"].notna(),
            "cancelled": told["cancelled_at"].notna(),
        },
        "not_refunded",
        told.index,
    )
