"""What the command line prints about a replay."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from service.domain.money import in_figures
from service.policies.past import Delivery
from service.policies.replay import Change, Replayed

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
