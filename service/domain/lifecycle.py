"""The life of a return line: one table of moves, and who acts in each state. Code and manuals follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.domain.events import Role

State = Literal["requested", "under_review", "authorized"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A move: from (None: the beginning) to, who makes it, the event that says so, who owns the line then."""

    from_state: State | None
    to_state: State
    actor: Role
    event: str
    owner: Role
    next_step: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, "requested", "customer", "return.requested", "system", "The policy is checked."),
    Transition(
        "requested", "authorized", "system", "return.authorized", "customer", "Send the goods back."
    ),
    Transition(
        "requested", "under_review", "system", "review.opened", "reviewer", "A reviewer decides."
    ),
)  # fmt: skip

# An RMA is as far as its line that is least far: the first of these that any line is in.
ROLL_UP: tuple[State, ...] = ("requested", "under_review", "authorized")


class MoveNotAllowed(ValueError):
    """The table has no such move from this state."""


def move(state: State | None, event: str) -> Transition:
    """The move that an event makes from a state. Raises `MoveNotAllowed`, naming the moves that are."""
    for each in TRANSITIONS:
        if (each.from_state, each.event) == (state, event):
            return each
    allowed = ", ".join(each.event for each in TRANSITIONS if each.from_state == state)
    raise MoveNotAllowed(f"{event} cannot follow on {state}; allowed now: {allowed or 'nothing'}")


def roll_up(states: Iterable[str]) -> State:
    """The state of an RMA, from those of its lines."""
    present = set(states)
    return next(state for state in ROLL_UP if state in present)


def standing(state: State) -> Transition:
    """How a line came to be in a state: its owner and the next step."""
    return next(each for each in TRANSITIONS if each.to_state == state)
