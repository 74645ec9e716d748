"""Three marts in pandas, from the lake's files: what the warehouse's SQL is measured against.

Behind them lie the three relations that take longest: `marts.return_lifecycle`, `intermediate.return_clocks` and
`intermediate.return_moves`. They are written as one who knows pandas would: only the columns that are needed are read, returns
become numbers once, and there is no loop over rows. Each gives the rows that its file in `sql/marts/` gives; its words are
explained there.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from bench.pandas_marts.clocks import sla_daily
from bench.pandas_marts.lake import Lake
from bench.pandas_marts.process import process_edges
from bench.pandas_marts.returns import return_lifecycle

MARTS: Mapping[str, Callable[[Lake], pd.DataFrame]] = MappingProxyType(
    {
        "marts.return_lifecycle": return_lifecycle,
        "marts.sla_daily": sla_daily,
        "marts.process_edges": process_edges,
    }
)
