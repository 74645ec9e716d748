"""Great Expectations itself, as all three doors use it.

Its import takes 5 to 16 seconds, so it happens inside the first check of a process. It judges pandas frames
(it knows neither Polars nor DuckDB), in an ephemeral context: no folder, no network, no progress bars.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

Ask = Callable[[Any], Any]  # given the module's `expectations`, an expectation


def evaluate(asked: Sequence[Ask], frame: pd.DataFrame, *, index: Sequence[str] = ()) -> list[Any]:
    """Great Expectations' own answer to each expectation on a frame, in order; failing rows are told by `index`."""
    result_format: dict[str, Any] = {"result_format": "COMPLETE"}
    if index:
        result_format["unexpected_index_column_names"] = list(index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies' deprecations are not ours to mend
        great, door = great_expectations()
        expectations = [ask(great.expectations) for ask in asked]
        for place, each in enumerate(expectations):
            each.meta = {"place": place}
        report = door.get_batch(batch_parameters={"dataframe": frame}).validate(
            great.ExpectationSuite(name="door", expectations=expectations),
            result_format=result_format,
        )
    answers: Mapping[int, Any] = {
        each.expectation_config.meta["place"]: each for each in report.results
    }
    return [answers[place] for place in range(len(expectations))]


@cache
def great_expectations() -> tuple[Any, Any]:
    """The module, and a door through which frames are handed in."""
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("frame")
    return great_expectations, asset.add_batch_definition_whole_dataframe("whole")
