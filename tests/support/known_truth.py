"""The truth that a play wrote down, read back to score what was concluded without it."""

from pathlib import Path

import polars as pl


def read_truth(folder: Path, name: str) -> pl.DataFrame:
    """One of the tables: products, shocks, returns (with `rma` where it was applied for), return_lines, claims."""
    if (single := folder / f"{name}.parquet").exists():
        return pl.read_parquet(single)
    found = pl.read_parquet(folder / name / "*.parquet")
    if "request" not in found.columns or not (folder / "rmas").exists():
        return found
    return found.join(pl.read_parquet(folder / "rmas" / "*.parquet"), on="request", how="left")
