"""The one shape of all figures: what was measured, ours, the naive way, the limit, and what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Against = Literal["", "ours", "naive", "limit"]
HEADINGS = ("what", "unit", "ours", "naive", "limit", "times naive", "of the limit", "wanted")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in its unit, beside those of the naive way and of the limit, measured in the same run.

    Of a unit that ends in `/s` more is better, of any other less. `naive_way` and `limit_way` say what stands
    there. `wanted` is how many times the naive figure or which part of the limit it should be, or, against
    `ours`, the figure itself.
    """

    what: str
    unit: str
    ours: float
    naive: float | None = None
    limit: float | None = None
    naive_way: str = ""
    limit_way: str = ""
    wanted: float | None = None
    against: Against = ""

    @property
    def is_rate(self) -> bool:
        """Tell whether more is better."""
        return self.unit.endswith("/s")

    @property
    def times(self) -> float | None:
        """How many times as good as the naive way."""
        return self._compare(self.naive)

    @property
    def share(self) -> float | None:
        """Which part of the limit is reached."""
        return self._compare(self.limit)

    @property
    def is_met(self) -> bool | None:
        """Tell whether it is as good as wanted; None where nothing is."""
        if self.wanted is None:
            return None
        if self.against == "ours":
            return self.ours >= self.wanted if self.is_rate else self.ours <= self.wanted
        reached = self.times if self.against == "naive" else self.share
        return reached is not None and reached >= self.wanted

    def _compare(self, other: float | None) -> float | None:
        if not other or not self.ours:
            return None
        return self.ours / other if self.is_rate else other / self.ours

    def cells(self) -> tuple[str, ...]:
        """Write the row out, a cell for each of HEADINGS."""
        return (
            self.what,
            self.unit,
            write_number(self.ours),
            _tell(self.naive, self.naive_way),
            _tell(self.limit, self.limit_way),
            "" if self.times is None else write_number(self.times),
            "" if self.share is None else f"{write_number(self.share * 100)} %",
            self._tell_wanted(),
        )

    def _tell_wanted(self) -> str:
        if self.wanted is None:
            return ""
        texts = {
            "naive": f"{write_number(self.wanted)} times naive",
            "limit": f"{write_number(self.wanted * 100)} % of the limit",
            "ours": f"{write_number(self.wanted)} {self.unit}",
        }
        return f"{texts[self.against]}: {'met' if self.is_met else 'missed'}"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve: at a size, what one way takes or gives."""

    way: str
    size: float
    figure: float


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a measurement is, how often it is repeated, and where recorded data are, if at all."""

    size: int
    rounds: int
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """How a cost grows: `measure` gives the points of one size."""

    title: str
    size: str
    figure: str
    measure: Callable[[Scale], Iterable[Point]]
    sizes: Sequence[int]
    rounds: int = 1


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement: what its size counts, and how large it is if nothing is said."""

    name: str
    title: str
    counts: str
    measure: Callable[[Scale], Iterable[Row]]
    scale: Scale
    growths: Sequence[Growth] = field(default=())


def write_number(number: float) -> str:
    """Write a figure with three digits, whole from 100 on and where it is whole."""
    if number == int(number) or abs(number) >= 99.5:
        return f"{number:,.0f}"
    digits = 1 if abs(number) >= 9.95 else 2 if abs(number) >= 0.995 else 3
    return f"{number:.{digits}f}"


def _tell(figure: float | None, way: str) -> str:
    if figure is None:
        return ""
    return f"{write_number(figure)} ({way})" if way else write_number(figure)


def lay_out(rows: Iterable[Row]) -> Iterator[str]:
    """Write rows as the lines of a table for a terminal."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
