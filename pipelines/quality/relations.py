"""The rules on the warehouse's tables, in one place: references, clocks, bounds, and conservation.

What a header's `key` promises is a rule of itself and not repeated here. History is imported as other people kept it,
and a dock takes what arrives: where such facts may break a rule, it is a warning.
"""

from pipelines.quality.rules import Rule

DECLARED: tuple[Rule, ...] = ()
