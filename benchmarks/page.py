"""Writes what is recorded into docs/performance.md, between its markers, and draws its pictures.

A table stands between `<!-- results NAME -->` and `<!-- end -->`, a curve between `<!-- curve NAME -->` and
`<!-- end -->`: NAME is that of a file in the results' folder. Everything else on the page is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plot import draw
from benchmarks.results import FOLDER, Recorded, load
from benchmarks.suite import BENCHMARKS, name_growth
from benchmarks.table import HEADINGS, Growth, write_number

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "performance.md"
PICTURES = "pictures"
BLOCK = re.compile(r"(<!-- (results|curve) ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
CURVES: dict[str, Growth] = {
    name_growth(benchmark, growth): growth
    for benchmark in BENCHMARKS.values()
    for growth in benchmark.growths
}


@dataclass(frozen=True, slots=True)
class Written:
    """A page's text, and its pictures by their names."""

    text: str
    pictures: dict[str, str]


def renew_page(folder: Path = FOLDER, page: Path = PAGE) -> None:
    """Write the page and its pictures anew."""
    written = write_page(page.read_text("utf-8"), folder)
    page.write_text(written.text, "utf-8")
    for name, picture in written.pictures.items():
        (page.parent / PICTURES / name).write_text(picture, "utf-8")


def write_page(text: str, folder: Path) -> Written:
    """Give a page with all of its blocks written anew. Raises FileNotFoundError for what is not recorded."""
    pictures: dict[str, str] = {}

    def write_block(block: re.Match[str]) -> str:
        start, kind, name, end = block.groups()
        recorded = load(folder, name)
        if recorded is None:
            raise FileNotFoundError(f"{folder / name}.json: expected what `python -m benchmarks` records")
        if kind == "curve":
            growth = CURVES[name]
            pictures[_name_picture(name)] = draw(recorded.points, growth.size, growth.figure)
            return f"{start}{_write_curve(name, growth, recorded)}\n{end}"
        return f"{start}{_write_table(recorded)}\n{end}"

    return Written(BLOCK.sub(write_block, text), pictures)


def _name_picture(name: str) -> str:
    return f"growth-{name}.svg"


def _write_table(recorded: Recorded) -> str:
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in recorded.rows)]
    return "\n".join([*map(_write_line, rows), "", _tell_head(recorded)])


def _write_curve(name: str, growth: Growth, recorded: Recorded) -> str:
    picture = f"![{growth.title}: {growth.figure} by {growth.size}]({PICTURES}/{_name_picture(name)})"
    return "\n".join([picture, "", *map(_write_line, _pivot(growth, recorded)), "", _tell_head(recorded)])


def _pivot(growth: Growth, recorded: Recorded) -> Iterator[tuple[str, ...]]:
    """Give a row for each size, and a column for each way."""
    ways = list(dict.fromkeys(point.way for point in recorded.points))
    figures = {(point.size, point.way): point.figure for point in recorded.points}
    yield (growth.size, *(f"{way}, {growth.figure}" for way in ways))
    yield ("---",) * (len(ways) + 1)
    for size in sorted({point.size for point in recorded.points}):
        found = (figures.get((size, way)) for way in ways)
        yield (write_number(size), *("" if figure is None else write_number(figure) for figure in found))


def _write_line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _tell_head(recorded: Recorded) -> str:
    head = recorded.head
    machine, (before, after) = head["machine"], head["load"]
    return (
        f"{head['date']}: {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, "
        f"Python {machine['python']}; load {before} before and {after} after."
    )
