"""A house whose risk port says of each application what a test tells it to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from house import House
from migrated import open_migrated

from service.application import Retour
from service.domain.policy_sections import RiskTerms
from service.domain.risk import Application, Assessment, RiskHealth
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds
from service.policies import default_policy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MODEL = "r2026-01-01-00000000"
_NOTHING = Assessment("review", "inspected", "full", 1.0, "no_model", 0.0)


@dataclass
class ToldPort:
    """Every application gets the assessment that stands in `says`."""

    says: Assessment

    def assess(self, application: Application) -> Assessment:
        return self.says

    def health(self, terms: RiskTerms) -> RiskHealth:
        return RiskHealth("model")


class JudgedHouse(House):
    """A house that begins a return as a test has it judged."""

    def __init__(self, retour: Retour, clock: VirtualClock, port: ToldPort) -> None:
        super().__init__(retour, clock)
        self._port = port

    def apply_judged(self, order_id: str, says: Assessment) -> None:
        """Order, deliver, and apply for a return, which is judged so."""
        self._port.says = says
        self.put_order(order_id, country="US").raise_for_status()
        self.put_parcel(order_id).raise_for_status()
        self.rma = self.apply(order_id=order_id).raise_for_status().json()["rma"]

    def find_whole_or_broken(self, outcome: str) -> None:
        """The goods come and are found so."""
        self.arrive().find(outcome, grade="A" if outcome == "passed" else "D")


@contextmanager
def judged_house(database: str | Path) -> Iterator[JudgedHouse]:
    """A house on this database."""
    db, clock, port = open_migrated(database), VirtualClock(NOON), ToldPort(_NOTHING)
    retour = Retour(db, default_policy(), port, clock, SystemIds(), secret=b"a test's secret")
    with JudgedHouse(retour, clock, port) as house:
        yield house
    db.dispose()
