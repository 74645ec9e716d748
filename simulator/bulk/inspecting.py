"""What is found in the parcels: a part of a line for each outcome, and when."""

from dataclasses import dataclass

import numpy as np

from simulator.behaviour import notices
from simulator.bulk.applications import Applications
from simulator.bulk.sending import Journeys
from simulator.bulk.shop import Shop, happens, only
from simulator.lives import CONTENTS, GRADES
from simulator.world import Flags, Integers

UNSEEN, PASSED, FAILED, SHORT, WRONG_ITEM, EMPTY, WAIVED = range(-1, 6)
OUTCOMES = ("passed", "failed", "short", "wrong_item", "empty")  # what an inspector may find here
NO_GRADE = -1
_WORN, _SWAPPED, _MISSING, _FAULTLESS = (
    CONTENTS.index(each) for each in ("worn", "swapped", "missing", "faultless")
)
_WORSE_AT_MOST = len(GRADES) - 1
_GRADE_UNNOTICED = 1


@dataclass(frozen=True, slots=True)
class Inspections:
    """Of each application: when its goods were looked at, or when nobody had done so in time (`late_us`, then `waived_us`)."""

    inspected_us: Integers
    late_us: Integers
    waived_us: Integers

    @property
    def found_us(self) -> Integers:
        """When the goods' fate is known."""
        return np.minimum(self.inspected_us, self.waived_us)


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines of applications, those split whose units differ. `line` is the place of the line that a part is of.

    `root_no` is its number; `line_no` the part's own. `outcome` is UNSEEN where nobody looked.
    """

    place: Integers
    line: Integers
    line_no: Integers
    root_no: Integers
    quantity: Integers
    outcome: Integers
    grade: Integers

    def __len__(self) -> int:
        return len(self.place)

    @property
    def is_split_off(self) -> Flags:
        return np.asarray(self.line_no != self.root_no)

    @property
    def is_bad(self) -> Flags:
        return np.isin(self.outcome, (FAILED, SHORT, WRONG_ITEM, EMPTY))


def inspect(shop: Shop, asked: Applications, way: Journeys) -> Inspections:
    hours = shop.world.scenario.staff.inspection_hours
    looked_us = shop.work(way.received_us, hours, asked.of("inspection_speed"), asked.of("is_slow"))
    due_us = way.inspection_due_us
    is_late = happens(looked_us) & (looked_us >= due_us)
    last_us = due_us + shop.clock_us("escalation")
    never = is_late & (looked_us >= last_us)
    return Inspections(only(~never, looked_us), only(is_late, due_us), only(never, last_us))


def find(asked: Applications, inspections: Inspections, is_full: Flags) -> Parts:
    """The parts of all lines, in the order of applications and lines; what is split off stands before the rest."""
    owner, quantity = asked.owner, asked.line("quantity")
    is_seen = happens(inspections.inspected_us)[owner]
    missing = np.where(_is_noticed(asked, is_full) & is_seen, asked.line("missing"), 0)
    in_two = (missing > 0) & (missing < quantity)
    line = np.repeat(np.arange(len(owner)), 1 + in_two)
    is_second = np.append(False, line[1:] == line[:-1])
    is_missing = (missing > 0)[line] & ~is_second
    units = np.where(is_missing, missing[line], (quantity - missing)[line])
    outcome = np.where(is_missing, _of_missing(asked)[line], _of_rest(asked, is_full)[line])
    waived = happens(inspections.waived_us)[owner][line]
    outcome = np.where(waived, WAIVED, np.where(is_seen[line], outcome, UNSEEN))
    is_graded = np.isin(outcome, (PASSED, FAILED))
    root_no = asked.line("line_no")[line]
    return Parts(
        place=owner[line],
        line=line,
        line_no=np.where(in_two[line] & is_missing, _new_numbers(asked, in_two)[line], root_no),
        root_no=root_no,
        quantity=units,
        outcome=outcome,
        grade=np.where(is_graded, _grade(asked, outcome, line), NO_GRADE),
    )


def _is_noticed(asked: Applications, is_full: Flags) -> Flags:
    """Whether the inspector finds out what is in the parcel."""
    look, full = asked.of("look")[asked.owner], is_full[asked.owner]
    contents, found = asked.line("contents"), np.zeros(len(asked.owner), dtype=np.bool_)
    for place, each in enumerate(CONTENTS):
        found |= (contents == place) & notices(look, each, full)
    return found


def _of_missing(asked: Applications) -> Integers:
    """A parcel is empty where nothing of any line is in it, else something is short."""
    is_empty = asked.all(asked.line("missing") == asked.line("quantity"))
    return np.where(is_empty, EMPTY, SHORT)[asked.owner]


def _of_rest(asked: Applications, is_full: Flags) -> Integers:
    noticed, contents = _is_noticed(asked, is_full), asked.line("contents")
    is_failed = np.isin(contents, (_WORN, _FAULTLESS))
    bad = np.where(is_failed, FAILED, np.where(contents == _SWAPPED, WRONG_ITEM, PASSED))
    return np.where(noticed, bad, PASSED)


def _grade(asked: Applications, outcome: Integers, line: Integers) -> Integers:
    """What is there passes as A where some is missing, as B where nobody saw that it is worn or another; a few are graded one worse."""
    contents = asked.line("contents")[line]
    grade = np.where(contents == _MISSING, 0, asked.line("grade")[line])
    hidden = np.isin(contents, (_WORN, _SWAPPED, _FAULTLESS)) & (outcome == PASSED)
    grade = np.where(hidden, _GRADE_UNNOTICED, grade)
    worse = asked.of("is_misgraded")[asked.owner][line]
    return np.asarray(np.minimum(grade + worse, _WORSE_AT_MOST))


def _new_numbers(asked: Applications, in_two: Flags) -> Integers:
    """The number of the part that is split off each line: after the last one of the application, in turn."""
    so_far = np.cumsum(in_two)
    before = np.append(0, so_far)[asked.starts]
    return np.asarray(asked.counts[asked.owner] + so_far - before[asked.owner])
