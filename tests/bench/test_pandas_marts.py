"""What the warehouse is measured against computes the same: its rows are those of the SQL."""

import pandas as pd
import pytest
from quarter import quarter

from bench.pandas_marts import MARTS
from bench.pandas_marts.lake import Lake
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse


@pytest.mark.parametrize("mart", MARTS)
def test_pandas_gives_the_very_rows_of_the_sql(mart: str) -> None:
    (key,) = (model.header.key for model in relations() if model.relation == mart)
    with Warehouse.of(quarter().settings) as warehouse:
        expected = warehouse.query(f"select * from {mart}").to_pandas()
        found = MARTS[mart](Lake.of(warehouse))

    assert len(found) == len(expected) > 0
    assert list(found.columns) == list(expected.columns)
    pd.testing.assert_frame_equal(
        found.sort_values(list(key), ignore_index=True),
        expected.sort_values(list(key), ignore_index=True),
        check_dtype=False,
        rtol=1e-12,
        atol=0,
    )
