"""What the command line prints about a replay."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from service.domain.events import Basis
from service.domain.money import in_figures
from service.policies.past import Delivery
from service.policies.replay import Change, Replayed
from service.policies.risk_replay import Act, RiskReplayed

_NOTES: dict[Delivery, str] = {
    "guessed": "no delivery is recorded, so the order's own time stands in for it: windows end too early",
    "import": "the deliveries are an import's, as exact as its file",
    "simulated": "the deliveries are a practice shop's",
}


def print_replayed(
    console: Console, replayed: Replayed, in_force: str, candidate: str, zone: ZoneInfo
) -> None:
    """The account of a replay: what changes, by verdict and by rule, and how far to trust it."""
    if replayed.judged:
        console.print(_heading(replayed, in_force, candidate, zone), soft_wrap=True)
        console.print(_verdicts(replayed))
    else:
        console.print("There is no past request that could be judged.")
    if replayed.changed:
        console.print(_rules(replayed))
    for note in _notes(replayed):
        console.print(note, soft_wrap=True)


def _heading(replayed: Replayed, in_force: str, candidate: str, zone: ZoneInfo) -> str:
    first, last = (
        f"{moment.astimezone(zone):%Y-%m-%d}" if moment else ""
        for moment in (replayed.first, replayed.last)
    )
    return (
        f"Past returns judged: {replayed.judged:,}, of {first} to {last}. Policy {candidate} would judge {replayed.changed:,} of "
        f"them ({replayed.changed / replayed.judged:.1%}) otherwise than {in_force}, which is in force."
    )


def _verdicts(replayed: Replayed) -> Table:
    """What changes first, the largest on top."""
    table = _table("verdict")
    together = [each for each in replayed.returns if each.rule is None]
    for each in sorted(together, key=lambda each: (each.is_same, -replayed.returns[each])):
        verdict = f"{each.before}, as now" if each.is_same else f"{each.before} → {each.after}"
        table.add_row(verdict, *_figures(replayed, each))
    return table


def _rules(replayed: Replayed) -> Table:
    """Which rule changes a verdict, the largest on top."""
    table = _table("rule", "verdict")
    by_rule = [each for each in replayed.returns if each.rule]
    for each in sorted(by_rule, key=lambda each: -replayed.returns[each]):
        verdict = f"{each.before} → {each.after}"
        table.add_row(each.rule, verdict, *_figures(replayed, each))
    return table


def _table(*headings: str) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for heading in ("returns", "value"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _figures(replayed: Replayed, change: Change) -> tuple[str, str]:
    value = in_figures(replayed.value_minor[change], change.currency)
    return f"{replayed.returns[change]:,}", value


def _notes(replayed: Replayed) -> Iterator[str]:
    for delivery, note in _NOTES.items():
        if returns := replayed.deliveries[delivery]:
            yield f"{returns:,} of these returns: {note}."
    if replayed.without_order:
        yield f"Returns left out because their order is not known: {replayed.without_order:,}."
    if replayed.judged:
        yield "Photos of past requests are not recorded: they are judged as having none."


_ACTS: dict[Act, str] = {
    "passed": "pass by themselves",
    "reviewed": "go to a person",
    "declined": "are declined by a rule",
    "early": "are paid earlier than others",
    "full": "are inspected in full",
    "audited": "  of those, drawn by lot",
    "doubted": "    although the model doubts them",
    "blind": "are judged blind",
}


def print_risk(console: Console, replayed: RiskReplayed, in_force: str, candidate: str) -> None:
    """What becomes of the requests beside the rules: by the model that decides now, and by the same lots."""
    if replayed.asked:
        console.print(_risk_heading(replayed, candidate), soft_wrap=True)
        console.print(_acts(replayed, in_force, candidate))
    for note in _risk_notes(replayed):
        console.print(note, soft_wrap=True)


def _risk_heading(replayed: RiskReplayed, candidate: str) -> str:
    by = (
        f"by model {replayed.model}"
        if replayed.deciding == "model"
        else _WITHOUT[replayed.deciding]
    )
    return (
        f"Approval of {replayed.asked:,} of them {by}, and by the same lots: {replayed.changed:,} "
        f"({replayed.changed / replayed.asked:.1%}) would be dealt with otherwise under {candidate}."
    )


_WITHOUT: dict[Basis, str] = {
    "no_model": "without a model (there is none yet)",
    "uncertified": "without a model (the newest one is certified for nothing)",
    "suspended": "without a model (it is suspended)",
    "unavailable": "without a model (it cannot be read, so people decide)",
}


def _acts(replayed: RiskReplayed, in_force: str, candidate: str) -> Table:
    table = Table()
    table.add_column("past returns that", no_wrap=True)
    for version in (in_force, candidate):
        table.add_column(f"under {version}", justify="right", no_wrap=True)
    for act, words in _ACTS.items():
        if replayed.before[act] or replayed.after[act]:
            table.add_row(words, f"{replayed.before[act]:,}", f"{replayed.after[act]:,}")
    return table


def _risk_notes(replayed: RiskReplayed) -> Iterator[str]:
    if replayed.unseen:
        yield (
            f"Returns whose approval cannot be replayed, because the log does not hold what was seen of them then: {replayed.unseen:,}."
        )
    if replayed.not_replayed:
        changes = "; ".join(
            f"{each.name}: {each.before} → {each.after}" for each in replayed.not_replayed
        )
        yield (
            f"Not replayed, because it acts on the next training or on watching the model, and its thresholds are as they are: {changes}."
        )
