"""The list of flagged products; a row that is chosen opens the product's story beside it."""

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboards.queries import problem_products as queries
from dashboards.texts import Texts

PRODUCT = "sku"  # the product whose story is shown, here and in the URL
_LIST = "list"
_ROW_PX, _HEADING_PX, _ROWS = 35, 38, 14


def show_list(rows: pl.DataFrame, choice: queries.Choice, texts: Texts) -> None:
    st.subheader(texts("Most money at stake first"))
    if rows.is_empty() and choice != queries.Choice():
        st.info(texts("No flagged product fits this search and these filters."))
        return
    if rows.is_empty():
        st.success(
            texts(
                "No flagged product here: what comes back is what shop and product lead one to expect."
            )
        )
        return
    weeks = rows["window_weeks"][0]
    st.caption(
        texts(
            "Counted over the last {weeks} weeks. Choose a row to see its story.", weeks=str(weeks)
        )
    )
    st.dataframe(
        _table(rows, texts).to_pandas(),
        hide_index=True,
        height=_HEADING_PX + _ROW_PX * min(len(rows), _ROWS),
        row_height=_ROW_PX,
        column_config=_columns(rows, texts),
        key=_list_key(),
        on_select=lambda: _open_row(rows["sku"].to_list()),
        selection_mode="single-row",
    )
    st.download_button(
        texts("Download as CSV"),
        rows.write_csv(include_bom=True),
        file_name="problem-products.csv",
        mime="text/csv",
        icon=":material/download:",
    )


def _list_key() -> str:
    """Another key is another list, with nothing selected in it."""
    return f"{_LIST}-{st.session_state.get(_LIST, 0)}"


def _open_row(skus: list[str]) -> None:
    selected = st.session_state[_list_key()]["selection"]["rows"]
    if selected:
        st.session_state[PRODUCT] = skus[selected[0]]


def forget_row() -> None:
    """Another way was taken to a product: no row is chosen any more."""
    st.session_state[_LIST] = st.session_state.get(_LIST, 0) + 1


def _only_currency(rows: pl.DataFrame) -> list[str]:
    """The currency of all rows; none where there are several."""
    codes = rows["currency"].drop_nulls().unique().to_list()
    return codes if len(codes) == 1 else []


def _columns(rows: pl.DataFrame, texts: Texts) -> dict[str, ColumnConfig]:
    """How the list's columns look, and what each says when the pointer rests on its heading."""
    number = st.column_config.NumberColumn
    return {
        texts("Name"): st.column_config.TextColumn(width=235, pinned=True),
        texts("At stake"): number(
            " ".join([texts("At stake"), *_only_currency(rows)]),
            width=95,
            format="localized",
            help=texts("What the units beyond expectation were sold for, in 30 days."),
        ),
        texts("Times as often"): number(
            width=108,
            format="%.1f ×",
            help=texts(
                "How many times as often as expected customers send it back. Drawn towards what is "
                "usual in the shop where the record is short; one customer's bulk return counts once."
            ),
        ),
        texts("Interval (90 %)"): st.column_config.TextColumn(width=102),
        texts("Too many"): number(
            width=80,
            format="localized",
            help=texts(
                "Of the units that came back, those beyond expectation; what one customer sends back in bulk is cut back."
            ),
        ),
        texts("Product"): st.column_config.TextColumn(width=80),
        texts("Since"): st.column_config.TextColumn(width=95),
    }


def _table(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """What the list shows; columns in which nothing would stand are left out."""
    columns: dict[str, pl.Series | list[str] | list[float]] = {
        texts("Name"): rows["title"],
        texts("At stake"): queries.whole_money(rows),
        texts("Currency"): rows["currency"],
        texts("Times as often"): rows["lift"],
        texts("Interval (90 %)"): [
            f"{texts.number(low, 1)} – {texts.number(high, 1)}"
            for low, high in rows.select("lift_low", "lift_high").iter_rows()
        ],
        texts("Too many"): rows["excess_units"].round(0),
        texts("Product"): rows["sku"],
        texts("Since"): [texts.day(each) if each else "–" for each in rows["since"]],
        texts("Likely cause"): pl.Series(
            [texts.reason(each) if each else None for each in rows["likely_cause"]], dtype=pl.String
        ),
        texts("Category"): rows["category"],
        texts("Vendor"): rows["vendor"],
    }
    shown = pl.DataFrame(columns)
    empty = [name for name in shown.columns if shown[name].is_null().all()]
    if _only_currency(rows):
        empty.append(texts("Currency"))  # it stands in a heading
    return shown.drop(empty)
