"""Plots of a model card as plain SVG: lines and bars, with axes that say what they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 55
_COLOURS = ("#1f5fa8", "#c8591b", "#4a4a4a", "#2c8a57", "#8a3fa0", "#b08a00")
_FONT = 'font-family="sans-serif" font-size="13"'
_ROW = 18


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through points (x, y); `is_dashed` for what it is measured against, `is_marked` to show its points."""

    name: str
    points: Sequence[tuple[float, float]]
    is_dashed: bool = False
    is_marked: bool = False


def lines(title: str, across: str, up: str, shown: Sequence[Line]) -> str:
    """Lines over two axes that start at 0, as an SVG document."""
    points = [point for line in shown for point in line.points]
    right = max((x for x, _ in points), default=1.0) or 1.0
    top = max((y for _, y in points), default=1.0) or 1.0
    body = [*_frame(title, across, up), *_ticks(right, top)]
    for number, line in enumerate(shown):
        body += _line(line, _COLOURS[number % len(_COLOURS)], number, right, top)
    return _document(_HEIGHT, title, body)


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars from 0, a row each, as an SVG document."""
    height = _TOP + 20 + _ROW * max(len(values), 1)
    longest = max((value for _, value in values), default=0.0) or 1.0
    body = [f'<text x="10" y="24" {_FONT} font-weight="bold">{escape(title)}</text>']
    for row, (name, value) in enumerate(values):
        y = _TOP + _ROW * row
        long = max(value, 0.0) / longest * 340
        body += [
            f'<text x="190" y="{y + 13}" text-anchor="end" {_FONT}>{escape(name)}</text>',
            f'<rect x="200" y="{y + 2}" width="{long:.1f}" height="13" fill="{_COLOURS[0]}"/>',
            f'<text x="{206 + long:.1f}" y="{y + 13}" {_FONT}>{value:.4f}</text>',
        ]
    return _document(height, title, body)


def _line(line: Line, colour: str, number: int, right: float, top: float) -> list[str]:
    path = " ".join(f"{_x(x, right):.1f},{_y(y, top):.1f}" for x, y in line.points)
    dashes = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    marks = [
        f'<circle cx="{_x(x, right):.1f}" cy="{_y(y, top):.1f}" r="3" fill="{colour}"/>'
        for x, y in line.points
        if line.is_marked
    ]
    return [
        *marks,
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>',
        f'<text x="{_LEFT + 12}" y="{_TOP + 16 + 17 * number}" fill="{colour}" {_FONT}>{escape(line.name)}</text>',
    ]


def _frame(title: str, across: str, up: str) -> list[str]:
    bottom, end = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    middle = (_TOP + bottom) // 2
    return [
        f'<text x="10" y="24" {_FONT} font-weight="bold">{escape(title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{end}" fill="none" stroke="#888"/>',
        f'<text x="{(_LEFT + end) // 2}" y="{_HEIGHT - 12}" text-anchor="middle" {_FONT}>{escape(across)}</text>',
        f'<text x="16" y="{middle}" text-anchor="middle" {_FONT} transform="rotate(-90 16 {middle})">{escape(up)}</text>',
    ]


def _ticks(right: float, top: float) -> list[str]:
    ticks = []
    for fifth in range(6):
        x, y = right * fifth / 5, top * fifth / 5
        ticks += [
            f'<text x="{_x(x, right):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle" {_FONT}>{x:.3g}</text>',
            f'<text x="{_LEFT - 6}" y="{_y(y, top) + 4:.1f}" text-anchor="end" {_FONT}>{y:.3g}</text>',
        ]
    return ticks


def _x(x: float, right: float) -> float:
    return _LEFT + x / right * (_WIDTH - _LEFT - _RIGHT)


def _y(y: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _TOP - _BOTTOM)


def _document(height: int, title: str, body: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>'
    )
    return "\n".join([head, *body, "</svg>", ""])
