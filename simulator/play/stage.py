"""Where the play takes place: the service, the clock, the agenda, and what everybody has in mind."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from service.application import Retour
from service.domain.events import SkuAction
from service.domain.words import Language, Reason
from service.platform.clock import VirtualClock, to_us
from simulator.behaviour import Shifts, busy, by_day_us, work_hours
from simulator.plan import Plan
from simulator.play.agenda import Agenda
from simulator.scenario import Scenario
from simulator.world import DAY_US, HOUR_US

HEAD = "head-1"  # the reviewers' head, as staff


@dataclass(frozen=True, slots=True)
class Thing:
    """A line of an application as its customer means it. `missing` units are not in the parcel."""

    order_line_no: int
    sku: str
    category: str
    quantity: int
    euro_minor: int
    reason: Reason
    cause: Reason
    contents: str
    grade: str
    missing: int


@dataclass(slots=True)
class Life:
    """One application: what its people have in mind (see `simulator.lives`), and how it went so far."""

    request: int
    order: int
    customer: int
    kind: int
    is_abusive: bool
    is_withdrawal: bool
    requested_us: int
    cancels: bool
    cancel_hours: float
    sends: bool
    send_hours: float
    announces: bool
    announce_hours: float
    method: int
    pickup_fails: bool
    is_scanned: bool
    transit_hours: float
    is_lost: bool
    turns_up: bool
    is_unreadable: bool
    dock_hours: float
    review_speed: float
    is_asked: bool
    answers: bool
    answer_hours: float
    verdict: float
    inspection_speed: float
    is_slow: bool
    is_misgraded: bool
    look: float
    chooses: bool
    choice: float
    choice_hours: float
    answers_survey: bool
    survey_hours: float
    mood: float
    complaint: float
    complaint_hours: float
    payment: float
    words: int
    inputs: int
    started_us: int
    things: tuple[Thing, ...] = ()
    language: Language = "en"
    rma: str = ""
    reviewer: str | None = None
    inspection: str = "basic"
    is_drawn: bool = False
    is_late: bool = False
    is_cancelled: bool = False
    stays: bool = False
    is_sent: bool = False
    is_inspected: bool = False
    decided_us: int | None = None
    is_declined: bool = False
    is_reduced: bool = False
    was_asked: bool = False
    has_complained: bool = False
    has_asked_again: bool = False

    @staticmethod
    def words_of(number: int) -> random.Random:
        """Chance for words that belong to no life."""
        return random.Random(number)  # noqa: S311  # meant to be repeated

    @property
    def customer_ref(self) -> str:
        return customer_ref(self.customer)

    @property
    def order_id(self) -> str:
        return order_id(self.order)

    @property
    def sends_all_the_same(self) -> bool:
        """A few who cancelled send the goods nevertheless."""
        return self.words % 20 == 0

    def chance(self, name: str) -> random.Random:
        """Chance for the words that are written in this life, the same in each play."""
        return random.Random(f"{self.words}:{name}")  # noqa: S311  # meant to be repeated


def life_of(row: Mapping[str, Any]) -> Life:
    """A life as it was planned: a row of `DayPlan.requests`."""
    known = {each.name for each in fields(Life)}
    return Life(**{name: value for name, value in row.items() if name in known})


@dataclass(slots=True)
class Stage:
    """Everything that an act needs. `pays_by_hand`: no bank pays refunds, finance does. `cures` are buyers' actions that mended a product, with the day from which on. `start_us` is the play's first midnight; `refused` counts what the service did not allow."""

    plan: Plan
    clock: VirtualClock
    start_us: int
    shifts: Shifts
    retour: Retour
    agenda: Agenda = field(default_factory=Agenda)
    lives: dict[str, Life] = field(default_factory=dict)
    planned: dict[int, Life] = field(default_factory=dict)
    orders: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    parcels: dict[str, str] = field(default_factory=dict)
    payments: dict[str, float] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    applied: Callable[[int, str], None] = lambda _, __: None
    tried: list[bool] = field(default_factory=list)
    unread: str = ""
    pays_by_hand: bool = False
    false_claims: set[str] = field(default_factory=set)
    applied_for: int = 0
    cures: list[tuple[str, SkuAction, int]] = field(default_factory=list)

    @property
    def scenario(self) -> Scenario:
        return self.plan.world.scenario

    @property
    def now_us(self) -> int:
        return to_us(self.clock.now())

    def in_hours(self, hours: float) -> int:
        return self.now_us + round(hours * HOUR_US)

    def by_day(self, at_us: int) -> int:
        """The same moment, pressed into the hours in which carriers work."""
        return self.start_us + round(float(by_day_us(float(at_us - self.start_us))))

    def after_work(
        self, from_us: int, usual_hours: float, speed: float, *, is_slow: bool = False
    ) -> int:
        """When staff are done with something that waits from then on."""
        offset = from_us - self.start_us
        hours = work_hours(usual_hours, speed, is_slow, busy(self.plan.world, offset // DAY_US))
        return self.on_shift(from_us, float(hours))

    def on_shift(self, from_us: int, hours: float) -> int:
        """When so many working hours are over."""
        return self.start_us + round(float(self.shifts.done_us(from_us - self.start_us, hours)))


def customer_ref(number: int) -> str:
    return f"customer-{number:07}"


def order_id(number: int) -> str:
    return f"P{number:08}"
