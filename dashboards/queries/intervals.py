"""How far a share or a mean score may be from what it seems (95 %)."""

import polars as pl

_Z = 1.959963984540054  # 97.5 % of a normal distribution lies below
BEST, WORST = 5, 1


def wilson(part: str, whole: str) -> tuple[pl.Expr, pl.Expr]:
    """Wilson's interval of the share `part / whole` of two columns, as expressions; null where nothing was counted."""
    n = pl.col(whole).cast(pl.Float64)
    share = pl.col(part) / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = (_Z / (1 + _Z**2 / n)) * (share * (1 - share) / n + _Z**2 / (4 * n**2)).sqrt()
    is_known = pl.col(whole) > 0
    low = pl.when(is_known).then((middle - reach).clip(0, 1))
    high = pl.when(is_known).then((middle + reach).clip(0, 1))
    return low, high


def with_share(rows: pl.DataFrame, part: str, whole: str, name: str) -> pl.DataFrame:
    """Rows with the share, its lower and its upper end (`name`, `name_low`, `name_high`)."""
    low, high = wilson(part, whole)
    share = pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
    return rows.with_columns(
        share.cast(pl.Float64).alias(name),
        low.alias(f"{name}_low"),
        high.alias(f"{name}_high"),
    )


def with_mean_score(rows: pl.DataFrame, total: str, answers: str, name: str) -> pl.DataFrame:
    """Rows with the mean of scores from 1 to 5 and its interval.

    The interval is Wilson's on the mean rescaled to 0..1: scores in between vary less than yes and no would, so it
    is rather too wide than too narrow.
    """
    span = BEST - WORST
    rescaled = rows.with_columns(_rescaled=(pl.col(total) - WORST * pl.col(answers)) / float(span))
    shares = with_share(rescaled, "_rescaled", answers, name).drop("_rescaled")
    names = [name, f"{name}_low", f"{name}_high"]
    return shares.with_columns(pl.col(each) * span + WORST for each in names)
