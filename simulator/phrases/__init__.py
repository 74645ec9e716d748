"""What people write, as tables a language: `simulator/texts.py` puts texts together from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from service.domain.cases import Outcome
from service.domain.words import Reason

Mood = Literal["happy", "middling", "unhappy"]
About = Literal["refund_less", "slow", "declined", "goods", "other"]
# What the dock finds: the outcomes of an inspection, and closer looks at why one failed or passed.
Finding = Literal[
    "passed",
    "failed",
    "short",
    "wrong_item",
    "empty",
    "unexpected",
    "worn",
    "swapped",
    "broken",
    "no_fault",
]
Phrases = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasebook:
    """One language. `{thing}` stands for a product's everyday name, `{phrase}` for what a cause is called.

    A cause's phrases stand in texts of that cause alone, so that whoever counts words finds it again.
    """

    between: str  # what stands between two sentences
    things: Mapping[str, Phrases]  # by category
    causes: Mapping[Reason, Phrases]  # said of anything
    causes_of: Mapping[str, Mapping[Reason, Phrases]]  # said besides of a category's things

    # A comment in a survey.
    openings: Phrases
    cause_frames: Phrases
    service: Mapping[Mood, Phrases]

    # What customers bring up.
    complaint_openings: Phrases
    complaints: Mapping[About, Phrases]
    complaint_closings: Phrases
    suggestion_openings: Phrases
    suggestions: Phrases
    suggestion_closings: Phrases
    incidents: Mapping[str, Phrases]  # by category
    safety_closings: Phrases
    not_received: Phrases
    not_received_checks: Phrases
    not_received_closings: Phrases

    # A reviewer's question and its answer.
    question_openings: Phrases
    questions: Mapping[Reason, Phrases]
    details: Mapping[Reason, Phrases]
    answer_frames: Phrases
    evasions: Phrases
    evasive_closings: Phrases

    # What the customer writes to after-sales that has answered.
    replies: Phrases
    reply_closings: Phrases

    # What the staff writes.
    case_openings: Phrases
    case_news: Phrases  # while it goes on
    case_answers: Mapping[Outcome, Phrases]
    case_closings: Phrases
    findings: Mapping[Finding, Phrases]

    def phrases(self, cause: Reason, category: str) -> Phrases:
        """What a cause is called where it concerns this category's things."""
        return self.causes[cause] + self.causes_of[category].get(cause, ())
