"""Tables of a run's page."""

from collections.abc import Iterable


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    names = [cell(name) for name in heads]
    lines = [names, ["---"] * len(names), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """A value in one cell: on one line, and without ending it."""
    text = "–" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|")
