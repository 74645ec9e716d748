"""Publication's gate: no figure is published while a blocking rule is broken."""

from collections.abc import Iterable

from pipelines.quality.doors import Verdict
from retour.errors import UserError

_SHOWN = 5


class PublicationStopped(UserError):
    """A blocking rule is broken: what was published before stands."""

    def __init__(self, broken: list[Verdict]) -> None:
        told = "; ".join(_told(each) for each in broken[:_SHOWN])
        more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
        super().__init__(
            f"nothing is published, for {told}{more}. What was published before stands. The rows are shown by the "
            "table's check in Dagster and on the dashboards' page Data health; once the cause is mended, "
            "run `retour refresh`"
        )


def let_pass(verdicts: Iterable[Verdict]) -> None:
    """Raise `PublicationStopped` where a blocking rule is broken."""
    if broken := [each for each in verdicts if each.stops_publication]:
        raise PublicationStopped(broken)


def _told(verdict: Verdict) -> str:
    rule, count = verdict.rule, verdict.found.failing_rows
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{rule.relation} breaks a rule in {rows}: {rule.says}"
