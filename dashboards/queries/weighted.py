"""Figures of single days or weeks, such as medians, put together over a period."""


def weighted(figure: str, count: str) -> str:
    """SQL: the mean of a figure over the rows, each by what it counts.

    Rows without the figure are left out; null where none has it.
    """
    return f"sum({figure} * {count}) / nullif(sum({count}) filter (where {figure} is not null), 0)"
