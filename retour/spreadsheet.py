"""Rows as CSV for a spreadsheet: UTF-8 with a mark, so that Excel reads Chinese, and no text is taken for a formula.

Moments carry their zone, which is UTC (`Z`).
"""

import polars as pl
import polars.selectors as cs

_FORMULA = r"^[=+\-@\t\r]"  # what spreadsheets begin to compute at (OWASP, CSV Injection)
_MOMENT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def csv_text(rows: pl.DataFrame) -> str:
    """The rows with a line of headings. A text that a spreadsheet would compute gets an apostrophe before it."""
    texts = cs.string()
    is_formula = texts.str.contains(_FORMULA)
    safe = rows.with_columns(
        pl.when(is_formula).then(pl.lit("'") + texts).otherwise(texts).name.keep()
    )
    moments = cs.datetime(time_zone=None).dt.strftime(_MOMENT)
    return safe.with_columns(moments).write_csv(include_bom=True)
