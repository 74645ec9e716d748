"""A shop's applications on one way through its life: what was decided on each, and which goods came back."""

from dataclasses import dataclass

import polars as pl

from bench.risk import deciding
from bench.risk.cases import Flags, Floats, Rows
from service.domain.events import Basis
from service.domain.policy import Policy
from service.domain.risk import Assessment


@dataclass(slots=True)
class Life:
    """A shop's applications (n,) in one way of living: the lot and a person's verdict of each, and what was made of it."""

    applications: pl.DataFrame
    policy: Policy
    draw: Floats
    verdict: Floats
    assessed: list[Assessment | None]
    came: Flags

    def decide(self, rows: Rows, made: list[Assessment]) -> None:
        """What was made of these rows, and which of their goods come back."""
        here = self.applications[rows]
        for row, each in zip(rows.tolist(), made, strict=True):
            self.assessed[row] = each
        may = deciding.let_come(here, made, self.verdict[rows])
        self.came[rows] = may & here["comes"].to_numpy()

    def without_model(self, rows: Rows, basis: Basis) -> None:
        """Let the lot, small values and people decide."""
        here, draw = self.applications[rows], self.draw[rows]
        self.decide(rows, deciding.without_model(here, draw, self.policy, basis))

    def of(self, rows: Rows) -> list[Assessment]:
        """What was made of rows that are decided."""
        return [each for row in rows.tolist() if (each := self.assessed[row]) is not None]

    def made(self, rows: Rows) -> pl.DataFrame:
        """Decided rows with `is_approved` (by the model itself), `is_drawn_doubt`, `inspected` (is to be, in full), `weight` (for
        how many approvals that stands) and `came`.
        """
        made = self.of(rows)
        return self.applications[rows].with_columns(
            is_approved=pl.Series(
                [
                    each.decision == "approve" and each.basis == "model" and not each.is_drawn_doubt
                    for each in made
                ]
            ),
            is_drawn_doubt=pl.Series([each.is_drawn_doubt for each in made]),
            inspected=pl.Series([each.inspection == "full" for each in made]),
            weight=pl.Series([each.approve_propensity / each.propensity for each in made]),
            came=pl.Series(self.came[rows]),
        )
