"""The words of the trade that callers must use: closed lists, so that no free text reaches the log."""

from typing import Literal

Reason = Literal[
    "defect",
    "damaged_in_transit",
    "not_as_described",
    "size_fit",
    "wrong_item",
    "arrived_late",
    "changed_mind",
    "other",
]
