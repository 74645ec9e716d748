"""Compares the rows of a relation with rows computed otherwise: whole numbers and words exactly, fractions within a billionth."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

Row = Mapping[str, Any]


def assert_same_rows(
    found: Iterable[Row],
    expected: Iterable[Row],
    key: Sequence[str],
    *,
    may_be_empty: bool = False,
) -> None:
    """Every expected row is there once with the same values, and no other."""
    by_key, wanted = _by_key(found, key), _by_key(expected, key)
    assert sorted(by_key, key=str) == sorted(wanted, key=str)
    assert wanted or may_be_empty, "there is nothing to compare"
    for place, row in wanted.items():
        for name, value in row.items():
            assert by_key[place][name] == _about(value), f"{name} of {place}"


def _by_key(rows: Iterable[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    keyed: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        place = tuple(row[name] for name in key)
        assert place not in keyed, f"{place} is there twice"
        keyed[place] = row
    return keyed


def _about(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
