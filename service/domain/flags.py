"""What a buyer can do about a flag, by where it stands: one table."""

from collections.abc import Mapping
from typing import Literal

FlagStatus = Literal["flagged", "acknowledged", "acted", "dismissed", "cleared"]
FlagStep = Literal["acknowledge", "assign", "act", "dismiss"]

# Where each step leads. Whoever finds that an action was not enough takes another one, or dismisses the flag after all;
# a dismissal can be mended by an action. A flag is cleared by the pipeline alone, when its evidence has gone or a newer
# flag on the same product stands; nothing is done about it any more.
STEPS: Mapping[FlagStatus, Mapping[FlagStep, FlagStatus]] = {
    "flagged": {
        "acknowledge": "acknowledged",
        "assign": "flagged",
        "act": "acted",
        "dismiss": "dismissed",
    },
    "acknowledged": {"assign": "acknowledged", "act": "acted", "dismiss": "dismissed"},
    "acted": {"assign": "acted", "act": "acted", "dismiss": "dismissed"},
    "dismissed": {"act": "acted"},
    "cleared": {},
}
