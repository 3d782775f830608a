"""Draws how a cost grows, as SVG: a few lines between logarithmic axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.table import Point, write_number

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 80, 200, 30, 330
COLOURS = ("#0b6bcb", "#c4491d", "#3f7d20", "#7a4fb5", "#8a6d00", "#5c6670")
ROOM = 16  # between two names


class Axis:
    """Places figures between two ends, by their logarithms."""

    def __init__(self, figures: Sequence[float], start: float, end: float) -> None:
        positive = [figure for figure in figures if figure > 0] or [1.0]
        self._low, self._high = log10(min(positive)), log10(max(positive))
        if self._high - self._low < 0.3:
            self._low, self._high = self._low - 0.15, self._high + 0.15
        self._start, self._end = start, end

    def place(self, figure: float) -> float:
        """Give where a figure stands; what is not above zero stands at the beginning."""
        share = (log10(figure) - self._low) / (self._high - self._low) if figure > 0 else 0.0
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        """Give round figures within the axis: powers of ten, if they are few with twos and fives between."""
        steps = (1,) if self._high - self._low > 3 else (1, 2, 5)
        powers = range(floor(self._low), ceil(self._high) + 1)
        found = [step * 10.0**power for power in powers for step in steps]
        return [figure for figure in found if self._low - 1e-9 <= log10(figure) <= self._high + 1e-9]


def draw(points: Sequence[Point], size: str, figure: str) -> str:
    """Draw each way's points, joined; `size` and `figure` name the axes."""
    ways = list(dict.fromkeys(point.way for point in points))
    x = Axis([point.size for point in points], LEFT, WIDTH - RIGHT)
    y = Axis([point.figure for point in points], BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(figure)} by {escape(size)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_draw_axes(x, y, sorted({point.size for point in points}), size, figure),
    ]
    ends = {way: max((p for p in points if p.way == way), key=lambda point: point.size) for way in ways}
    heights = _spread({way: y.place(end.figure) for way, end in ends.items()})
    for colour, way in zip(_colours(), ways, strict=False):
        lines += _draw_way([(x.place(p.size), y.place(p.figure)) for p in points if p.way == way], colour)
        lines.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{heights[way] + 4:.1f}" fill="{colour}">{escape(way)}</text>'
        )
    return "\n".join((*lines, "</svg>\n"))


def _colours() -> Iterator[str]:
    while True:
        yield from COLOURS


def _draw_axes(x: Axis, y: Axis, sizes: Sequence[float], size: str, figure: str) -> Iterator[str]:
    for tick in y.ticks():
        at = y.place(tick)
        yield f'<path d="M{LEFT} {at}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#444">{_tell(tick)}</text>'
    for each in sizes:
        at = x.place(each)
        yield f'<path d="M{at} {BOTTOM}v5" stroke="#444"/>'
        yield f'<text x="{at}" y="{BOTTOM + 20}" text-anchor="middle" fill="#444">{_tell(each)}</text>'
    yield f'<path d="M{LEFT} {TOP}V{BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#444"/>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{BOTTOM + 42}" text-anchor="middle" fill="#444">{escape(size)}</text>'
    yield f'<text x="{LEFT}" y="{TOP - 12}" text-anchor="middle" fill="#444">{escape(figure)}</text>'


def _draw_way(places: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
    line = "L".join(f"{x} {y}" for x, y in places)
    yield f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in places:
        yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>'


def _spread(heights: dict[str, float]) -> dict[str, float]:
    """Move names apart that would stand on each other."""
    placed: dict[str, float] = {}
    last = float("-inf")
    for way, height in sorted(heights.items(), key=lambda item: item[1]):
        last = placed[way] = max(height, last + ROOM)
    return placed


def _tell(number: float) -> str:
    return write_number(number) if number >= 1 else f"{number:.10f}".rstrip("0")
